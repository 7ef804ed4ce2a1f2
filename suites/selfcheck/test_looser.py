"""An exception to a bound is noticed once nothing needs it, as an expected failure is that passes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from suites.harness import torch_driver
from suites.harness.columns import Column
from suites.harness.identity import CaseKey
from suites.harness.notes import CURRENT_NOTES, CaseNotes
from suites.harness.subject import Subject
from suites.harness.tolerances import LOOSER, Looser, tolerance_for
from suites.ops import looser
from suites.ops.checking import judged
from suites.ops.rows import Row

ENTRY = Looser(("mul", "exp"), ("vjp", "jvp"), 64.0, "for the sake of this test")


@pytest.fixture
def one_entry(monkeypatch):
    """``ENTRY`` as the only exception there is."""
    monkeypatch.setattr("suites.harness.tolerances.LOOSER", (ENTRY,))
    monkeypatch.setattr(looser, "LOOSER", (ENTRY,))


def case(op, dtype, **loosened):
    facts = {"type": "case", "op": op, "subject": {"dtype": dtype}, "loosened": loosened}
    return json.dumps(facts) + "\n"


def run(tmp_path, capsys, *lines):
    path = tmp_path / "run-main.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    return looser.main([str(tmp_path)]), capsys.readouterr().out


@pytest.mark.usefixtures("one_entry")
def test_an_exception_that_every_part_needs_is_left_in_peace(tmp_path, capsys):
    lines = [case("mul", "float64", vjp=3.0, jvp=0.2), case("exp", "complex128", vjp=0.1, jvp=40.0)]
    status, told = run(tmp_path, capsys, *lines)
    assert status == 0
    assert "factor 64, needed up to 40" in told


@pytest.mark.usefixtures("one_entry")
def test_an_exception_that_nothing_needs_is_named(tmp_path, capsys):
    status, told = run(
        tmp_path, capsys, case("mul", "float64", vjp=0.9), case("exp", "float64", vjp=0.3)
    )
    assert status == 1
    assert "NOT NEEDED: the largest error is 0.9" in told


@pytest.mark.usefixtures("one_entry")
def test_the_parts_that_nothing_needs_are_named(tmp_path, capsys):
    lines = [case("mul", "float64", vjp=3.0, jvp=1.0), case("exp", "complex128", vjp=0.1)]
    status, told = run(tmp_path, capsys, *lines)
    assert status == 1
    for line in (
        "ops that did not need it: exp",
        "checks that did not need it: jvp",
        "dtypes that did not need it: complex128",
    ):
        assert line in told


@pytest.mark.usefixtures("one_entry")
def test_what_did_not_run_is_no_reason_to_drop_an_exception(tmp_path, capsys):
    status, told = run(
        tmp_path, capsys, '{"type": "case", "op": "sub"}\n', case("mul", "float64", vjp=2.0)[:-9]
    )
    assert status == 0
    assert "no case of these records has it" in told


def test_an_exception_is_not_needed_where_a_narrower_one_does(monkeypatch):
    wide, narrow = replace(ENTRY, factor=1e4), ENTRY
    monkeypatch.setattr(looser, "LOOSER", (wide, narrow))
    for over, is_needed in ((70.0, True), (60.0, False)):
        use = looser.use_of(wide, {("mul", "vjp", "float64"): over})
        assert bool(use.needed) is is_needed


def test_no_records_are_wrong_usage(tmp_path):
    with pytest.raises(SystemExit):
        looser.main([str(tmp_path)])


class Off:
    """An implementation whose gradients are too large by a relative error."""

    def __init__(self, inner, by):
        self.inner, self.by, self.name = inner, by, inner.name

    def grad(self, *args, **kwargs):
        return [g * (1 + self.by) for g in self.inner.grad(*args, **kwargs)]

    def __getattr__(self, name):
        return getattr(self.inner, name)


@pytest.mark.usefixtures("one_entry")
@pytest.mark.parametrize(("units", "low", "high"), [(0.0, 0.0, 1.0), (20.0, 2.0, 21.0)])
def test_a_case_tells_how_far_it_needed_an_exception(units, low, high):
    subject = Subject("cpu", "float64", "eager")
    row = Row(CaseKey("", subject), Column(subject, torch_driver), "exp", "vjp", "float64", "full")
    sides, plain = row.sides(), tolerance_for("exp", "float64", "vjp").unloosened()
    notes = CaseNotes()
    token = CURRENT_NOTES.set(notes)
    try:
        with np.errstate(all="ignore"):
            off = replace(sides, subject=Off(sides.subject, units * plain.rtol))
            assert not judged(row, row.samples(0), off)
    finally:
        CURRENT_NOTES.reset(token)
    assert low <= notes.facts["loosened"]["vjp"] < high


def test_without_its_factor_a_bound_is_the_one_of_other_operators():
    for entry in LOOSER:
        op, check, dtype = entry.ops[0], entry.checks[0], entry.dtypes[0]
        bound, plain = tolerance_for(op, dtype, check), tolerance_for("mul", dtype, check)
        assert bound.loosened >= entry.factor
        assert bound.unloosened().rtol == pytest.approx(plain.rtol)
