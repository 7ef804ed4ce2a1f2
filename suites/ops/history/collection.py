"""Every fault of the collection, and how one is looked for: each check and each relation of its operator in turn."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from suites.harness.columns import Column
from suites.harness.examine import Sides
from suites.harness.implementation import Operator
from suites.harness.judge import DIFFER
from suites.harness.subject import Subject
from suites.harness.tolerances import fixed_tolerance
from suites.ops.checking import judged
from suites.ops.drawing import is_drawn
from suites.ops.expected import room, tells
from suites.ops.history import indexing, linear_algebra, networks, pointwise, reductions
from suites.ops.history.planting import Past, planted_again
from suites.ops.opinfo_source import Sample
from suites.ops.relating import RELATIONS, chosen, differences_of, related
from suites.ops.relations import Asked
from suites.ops.rows import Row, rows_of

FAMILIES = {
    "pointwise": pointwise.PAST,
    "reductions": reductions.PAST,
    "linear algebra": linear_algebra.PAST,
    "indexing": indexing.PAST,
    "networks": networks.PAST,
}
COLLECTION: dict[str, Past] = {past.name: past for family in FAMILIES.values() for past in family}
# What the tier standard does not find, and why.
MISSED: Mapping[str, str] = {
    "cdist-fraction": "where coordinates are equal the gradient of order 1/2 is infinite anyway",
    "fractional-overlap": "of operators that draw, the differences see values alone where there is no batch",
    "relu-after-nan": "gradients at NaN are compared among places, not with the reference",
}
CHECKS = (
    "vjp", "vjp-edges", "jvp", "jvp-edges", "double", "double-edges", "inplace",
    "reverse-over-forward", "forward-over-reverse", "reverse-over-forward-edges", "forward-over-reverse-edges",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """What became of a fault: what found it, and in how many calls its condition held at all."""

    past: Past
    found_by: str | None
    met: int

    @property
    def is_found(self) -> bool:
        return self.found_by is not None


def search(past: Past, column: Column, tier: str = "standard", seed: int = 0) -> Search:
    """The first check or relation that differs with the fault and does not without."""
    subject = Subject(
        column.subject.device, past.dtype or column.subject.dtype, column.subject.mode
    )
    column = replace(column, subject=subject)
    met = [0]

    def when(site: Any) -> bool:
        holds = bool(past.when(site))
        met[0] += holds
        return holds

    counted = replace(past, when=when)
    with (
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
        column.driver.namespace(Subject(column.subject.device), seed=seed) as torch,
    ):
        warnings.simplefilter("ignore")
        found = next(_found(counted, column, tier, seed, torch), None)
    return Search(past, found, met[0])


def _found(past: Past, column: Column, tier: str, seed: int, torch: Any) -> Iterator[str]:
    for check in CHECKS:
        for row in rows_of(column, tier, check, (past.op,)):
            if _shows(past, row, seed):
                yield check
    for row in rows_of(column, tier, "vjp", (past.op,)):
        if row.apart is None and row.dtype not in {"float32", "complex64"}:
            for of_relation, relation in related(row, tuple(RELATIONS)):
                if _relation_shows(past, of_relation, relation, seed, torch):
                    yield relation


def _bend(past: Past, way: str) -> Any:
    def bend(op: Operator, module: Any) -> Operator:
        return planted_again(op, module, past, way)

    return bend


def _shows(past: Past, row: Row, seed: int) -> bool:
    """Whether some sample of a row differs by more than is expected with the fault, and does not without."""
    plain = row.sides()
    faulty = replace(plain, subject=row.subject_side(_bend(past, row.check)))
    return any(_differs(row, s, faulty) and not _differs(row, s, plain) for s in row.samples(seed))


def _differs(row: Row, sample: Sample, sides: Sides) -> bool:
    found = (f.verdict for f in judged(row, [sample], sides))
    return any(verdict.kind == DIFFER and tells(row, verdict) for verdict in found)


def _relation_shows(past: Past, row: Row, relation: str, seed: int, torch: Any) -> bool:
    if room(row):
        return False
    drawn = [s for s in row.samples(seed) if not is_drawn(s.case, "vjp")]
    faulty = row.subject_side(_bend(past, relation))
    for sample in chosen(row, relation, drawn):
        plain = Asked(torch, row.sides().subject, sample.case)
        if (
            _parts_ways(row, relation, Asked(torch, faulty, sample.case)) is True
            and _parts_ways(row, relation, plain) is False
        ):
            return True
    return False


def _parts_ways(row: Row, relation: str, asked: Asked) -> bool | None:
    """Whether the two ways of a relation differ; None where one of them raises, which shows nothing of a fault."""
    tolerance = fixed_tolerance(row.dtype, 1)
    try:
        pairs = list(RELATIONS[relation](asked))
    except Exception:  # noqa: BLE001 - what cannot be planted under a transform raises whatever the transform does
        return None
    return any(differences_of(want, got, tolerance) for _, want, got in pairs)
