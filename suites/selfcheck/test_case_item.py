"""Tests over cases: one item for each, with the ids, markers, records and failures that any other test has."""

import pytest

from suites.selfcheck.launcher import plant, run_pytest

BODY = """
from suites.harness.case_item import Given, over_cases
from suites.harness.identity import CaseKey
from suites.harness.subject import Subject

CPU = Subject("cpu", "float64")

def cases(config):
    for n in range(int(config.getoption("seed")), 3):
        yield Given(f"cpu-{n}", CaseKey(f"ops/sin[case-{n}]", CPU, op="sin", check="value"), (n,))

@pytest.mark.slow
@over_cases(cases)
def test_small(n, config):
    assert config.getoption("tier") != "quick"
    assert n < 2, f"{n} is large"
"""
IDS = [f"ops/sin[case-{n}]::cpu::float64::eager" for n in range(3)]


@pytest.fixture
def planted(tmp_path):
    plant(tmp_path, BODY, suite="ops")
    return tmp_path


def test_each_case_is_called_and_recorded(planted):
    ran = run_pytest(planted, "--tier", "standard")
    assert sorted(ran.cases()) == IDS
    assert ran.outcomes() == ["pass", "pass", "fail"]
    assert ran.code == 1


def test_a_failure_names_its_case_its_line_and_how_to_run_it_again(planted):
    failed = run_pytest(planted, "--tier", "standard").cases()[IDS[2]]
    test = "suites/ops/test_planted.py::test_small[cpu-2]"
    assert (failed["op"], failed["check"], failed["test"]) == ("sin", "value", test)
    path, line = failed["lines"]["test"]
    assert path == "suites/ops/test_planted.py"
    marked = (planted / path).read_text(encoding="utf-8").splitlines()[line - 1]
    assert marked == "@pytest.mark.slow"  # where pytest has functions begin
    assert "2 is large" in failed["message"]
    again = run_pytest(planted, "--tier", "standard", test)
    assert "1 failed in" in again.text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-k", "cpu-1"), IDS[1:2]),
        (("-m", "not slow"), []),
        (("--seed", "1"), IDS[1:]),
        (("--tier", "quick"), []),
        (("--deselect", "suites/ops/test_planted.py::test_small[cpu-2]"), IDS[:2]),
        (("suites/ops/test_planted.py::test_small",), IDS),
    ],
)
def test_options_choose_among_the_cases(planted, words, expected):
    assert sorted(run_pytest(planted, "--tier", "standard", *words).cases()) == expected


def test_workers_share_the_cases(planted):
    assert sorted(run_pytest(planted, "--tier", "standard", "-n", "2").cases()) == IDS
