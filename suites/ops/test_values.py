"""Operators compute what the reference computes, on the samples of torch's own op_db."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("value")
def test_values_agree(row, config):
    check_row(row, int(config.getoption("seed")))
