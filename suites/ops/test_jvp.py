"""Jacobian-vector products of operators in forward mode, against the reference."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("jvp")
def test_jacobian_vector_products_agree(row, config):
    check_row(row, int(config.getoption("seed")))
