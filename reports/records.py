"""What a run left behind, as plain data: cases, clauses, expectations, and the files they came from."""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from reports.broken import BrokenRecordsError
from reports.status import EXECUTED, UNEXPECTED
from reports.text import one_line

REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Subject:
    """A column of the matrix: device, dtype and mode; torch only where several versions were merged."""

    device: str
    dtype: str
    mode: str
    torch: str = ""

    @property
    def label(self) -> str:
        """What the column is called, without the parts that are at their default."""
        parts = [
            self.device,
            self.dtype if self.dtype != "default" else "",
            self.mode if self.mode != "eager" else "",
        ]
        if self.torch:
            parts.append(f"torch {self.torch}")
        return " ".join(part for part in parts if part)

    @property
    def is_reference(self) -> bool:
        """Whether this is the column of the reference."""
        return self.device == REFERENCE


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What the cases of one check of one clause or op under one subject have in common; there is one of each."""

    suite: str
    subject: Subject
    group: str
    entry: str
    clause: str | None
    op: str | None
    check: str | None


@dataclass(slots=True)
class Total:
    """The cases of one row, added up."""

    counts: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    elapsed_s: float = 0.0


@dataclass(slots=True)
class Case:
    """One case as the pages need it; everything else is read again from its line when a page asks."""

    id: str
    row: Row
    status: str
    elapsed_s: float
    checks: int
    over_bound: float | None
    ulps: float | None
    signature: str | None
    blame: str | None
    test: str
    places: tuple[str, str]
    offset: int
    line: int
    file: int

    @property
    def key(self) -> str:
        """What tells it from every other case of the run: its id, and torch where there are several."""
        return f"{self.id}::torch-{self.row.subject.torch}" if self.row.subject.torch else self.id

    @property
    def subject(self) -> Subject:
        """The column it belongs to."""
        return self.row.subject

    @property
    def test_line(self) -> str:
        """Where its test stands."""
        return self.places[0]

    @property
    def reference_line(self) -> str:
        """Where the reference does it, if that is known."""
        return self.places[1]

    @property
    def entry(self) -> str:
        """The clause or op, or else what its id names."""
        return self.row.entry


@dataclass(frozen=True, slots=True)
class Clause:
    """One documented promise, as the records describe it."""

    id: str
    area: str
    title: str
    statement: str
    kind: str
    source: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One entry of an expectations file, and how many cases it matched."""

    id: str
    kind: str
    reason: str
    issue: str | None
    expires: str | None
    matched: int
    file: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault, and which cases found it."""

    id: str
    group: str
    planted: str
    found: bool
    by: tuple[str, ...]


@dataclass(slots=True)
class RecordFile:
    """One file of records: one process of a run, or a broken file."""

    path: Path
    header: dict[str, Any] | None = None
    footer: dict[str, Any] | None = None
    cases: int = 0
    problems: list[BrokenRecordsError] = field(default_factory=list)

    @property
    def run(self) -> str:
        """The id of the run that the file belongs to."""
        return str((self.header or {}).get("run", ""))

    @property
    def worker(self) -> str:
        """Which process of the run wrote the file."""
        return one_line((self.header or {}).get("worker", ""), 40)

    @property
    def torch(self) -> str | None:
        """The torch version of the process, or None where torch was not there."""
        version = (self.header or {}).get("torch")
        return None if version is None else one_line(version, 60)


@dataclass(slots=True)
class Run:
    """Everything that was merged, each case once."""

    files: list[RecordFile]
    cases: dict[str, Case] = field(default_factory=dict)
    totals: dict[Row, Total] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    unexpected: list[Case] = field(default_factory=list)
    clauses: dict[str, Clause] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    problems: list[BrokenRecordsError] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)
    repeats: int = 0

    @property
    def headers(self) -> list[dict[str, Any]]:
        """The headers of the files that could be read."""
        return [file.header for file in self.files if file.header is not None]

    @property
    def incomplete(self) -> bool:
        """Whether records are known to be missing."""
        return any(problem.incomplete for problem in self.problems)

    @property
    def elapsed_s(self) -> float:
        """The time of all cases together."""
        return sum(total.elapsed_s for total in self.totals.values())

    def add_up(self) -> None:
        """Count the cases by row and by status; to be called when the last one is in."""
        for case in self.cases.values():
            total = self.totals.get(case.row)
            if total is None:
                total = self.totals[case.row] = Total()
            total.counts[case.status] += 1
            total.checks += case.checks
            total.elapsed_s += case.elapsed_s
        for total in self.totals.values():
            self.counts.update(total.counts)
        self.unexpected = self.of(UNEXPECTED)

    def executed(self) -> int:
        """How many cases really ran."""
        return sum(amount for status, amount in self.counts.items() if status in EXECUTED)

    def of(self, statuses: Container[str]) -> list[Case]:
        """The cases with one of these statuses, by id."""
        return sorted(
            (case for case in self.cases.values() if case.status in statuses),
            key=lambda case: case.id,
        )

    def subjects(self) -> list[Subject]:
        """The columns: the reference first, then by name."""
        found = {row.subject for row in self.totals}
        return sorted(found, key=lambda subject: (not subject.is_reference, subject.label))

    def details(self, cases: Iterable[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
        """Each case with its whole record, read again from its file in the order of the files."""
        for number, chosen in groupby(
            sorted(cases, key=lambda case: (case.file, case.offset)), key=lambda case: case.file
        ):
            with self.files[number].path.open("rb") as stream:
                for case in chosen:
                    stream.seek(case.offset)
                    yield case, _read_again(stream.readline())


def _read_again(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return (
        record
        if isinstance(record, dict)
        else {"message": "its record has changed since it was read"}
    )
