"""Operators on inputs of our own: zeros, ties, whole numbers, tails, and a gradient for one input alone."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("value-edges")
def test_values_agree(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("vjp-edges")
def test_vector_jacobian_products_agree(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("jvp-edges")
def test_jacobian_vector_products_agree(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("double-edges")
def test_double_backward_agrees(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("reverse-over-forward-edges")
def test_reverse_over_forward_agrees(row, config):
    check_row(row, int(config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
@over_rows("forward-over-reverse-edges")
def test_forward_over_reverse_agrees(row, config):
    check_row(row, int(config.getoption("seed")))
