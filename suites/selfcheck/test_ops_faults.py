"""Faults planted in the derivatives of operators, on either side: the op suites find them and blame the right side."""

import itertools
from dataclasses import replace

import pytest

from suites.harness import torch_driver
from suites.harness.columns import Column
from suites.harness.subject import REFERENCE, Subject
from suites.ops.checking import judged
from suites.ops.fault_targets import FAMILIES
from suites.ops.faults import FAULTS, Fault
from suites.ops.faults import planted as planted_in
from suites.ops.hunt import Planted, every_fault, hunt
from suites.ops.killrate import page
from suites.ops.rows import rows_of
from suites.ops.scripts import script_of
from suites.ops.ways import WAYS

COLUMN = Column(Subject("cpu"), torch_driver)
EACH = 2  # operators for each fault and side, of families as different as can be


def a_few():
    """For each fault and side operators of several families, other ones for each fault."""
    by_kind = {}
    for planted in every_fault():
        by_kind.setdefault((planted.fault.name, planted.side), []).append(planted)
    for number, planted in enumerate(by_kind.values()):
        step = max(len(planted) // EACH, 1)
        yield from itertools.islice(
            itertools.cycle(planted), number % step, number % step + step * EACH, step
        )


@pytest.mark.parametrize(
    "planted", list(a_few()), ids=lambda p: f"{p.fault.name.replace(' ', '-')}-{p.op}-{p.side}"
)
def test_a_planted_fault_is_found_and_never_blamed_on_the_other_side(planted):
    hunted = hunt(planted, COLUMN, "standard")
    assert hunted.is_found
    assert not hunted.is_blamed_wrong


def test_nothing_planted_is_nothing_found():
    straight = next(p for p in every_fault() if p.op == "mul")
    nothing = Planted(
        fault=type(straight.fault)(name="nothing"), op="mul", family="pointwise", side="cpu"
    )
    assert not hunt(nothing, COLUMN, "standard").is_found


@pytest.mark.parametrize("op", ["mul", "matmul", "nn.functional.conv2d", "linalg.solve", "cumsum"])
def test_a_gradient_off_by_a_hundred_billionth_is_found(op):
    small = Fault(name="small", reverse=lambda _module, ct, _x: ct * (1 + 1e-11))
    hunted = hunt(Planted(fault=small, op=op, family="", side="cpu"), COLUMN, "standard")
    assert hunted.check == "vjp"


def test_the_third_witness_is_asked_of_the_worst_samples_of_a_row():
    twice = Fault(name="twice", reverse=lambda _module, ct, _x: 2 * ct)
    row = next(rows_of(COLUMN, "standard", "vjp", ("cumsum",)))
    off = replace(row.sides(), subject=row.subject_side(lambda op, m: planted_in(op, m, twice)))
    found = judged(row, row.samples(0), off, most_witnessed=2)
    asked = [f for f in found if f.verdict.witness is not None]
    rest = [f.verdict.worst.over_bound for f in found if f.verdict.witness is None]
    assert len(asked) == 2
    assert min(f.verdict.worst.over_bound for f in asked) >= max(rest)
    assert {f.verdict.blame for f in asked} == {"subject"}


@pytest.mark.parametrize("check", [check for check, way in WAYS.items() if way.orders])
def test_a_fault_in_composed_modes_is_found_and_shown_by_a_script(check):
    bend = {"forward" if check.startswith("reverse") else "reverse": lambda _m, t, x: t * (1 + x)}
    wrong = Fault(name="wrong where x is not 0", **bend)
    row = next(rows_of(COLUMN, "standard", check, ("sin",)))
    assert not judged(row, row.samples(0))
    off = replace(row.sides(), subject=row.subject_side(lambda op, m: planted_in(op, m, wrong)))
    found = judged(row, row.samples(0), off)
    if check.endswith("-edges"):
        found = [finding for finding in found if finding.sample.startswith("zeros of")]
    script = script_of(row, found[0].case, found[0].check, row.tolerance(found[0].check))
    inner = "drawn_tangents = call" if check.startswith("reverse") else "cotangents = call"
    assert inner in script


def test_every_fault_is_planted_on_either_side_in_several_families():
    families = {}
    for planted in every_fault():
        families.setdefault(planted.fault.name, set()).add(planted.family)
    assert set(families) == {fault.name for fault in FAULTS}
    assert sum(map(len, FAMILIES.values())) >= 40
    assert {planted.side for planted in every_fault()} == {"cpu", REFERENCE}


def test_the_page_tells_of_survivors():
    planted = next(iter(every_fault()))
    hunted = hunt(planted, COLUMN, "standard")
    text = page([hunted, type(hunted)(planted=planted)], "standard")
    assert "1 of 2 faults found" in text
    assert "not found" in text
