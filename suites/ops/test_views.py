"""Writing to a view changes its base, and the gradients of both follow."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "view")


@pytest.mark.subject_only
def test_writing_to_a_view_reaches_its_base(row, request):
    check_row(row, int(request.config.getoption("seed")))
