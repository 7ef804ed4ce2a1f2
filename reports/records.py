"""What a run left behind, as plain data: cases, clauses, expectations, and the files they came from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.broken import BrokenRecordsError
from reports.status import EXECUTED, UNEXPECTED

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
        parts = [self.device, self.dtype if self.dtype != "default" else "", self.mode if self.mode != "eager" else ""]
        if self.torch:
            parts.append(f"torch {self.torch}")
        return " ".join(part for part in parts if part)

    @property
    def is_reference(self) -> bool:
        """Whether this is the column of the reference."""
        return self.device == REFERENCE


@dataclass(slots=True)
class Case:
    """One case as the matrix needs it; everything else is read again from its line when a page asks."""

    id: str
    subject: Subject
    suite: str
    group: str
    entry: str
    clause: str | None
    op: str | None
    check: str | None
    status: str
    elapsed_s: float
    checks: int
    over_bound: float | None
    ulps: float | None
    signature: str | None
    blame: str | None
    test: str
    test_line: str
    reference_line: str
    file: int
    offset: int
    line: int


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
    def torch(self) -> str | None:
        """The torch version of the process, or None where torch was not there."""
        version = (self.header or {}).get("torch")
        return None if version is None else str(version)


@dataclass(slots=True)
class Run:
    """Everything that was merged, each case once."""

    files: list[RecordFile]
    cases: dict[str, Case]
    clauses: dict[str, Clause]
    expectations: list[Expectation]
    faults: list[Fault]
    problems: list[BrokenRecordsError]
    conflicts: dict[str, str]
    repeats: int = 0

    @property
    def headers(self) -> list[dict[str, Any]]:
        """The headers of the files that could be read."""
        return [file.header for file in self.files if file.header is not None]

    @property
    def incomplete(self) -> bool:
        """Whether records are known to be missing."""
        return any(problem.incomplete for problem in self.problems)

    def executed(self) -> int:
        """How many cases really ran."""
        return sum(case.status in EXECUTED for case in self.cases.values())

    def unexpected(self) -> list[Case]:
        """The cases that break a promise, by id."""
        return sorted((case for case in self.cases.values() if case.status in UNEXPECTED), key=lambda case: case.id)

    def subjects(self) -> list[Subject]:
        """The columns: the reference first, then by name."""
        found = {case.subject for case in self.cases.values()}
        return sorted(found, key=lambda subject: (not subject.is_reference, subject.label))

    def details(self, cases: list[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
        """Each case with its whole record, read again from its file in the order of the files."""
        for number in sorted({case.file for case in cases}):
            chosen = sorted((case for case in cases if case.file == number), key=lambda case: case.offset)
            with self.files[number].path.open("rb") as stream:
                for case in chosen:
                    stream.seek(case.offset)
                    yield case, json.loads(stream.readline())
