"""Operators compute what the reference computes, on the samples of torch's own op_db."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "value")


@pytest.mark.subject_only
def test_values_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))
