"""In-place operators write what the others return, into the tensor they are given, and their history with it."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import over_rows


@pytest.mark.subject_only
@over_rows("inplace")
def test_in_place_forms_agree(row, config):
    check_row(row, int(config.getoption("seed")))
