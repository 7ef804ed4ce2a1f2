"""Vector-Jacobian products of operators, against the reference, and against differences where the two differ."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("vjp")
def test_vector_jacobian_products_agree(row, config):
    check_row(row, int(config.getoption("seed")))
