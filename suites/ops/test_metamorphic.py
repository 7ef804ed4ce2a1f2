"""Relations that hold for every operator without a reference: see ``relations``."""

import pytest

from suites.ops.relating import check_relation, relations_of


def pytest_generate_tests(metafunc):
    found = list(relations_of(metafunc))
    ids = [f"{row.label}-{relation}" for row, relation in found]
    metafunc.parametrize(("row", "relation"), found, ids=ids)


@pytest.mark.subject_only
def test_relation_holds(row, relation, request):
    check_relation(row, relation, int(request.config.getoption("seed")))
