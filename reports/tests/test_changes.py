"""Two runs compared: each kind of change is found, and the exit code tells the worst."""

import pytest

from reports.changes import compare_runs, tell
from reports.load import load_run
from reports.tests import samples as s

ID = "ops/mul[vjp-2]::cpu::float64::eager"
OTHER = "ops/exp[vjp-2]::cpu::float64::eager"


def changes_of(folder, old, new):
    s.write_run(folder / "old", [s.case(OTHER), *old])
    s.write_run(folder / "new", [s.case(OTHER), *new])
    return compare_runs(load_run([folder / "old"]), load_run([folder / "new"]))


def case(outcome, expectation=None, **fields):
    return [s.case(ID, outcome, expectation=expectation, **fields)]


def over(bound):
    return case("pass", error={"over_bound": bound, "ulps": 1.0, "absolute": 1.0})


@pytest.mark.parametrize(
    ("old", "new", "kind", "code"),
    [
        (case("pass"), case("fail"), "broken", 1),
        (case("unsupported"), case("crash"), "broken", 1),
        ([], case("fail"), "broken", 1),
        (case("fail", "xfail"), case("pass", "xpass"), "broken", 1),
        (case("fail"), case("pass"), "repaired", 0),
        (case("fail", "xfail"), case("pass"), "repaired", 0),
        (case("fail"), case("fail", "xfail"), "expected", 0),
        (case("pass"), case("skip"), "lost", 3),
        (case("fail"), case("skip"), "lost", 3),
        (case("skip"), case("pass"), "gained", 0),
        (case("pass"), [], "gone", 3),
        ([], case("pass"), "new", 0),
        (over(0.2), over(0.5), "drifted", 3),
        (case("fail", signature="a"), case("fail", signature="b"), "reworded", 3),
        (case("fail", signature="a"), case("crash", signature="a"), "reworded", 3),
        (case("fail", "xfail", signature="a"), case("fail", "xfail", signature="b"), "reworded", 3),
    ],
)
def test_change_has_its_kind_and_exit_code(tmp_path, old, new, kind, code):
    changes = changes_of(tmp_path, old, new)
    assert [change.kind for change in changes.changes] == [kind]
    assert changes.exit_code == code


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (case("pass"), case("pass")),
        (over(0.2), over(0.3)),
        (over(1e-6), over(1e-3)),
        (case("fail"), case("fail")),
    ],
)
def test_what_stayed_the_same_is_no_change(tmp_path, old, new):
    changes = changes_of(tmp_path, old, new)
    assert (changes.changes, changes.exit_code) == ([], 0)


def test_runs_without_a_common_case_cannot_be_compared(tmp_path):
    s.write_run(tmp_path / "old", [s.case(ID)])
    s.write_run(tmp_path / "new", [s.case(OTHER)])
    changes = compare_runs(load_run([tmp_path / "old"]), load_run([tmp_path / "new"]))
    assert changes.exit_code == 5
    assert tell(changes).startswith("Nothing to compare")


def test_new_run_that_crashed_is_never_fine(tmp_path):
    s.write_run(tmp_path / "old", [s.case(ID)])
    s.write(tmp_path / "new" / "r.jsonl", [s.header(), s.case(ID)])
    changes = compare_runs(load_run([tmp_path / "old"]), load_run([tmp_path / "new"]))
    assert changes.exit_code == 3
    assert "incomplete" in tell(changes)


def test_sentence_counts_the_kinds_worst_first(tmp_path):
    changes = changes_of(
        tmp_path, case("pass"), [*case("fail"), s.case("ops/new[x]::cpu::float64::eager")]
    )
    assert tell(changes) == "2 cases compared: 1 newly failing; 1 new."
    assert changes.changes[0].what == "pass → fail"
