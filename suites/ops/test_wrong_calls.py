"""What users get wrong is refused by both sides with one Python type, and what torch takes the reference takes."""

from fnmatch import fnmatchcase

import pytest

from suites.harness.case_item import over_cases
from suites.ops import opinfo_source
from suites.ops.own_wrong_calls import own_wrong_calls
from suites.ops.wrong_call_departures import DEPARTURES, NOT_CALLED
from suites.ops.wrong_call_outcomes import (
    cases_with_wrong_calls,
    check_own_calls,
    check_wrong_calls,
    is_called,
)


def pytest_generate_tests(metafunc):
    if "about" in metafunc.fixturenames:
        metafunc.parametrize(
            "about", [pytest.param(name, id=name.replace(" ", "-")) for name in own_wrong_calls()]
        )


@pytest.mark.slow
@pytest.mark.subject_only
@over_cases(cases_with_wrong_calls)
def test_changed_calls_are_refused_alike(row, config):
    check_wrong_calls(row, int(config.getoption("seed")))


@pytest.mark.subject_only
def test_written_out_calls_are_refused_alike(torch, about):
    check_own_calls(about, torch)


def test_tables_name_operators_that_are_called():
    known = set(opinfo_source.entries())
    listed = {op for ops in DEPARTURES.values() for op in ops}
    assert listed <= known
    assert all(map(is_called, listed))
    assert all(any(fnmatchcase(op, pattern) for op in known) for pattern in NOT_CALLED)
