"""A planted fault put to the suites' own checks: which check finds it, and whom that check blames."""

import functools
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from suites.harness.columns import Column
from suites.harness.examine import Sides
from suites.harness.implementation import Operator
from suites.harness.judge import DIFFER
from suites.harness.subject import REFERENCE, Subject
from suites.ops.checking import judged
from suites.ops.expected import tells
from suites.ops.fault_targets import FAMILIES, means_something
from suites.ops.faults import COARSE, FAULTS, STRAIGHT, Fault, planted
from suites.ops.opinfo_source import entries
from suites.ops.rows import Row, rows_of

# The checks in the order in which they are tried; the first that finds a fault ends the hunt.
CHECKS = (
    "vjp", "jvp", "double", "vjp-edges", "jvp-edges", "reverse-over-forward", "forward-over-reverse", "double-edges",
    "reverse-over-forward-edges", "forward-over-reverse-edges",
)  # fmt: skip
SUBJECT = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault in one operator of one side."""

    fault: Fault
    op: str
    family: str
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunted:
    """What became of a planted fault: the check that found it, and whom it blamed; or None."""

    planted: Planted
    check: str | None = None
    blame: str | None = None

    @property
    def is_found(self) -> bool:
        return self.check is not None

    @property
    def is_blamed_right(self) -> bool:
        return self.blame == ("reference" if self.planted.side == REFERENCE else "subject")

    @property
    def is_blamed_wrong(self) -> bool:
        """Whether the right side is blamed, alone or with the other."""
        innocent = "subject" if self.planted.side == REFERENCE else "reference"
        return innocent in (self.blame or "")


def every_fault() -> Iterator[Planted]:
    """Each fault in each operator in which it means something, on either side."""
    for family, ops in FAMILIES.items():
        for op in ops:
            for fault in FAULTS:
                if not means_something(fault.name, op, entries()[op].dtypes):
                    continue
                # The reference computes in float64 whatever the subject does.
                sides = (SUBJECT,) if fault.name == COARSE else (SUBJECT, REFERENCE)
                for side in sides:
                    yield Planted(fault=fault, op=op, family=family, side=side)


def hunt(planted_fault: Planted, column: Column, tier: str, seed: int = 0) -> Hunted:
    """The first of the suites' checks that finds the fault."""
    for check in CHECKS:
        for row in rows_of(_in_dtype(column, planted_fault), tier, check, (planted_fault.op,)):
            known = _known(row, planted_fault.side, seed)
            found = _differing(row, planted_fault.side, planted_fault.fault, seed)
            blames = [blame for sample, blame in found.items() if sample not in known]
            if blames:
                return Hunted(planted=planted_fault, check=check, blame=_named(blames))
    return Hunted(planted=planted_fault)


@functools.cache
def _known(row: Row, side: str, seed: int) -> frozenset[str]:
    """The samples on which the sides differ with nothing planted: they cannot show a fault."""
    return frozenset(_differing(row, side, STRAIGHT, seed))


def _named(blames: Sequence[str | None]) -> str | None:
    """Whom the samples blame, where some name a side: both sides are nobody."""
    sides = sorted({b for b in blames if b in {"subject", "reference"}})
    return " and ".join(sides) if sides else blames[0]


def _in_dtype(column: Column, planted_fault: Planted) -> Column:
    """Faults of complex numbers are looked for with complex numbers."""
    if planted_fault.fault.dtype is None:
        return column
    subject = Subject(column.subject.device, planted_fault.fault.dtype, column.subject.mode)
    return replace(column, subject=subject)


def _differing(row: Row, side: str, fault: Fault, seed: int) -> dict[str, str | None]:
    """The samples on which the sides differ with a fault in one of them by more than is expected, and who is blamed."""

    def bend(op: Operator, module: Any) -> Operator:
        return planted(op, module, fault)

    sides: Sides = row.sides()
    if side == REFERENCE:
        sides = replace(sides, reference=row.reference_side(bend))
    else:
        sides = replace(sides, subject=row.subject_side(bend))
    subject = Subject(row.column.subject.device)
    with (
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
        row.column.driver.namespace(subject, seed=seed),
    ):
        warnings.simplefilter("ignore")
        found = judged(row, row.samples(seed), sides)
    return {
        f.sample: f.verdict.blame
        for f in found
        if f.verdict.kind == DIFFER and tells(row, f.verdict)
    }
