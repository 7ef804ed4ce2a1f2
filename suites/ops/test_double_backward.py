"""Reverse over reverse: the gradient of a gradient, against the reference."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "double")


@pytest.mark.subject_only
def test_double_backward_agrees(row, request):
    check_row(row, int(request.config.getoption("seed")))
