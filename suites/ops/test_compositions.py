"""Derivatives of derivatives across modes: reverse over forward, and forward over reverse."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize

CHECKS = {
    "test_reverse_over_forward_agrees": "reverse-over-forward",
    "test_forward_over_reverse_agrees": "forward-over-reverse",
}


def pytest_generate_tests(metafunc):
    parametrize(metafunc, CHECKS[metafunc.function.__name__])


@pytest.mark.slow
@pytest.mark.subject_only
def test_reverse_over_forward_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))


@pytest.mark.slow
@pytest.mark.subject_only
def test_forward_over_reverse_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))
