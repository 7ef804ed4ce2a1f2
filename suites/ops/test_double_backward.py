"""Reverse over reverse: the gradient of a gradient, against the reference."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("double")
def test_double_backward_agrees(row, config):
    check_row(row, int(config.getoption("seed")))
