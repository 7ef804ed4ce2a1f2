"""In-place operators write what the others return, into the tensor they are given, and their history with it."""

import pytest

from suites.ops.checking import check_row
from suites.ops.rows import parametrize


def pytest_generate_tests(metafunc):
    parametrize(metafunc, "inplace")


@pytest.mark.subject_only
def test_in_place_forms_agree(row, request):
    check_row(row, int(request.config.getoption("seed")))
