"""Jacobian-vector products of operators in forward mode, against the reference."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "jvp")


@pytest.mark.subject_only
def test_jacobian_vector_products_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))
