"""Clauses and ops by subject: what each cell of the matrix counts, and what it shows."""

from collections import Counter
from dataclasses import dataclass, field

from reports.records import Run, Subject
from reports.status import RANK, STATUSES


@dataclass(slots=True)
class Cell:
    """The cases of one line under one subject, counted by status."""

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
class Line:
    """One area or suite over all subjects."""

    name: str
    title: str
    cells: dict[Subject, Cell] = field(default_factory=dict)


@dataclass(slots=True)
class Matrix:
    """The areas by subject; the page unfolds them further by itself."""

    subjects: list[Subject]
    lines: list[Line]


def build_matrix(run: Run) -> Matrix:
    """The matrix of a run, a line for each area and for each suite that has no areas."""
    titles = {clause.area: clause.title for clause in run.clauses.values()}
    lines = {area: Line(area, title) for area, title in titles.items()}
    for row, total in run.totals.items():
        line = lines.setdefault(row.group, Line(row.group, ""))
        line.cells.setdefault(row.subject, Cell()).counts.update(total.counts)
    return Matrix(
        run.subjects(),
        sorted(lines.values(), key=lambda line: (line.name not in titles, line.name)),
    )


def counts_by_subject(run: Run) -> dict[Subject, Cell]:
    """What each subject scored, the reference first."""
    cells = {subject: Cell() for subject in run.subjects()}
    for row, total in run.totals.items():
        cells[row.subject].counts.update(total.counts)
    return cells
