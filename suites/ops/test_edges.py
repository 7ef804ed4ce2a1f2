"""Operators on inputs of our own: zeros, ties, whole numbers, tails, and a gradient for one input alone."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize

CHECKS = {
    "test_values_agree": "value-edges",
    "test_vector_jacobian_products_agree": "vjp-edges",
    "test_jacobian_vector_products_agree": "jvp-edges",
    "test_double_backward_agrees": "double-edges",
    "test_reverse_over_forward_agrees": "reverse-over-forward-edges",
    "test_forward_over_reverse_agrees": "forward-over-reverse-edges",
}


def pytest_generate_tests(metafunc):
    parametrize(metafunc, CHECKS[metafunc.function.__name__])


@pytest.mark.slow
@pytest.mark.subject_only
def test_values_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_vector_jacobian_products_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_jacobian_vector_products_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_double_backward_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_reverse_over_forward_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_forward_over_reverse_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))
