"""What operators refuse: the inputs that op_db says must raise, by Python type and message, on any device."""

import pytest

from suites.ops.refusals import check_refusals, rows_with_refusals


def pytest_generate_tests(metafunc):
    rows = list(rows_with_refusals(metafunc))
    metafunc.parametrize("row", rows, ids=[row.label for row in rows])


@pytest.mark.slow
@pytest.mark.subject_only
def test_wrong_input_is_refused(row, request):
    check_refusals(row, int(request.config.getoption("seed")))
