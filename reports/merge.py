"""Merging: the parts of a run put together, each case once; what contradicts itself is marked."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import repeat

from reports.broken import ConflictError, SameWorkerError
from reports.read import Part
from reports.records import Case, Expectation, RecordFile, Row, Run, Subject
from reports.text import one_line


def merge(parts: Iterable[Part], files: list[RecordFile]) -> Run:
    """The run that the parts make up.

    Args:
        parts: what was read, one for each readable file, in the order of ``files``.
        files: all files, those that could not be read among them.
    """
    growing = _Merge(files)
    for part in parts:
        growing.add(part)
    return growing.finish()


class _Merge:
    """The merged run while it grows."""

    def __init__(self, files: list[RecordFile]) -> None:
        self._run = Run(files)
        self._numbers = {file.path: number for number, file in enumerate(files)}
        self._several = len({file.torch for file in files if file.torch is not None}) > 1
        self._repeated: dict[str, list[Case]] = {}
        self._rows: dict[tuple[object, ...], Row] = {}
        self._expectations: dict[Expectation, Expectation] = {}

    def add(self, part: Part) -> None:
        number = self._numbers[part.file.path]
        self._run.files[number] = part.file
        # The same case under two versions of torch is two cases, in two columns.
        torch = (part.file.torch or "") if self._several else ""
        rows = [self._row(row, torch) for row in part.rows]
        ids, numbers, *facts = part.columns
        own = [rows[row] for row in numbers]
        cases = list(map(Case, ids, own, *facts, repeat(number)))
        self._add_cases([case.key for case in cases] if torch else ids, cases)
        for clause in part.clauses:
            self._run.clauses.setdefault(clause.id, clause)
        for expectation in part.expectations:
            self._add_expectation(expectation)
        self._run.faults += part.faults

    def _add_cases(self, keys: list[str], new: list[Case]) -> None:
        cases = self._run.cases
        if cases.keys().isdisjoint(keys) and len(set(keys)) == len(keys):
            cases.update(zip(keys, new, strict=True))
            return
        for key, case in zip(keys, new, strict=True):
            first = cases.setdefault(key, case)
            if first is not case:
                self._repeated.setdefault(key, [first]).append(case)

    def _add_expectation(self, new: Expectation) -> None:
        """An entry that several runs or shards were given is one entry, which spoke for the cases of all of them."""
        entry = replace(new, matched=0)
        before = self._expectations.get(entry)
        matched = new.matched + (before.matched if before else 0)
        self._expectations[entry] = replace(new, matched=matched)

    def _row(self, row: Row, torch: str) -> Row:
        subject = row.subject
        if torch and not subject.is_reference:
            subject = Subject(subject.device, subject.dtype, subject.mode, one_line(torch, 40))
        key = (row.suite, subject, row.group, row.entry, row.clause, row.op, row.check)
        if key not in self._rows:
            self._rows[key] = Row(
                row.suite, subject, row.group, row.entry, row.clause, row.op, row.check
            )
        return self._rows[key]

    def finish(self) -> Run:
        """The run, its conflicts marked and its cases counted."""
        run = self._run
        for key, cases in self._repeated.items():
            run.repeats += len(cases) - 1
            if len({case.status for case in cases}) > 1:
                self._mark_conflict(key, cases)
        self._find_same_workers()
        run.expectations = list(self._expectations.values())
        run.problems = [problem for file in run.files for problem in file.problems]
        run.add_up()
        return run

    def _find_same_workers(self) -> None:
        workers: dict[tuple[str, str], RecordFile] = {}
        for file in self._run.files:
            first = workers.setdefault((file.run, file.worker), file)
            if first is not file and file.header is not None:
                what = f"is the same worker of the same run as {first.path.name}"
                file.problems.append(SameWorkerError(file.path, None, what))

    def _mark_conflict(self, key: str, cases: list[Case]) -> None:
        files = self._run.files
        places = [
            f"{case.status} in {files[case.file].path.name}, line {case.line}" for case in cases
        ]
        what = f"{one_line(key, 300)} is recorded with different outcomes: {'; '.join(places)}"
        last = cases[-1]
        files[last.file].problems.append(ConflictError(files[last.file].path, last.line, what))
        cases[0].status, cases[0].signature = (
            "conflict",
            "recorded more than once, with different outcomes",
        )
        self._run.conflicts[key] = what
