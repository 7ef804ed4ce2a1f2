"""Reading and merging record files: any number of them, each shown for what it is."""

import gc
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reports.broken import (
    BadRecordError,
    BrokenRecordsError,
    ConflictError,
    CountMismatchError,
    ForeignSchemaError,
    HalfWrittenLineError,
    MalformedLineError,
    MissingFooterError,
    MissingHeaderError,
    NoRecordsError,
    SameWorkerError,
)
from reports.records import Case, Clause, Expectation, Fault, RecordFile, Run, Subject
from reports.status import OUTCOMES, status_of
from reports.text import clean, number, one_line

SCHEMA = 1


def load_run(paths: Iterable[Path], *, run: str | None = None) -> Run:
    """One run merged from every record file at ``paths``, which are folders or files.

    Args:
        paths: folders, whose ``*.jsonl`` are read, or single files.
        run: keep the files of this run id alone; ``latest`` stands for the one that started last.

    Raises:
        NoRecordsError: a path does not exist, or no file belongs to ``run``.
    """
    files = [RecordFile(path) for path in _find(paths)]
    with _collector_paused():
        for file in files:
            _read_header(file)
        files = _only(files, run)
        merge = _Merge(files)
        for position, file in enumerate(files):
            merge.read(file, position)
        return merge.finish()


