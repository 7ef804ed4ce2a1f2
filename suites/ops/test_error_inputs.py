"""What operators refuse: the inputs that op_db says must raise, by Python type and message, on any device."""

import pytest

from suites.harness.case_item import over_cases
from suites.ops.refusals import cases_with_refusals, check_refusals


@pytest.mark.slow
@pytest.mark.subject_only
@over_cases(cases_with_refusals)
def test_wrong_input_is_refused(row, config):
    check_refusals(row, int(config.getoption("seed")))
