"""Derivatives of derivatives across modes: reverse over forward, and forward over reverse."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("reverse-over-forward")
def test_reverse_over_forward_agrees(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("forward-over-reverse")
def test_forward_over_reverse_agrees(row, config):
    check_row(row, int(config.getoption("seed")))
