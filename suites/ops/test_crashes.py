"""What must be refused is refused, also where a wrong index reads memory: calls that may take a process down."""

import pytest

from suites.harness.case_item import over_cases
from suites.harness.plugin import RUN
from suites.ops.in_isolation import check_isolated, isolated


@pytest.mark.slow
@pytest.mark.subject_only
@over_cases(isolated)
def test_wrong_input_is_refused_and_nothing_ends(case, config):
    check_isolated(case, load=config.stash[RUN].options.load)
