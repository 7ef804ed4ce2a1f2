"""Relations that hold for every operator without a reference: see ``relations``."""

import pytest

from suites.harness.case_item import over_cases
from suites.ops.relating import cases_of_relations, check_relation


@pytest.mark.subject_only
@over_cases(cases_of_relations)
def test_relation_holds(row, relation, config):
    check_relation(row, relation, int(config.getoption("seed")))
