"""Clauses and ops by subject: what each cell of the matrix counts, and what it shows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.records import Case, Run, Subject
from reports.status import RANK, STATUSES, UNEXPECTED


@dataclass(slots=True)
class Cell:
    """The cases of one row under one subject, counted by status."""

    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many cases the cell stands for."""
        return self.counts.total()

    @property
    def worst(self) -> str:
        """The status that the cell shows: its worst one."""
        return min(self.counts, key=lambda status: RANK[status])

    @property
    def partly(self) -> bool:
        """Whether some of the cases passed and the others did not run, so that P alone would say too much."""
        return self.worst == "pass" and len(self.counts) > 1

    @property
    def letter(self) -> str:
        """The letter of the worst status."""
        return STATUSES[self.worst].letter

    @property
    def amount(self) -> int:
        """How many cases have the status that is shown."""
        return self.counts[self.worst]

    @property
    def words(self) -> str:
        """The cell in words, for a screen reader and a tooltip."""
        ordered = sorted(self.counts.items(), key=lambda item: RANK[item[0]])
        return ", ".join(f"{amount:,} {STATUSES[status].label}" for status, amount in ordered)


@dataclass(slots=True)
class Row:
    """One area or suite over all subjects."""

    name: str
    title: str
    cells: dict[Subject, Cell] = field(default_factory=dict)
    entries: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Matrix:
    """The areas by subject; the page unfolds them further by itself."""

    subjects: list[Subject]
    rows: list[Row]


def build_matrix(run: Run) -> Matrix:
    """The matrix of a run, a row for each area and for each suite that has no areas."""
    titles = {clause.area: clause.title for clause in run.clauses.values()}
    rows: dict[str, Row] = {}
    for clause in run.clauses.values():
        rows.setdefault(clause.area, Row(clause.area, clause.title)).entries.add(clause.id)
    for case in run.cases.values():
        row = rows.setdefault(case.group, Row(case.group, titles.get(case.group, "")))
        row.cells.setdefault(case.subject, Cell()).counts[case.status] += 1
        row.entries.add(case.entry)
        if case.status in UNEXPECTED:
            row.broken.add(case.entry)
    return Matrix(run.subjects(), sorted(rows.values(), key=lambda row: (row.name not in titles, row.name)))


def counts_by_subject(cases: Iterable[Case]) -> dict[Subject, Cell]:
    """What each subject scored."""
    cells: dict[Subject, Cell] = {}
    for case in cases:
        cells.setdefault(case.subject, Cell()).counts[case.status] += 1
    return dict(sorted(cells.items(), key=lambda item: (not item[0].is_reference, item[0].label)))