def _find(paths: Iterable[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(path.rglob("*.jsonl"))))
        elif path.is_file():
            found[path] = None
        else:
            near = get_close_matches(path.name, [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else [])
            hint = f"; did you mean {str(path.parent / near[0])!r}?" if near else ""
            raise NoRecordsError(f"no records at {str(path)!r}: there is no such folder or file{hint}")
    return list(found)


def _only(files: list[RecordFile], run: str | None) -> list[RecordFile]:
    if run is None:
        return files
    started = {file.run: str((file.header or {}).get("started", "")) for file in files if file.header is not None}
    if run == "latest" and started:
        run = max(started, key=lambda name: started[name])
    if run not in started:
        raise NoRecordsError(f"no file belongs to the run {run!r}; there are {', '.join(sorted(started)) or 'none'}")
    return [file for file in files if file.run == run]


@contextmanager
def _collector_paused() -> Iterator[None]:
    # A million live objects and no cycle among them: the collector would walk them all, again and again.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _parse(file: RecordFile, line: bytes, at: int) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        whole = line.endswith(b"\n")
        what = f"is not JSON ({one_line(error, 100)})" if whole else "stops in the middle: the process died here"
        file.problems.append((MalformedLineError if whole else HalfWrittenLineError)(file.path, at, what))
        return None
    if not isinstance(data, dict):
        file.problems.append(MalformedLineError(file.path, at, "is not a JSON object"))
        return None
    return data


def _read_header(file: RecordFile) -> None:
    with file.path.open("rb") as stream:
        line = stream.readline()
    if not line:
        file.problems.append(MissingHeaderError(file.path, None, "is empty: the process died before its header"))
        return
    data = _parse(file, line, 1)
    if data is None or data.get("type") != "header" or not isinstance(data.get("run"), str):
        file.problems.append(MissingHeaderError(file.path, 1, "does not start with a header, so it was not read"))
    elif data.get("schema") != SCHEMA or isinstance(data.get("schema"), bool):
        what = f"has schema {one_line(repr(data.get('schema')), 40)}, this reader knows {SCHEMA}; it was not read"
        file.problems.append(ForeignSchemaError(file.path, 1, what))
    else:
        file.header = data


class _Merge:
    """The merged run while it grows."""

    def __init__(self, files: list[RecordFile]) -> None:
        self.run = Run(files, {}, {}, [], [], [], {})
        self.versions = {file.torch for file in files if file.torch is not None}
        self.subjects: dict[tuple[str, str, str, str], Subject] = {}
        self.repeated: dict[str, list[Case]] = {}
        self.words: dict[str | None, str | None] = {}
        self.readers: dict[str, Callable[[RecordFile, dict[str, Any]], None]] = {
            "clause": self._clause,
            "expectation": self._expectation,
            "fault": self._fault,
            "footer": self._footer,
        }

    def read(self, file: RecordFile, position: int) -> None:
        """Everything in ``file`` after its header."""
        if file.header is None:
            return
        torch = (file.torch or "") if len(self.versions) > 1 else ""
        with file.path.open("rb") as stream:
            offset = len(stream.readline())
            for at, line in enumerate(stream, 2):
                data = _parse(file, line, at) if line.strip() else None
                if data is not None:
                    self._take(file, data, (position, offset, at), torch)
                offset += len(line)
        self._close(file)

    def _take(self, file: RecordFile, data: dict[str, Any], place: tuple[int, int, int], torch: str) -> None:
        kind = data.get("type")
        try:
            if kind == "case":
                self._case(file, self._to_case(data, place, torch))
            elif kind in self.readers:
                self.readers[kind](file, data)
            elif kind == "header":
                raise ValueError("is a second header")
            else:
                near = get_close_matches(str(kind), ["case", *self.readers])
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"has the unknown type {one_line(kind, 40)!r}{hint}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            missing = isinstance(error, KeyError)
            what = f"lacks the field {error}" if missing else one_line(error, 200)
            file.problems.append(BadRecordError(file.path, place[2], what))

    def _to_case(self, data: dict[str, Any], place: tuple[int, int, int], torch: str) -> Case:
        outcome, expectation, word = data["outcome"], data.get("expectation"), self.words.setdefault
        if outcome not in OUTCOMES:
            near = get_close_matches(str(outcome), sorted(OUTCOMES))
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"has the unknown outcome {one_line(outcome, 40)!r}{hint}")
        if expectation not in {None, "xfail", "xpass"}:
            raise ValueError(f"has the unknown expectation {one_line(expectation, 40)!r}")
        id_, suite, clause, op = data["id"], data["suite"], data.get("clause"), data.get("op")
        if not (isinstance(id_, str) and isinstance(suite, str) and id_):
            raise ValueError("has an id or suite that is not text")
        error, lines, signature = data.get("error") or {}, data.get("lines") or {}, data.get("signature")
        if signature is None and data.get("message") and outcome != "pass":
            signature = str(data["message"]).strip().split("\n", 1)[0]
        return Case(
            id=id_,
            subject=self._subject(data["subject"], torch),
            suite=word(suite, suite) or "",
            group=_word(word, data.get("area")) or word(suite, suite) or "",
            entry=_word(word, clause) or _word(word, op) or _word(word, entry_of(id_)) or "",
            clause=_word(word, clause),
            op=_word(word, op),
            check=_word(word, data.get("check")),
            status=status_of(outcome, expectation),
            elapsed_s=number(data.get("elapsed_s")) or 0.0,
            checks=int(number(data.get("checks")) or 0),
            over_bound=number(error.get("over_bound")),
            ulps=number(error.get("ulps")),
            signature=_word(word, one_line(signature)) if signature is not None else None,
            blame=_word(word, data.get("blame")),
            test=_word(word, str(data.get("test") or "").split("[", 1)[0]) or "",
            test_line=_place(word, lines.get("test")),
            reference_line=_place(word, lines.get("reference")),
            file=place[0],
            offset=place[1],
            line=place[2],
        )

    def _subject(self, data: dict[str, Any], torch: str) -> Subject:
        key = (data["device"], data["dtype"], data["mode"], torch)
        if key not in self.subjects:
            device, dtype, mode = (one_line(part, 60) for part in key[:3])
            self.subjects[key] = Subject(device, dtype, mode, "" if device == "reference" else torch)
        return self.subjects[key]

    def _case(self, file: RecordFile, case: Case) -> None:
        file.cases += 1
        cases = self.run.cases
        key = f"{case.id}::torch-{case.subject.torch}" if case.subject.torch else case.id
        first = cases.setdefault(key, case)
        if first is not case:
            self.repeated.setdefault(key, [first]).append(case)

    def _clause(self, _file: RecordFile, data: dict[str, Any]) -> None:
        id_ = clean(data["id"], 200)
        fields = {name: data[name] for name in CLAUSE_FIELDS if data.get(name) is not None}
        texts = (clean(data.get(name) or "") for name in ("area", "title", "statement", "kind", "source"))
        self.run.clauses.setdefault(id_, Clause(id_, *texts, fields=fields))

    def _expectation(self, _file: RecordFile, data: dict[str, Any]) -> None:
        texts = {name: clean(data.get(name) or "") for name in ("kind", "reason", "file")}
        optional = {name: clean(data[name]) if data.get(name) else None for name in ("issue", "expires")}
        matched = int(number(data.get("matched")) or 0)
        self.run.expectations.append(Expectation(clean(data["id"], 500), matched=matched, **texts, **optional))

    def _fault(self, _file: RecordFile, data: dict[str, Any]) -> None:
        by = tuple(clean(case, 500) for case in data.get("by") or ())
        texts = (clean(data[name], 500) for name in ("id", "group", "planted"))
        self.run.faults.append(Fault(*texts, found=data["found"] is True, by=by))

    def _footer(self, file: RecordFile, data: dict[str, Any]) -> None:
        file.footer = data

    def _close(self, file: RecordFile) -> None:
        if file.footer is None:
            what = f"has no footer: its process crashed or was killed after {file.cases:,} recorded cases"
            file.problems.append(MissingFooterError(file.path, None, what))
        elif number(file.footer.get("cases")) != file.cases:
            what = f"holds {file.cases:,} cases, its footer counts {one_line(file.footer.get('cases'), 40)}"
            file.problems.append(CountMismatchError(file.path, None, what))

    def finish(self) -> Run:
        """The run, its conflicts marked."""
        for key, cases in self.repeated.items():
            if len({case.status for case in cases}) > 1:
                self._mark_conflict(key, cases)
        self.run.repeats = sum(len(cases) - 1 for cases in self.repeated.values())
        workers: dict[tuple[str, str], RecordFile] = {}
        for file in self.run.files:
            if file.header is None:
                continue
            first = workers.setdefault((file.run, str(file.header.get("worker"))), file)
            if first is not file:
                what = f"is the same worker of the same run as {first.path.name}"
                file.problems.append(SameWorkerError(file.path, None, what))
        self.run.problems = [problem for file in self.run.files for problem in file.problems]
        return self.run

    def _mark_conflict(self, key: str, cases: list[Case]) -> None:
        places = [f"{case.status} in {self.run.files[case.file].path.name}, line {case.line}" for case in cases]
        worst = cases[-1]
        what = f"{one_line(worst.id, 300)} is recorded with different outcomes: {'; '.join(places)}"
        file = self.run.files[worst.file]
        file.problems.append(ConflictError(file.path, worst.line, what))
        kept = self.run.cases[key]
        kept.status, kept.signature = "conflict", "recorded more than once, with different outcomes"
        self.run.conflicts[key] = what


CLAUSE_FIELDS = ("since", "stability", "devices", "priority", "note", "exception", "message", "holds_in")


def _word(word: Callable[[str | None, str | None], str | None], value: object) -> str | None:
    # Strings that many cases share are kept once.
    text = None if value is None else value if isinstance(value, str) else one_line(value)
    return word(text, text)


def _place(word: Callable[[str | None, str | None], str | None], place: Any) -> str:
    if not isinstance(place, list) or len(place) != 2:
        return ""
    return _word(word, f"{place[0]}:{place[1]}") or ""


def entry_of(case_id: str) -> str:
    """The row a case belongs to, from its id alone: what stands between the suite and the sample."""
    path = case_id.split("::", 1)[0].split("[", 1)[0]
    return path.split("/", 1)[-1] or case_id


__all__ = ["SCHEMA", "BrokenRecordsError", "entry_of", "load_run"]
