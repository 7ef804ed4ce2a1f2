"""Writing to a view changes its base, and the gradients of both follow."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("view")
def test_writing_to_a_view_reaches_its_base(row, config):
    check_row(row, int(config.getoption("seed")))
