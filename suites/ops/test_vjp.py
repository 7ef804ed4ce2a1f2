"""Vector-Jacobian products of operators, against the reference, and against differences where the two differ."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "vjp")


@pytest.mark.subject_only
def test_vector_jacobian_products_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))
