"""What must be refused is refused, also where a wrong index reads memory: calls that may take a process down."""

import pytest

from suites.harness.plugin import RUN
from suites.ops.in_isolation import check_isolated, isolated


def pytest_generate_tests(metafunc):
    cases = list(isolated(metafunc))
    metafunc.parametrize("row", cases, ids=[case.label for case in cases])


@pytest.mark.slow
@pytest.mark.subject_only
def test_wrong_input_is_refused_and_nothing_ends(row, request):
    check_isolated(row, load=request.config.stash[RUN].options.load)
