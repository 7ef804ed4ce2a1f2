"""One file of records: each line becomes a case, a clause, an expectation, a footer, or a problem."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import accumulate, compress, repeat
from pathlib import Path
from typing import Any

from reports.broken import (
    BadRecordError,
    CountMismatchError,
    ForeignSchemaError,
    HalfWrittenLineError,
    MalformedLineError,
    MissingFooterError,
    MissingHeaderError,
)
from reports.passing import part_of, passing_lines
from reports.records import Clause, Expectation, Fault, RecordFile, Row, Subject
from reports.schema import what_is_wrong
from reports.status import OUTCOMES, status_of
from reports.text import clean, number, one_line

SCHEMA = 1
CLAUSE_FIELDS = (
    "since",
    "stability",
    "devices",
    "priority",
    "note",
    "exception",
    "message",
    "holds_in",
)
CHUNK_BYTES = 1_000_000

# What is kept of a case: everything of ``Case`` but its file, its row by number.
Places = tuple[str, str]
Facts = tuple[
    str, int, str, float, int, float | None, float | None, str | None, str | None, str, Places, int, int
]  # fmt: skip
COLUMNS = 13


class BadFieldError(ValueError):
    """A field of a record has a value that it cannot have."""


@dataclass(slots=True)
class Part:
    """What one file holds; its cases as columns, which travel fast between processes."""

    file: RecordFile
    rows: list[Row] = field(default_factory=list)
    columns: list[list[Any]] = field(default_factory=lambda: [[] for _ in range(COLUMNS)])
    clauses: list[Clause] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_header(path: Path) -> RecordFile:
    """The file with its header, or with a problem where it has none that this reader knows."""
    file = RecordFile(path)
    with path.open("rb") as stream:
        line = stream.readline()
    if not line:
        file.problems.append(
            MissingHeaderError(path, None, "is empty: the process died before its header")
        )
        return file
    data = _parse(file, line, 1, whole=line.endswith(b"\n"))
    if data is None or data.get("type") != "header" or not isinstance(data.get("run"), str):
        file.problems.append(
            MissingHeaderError(path, 1, "does not start with a header, so it was not read")
        )
    elif data.get("schema") != SCHEMA or isinstance(data.get("schema"), bool):
        found = one_line(data.get("schema"), 40)
        what = f"has schema {found}, this reader knows {SCHEMA}; it was not read"
        file.problems.append(ForeignSchemaError(path, 1, what))
    else:
        file.header = data
    return file


def read_file(file: RecordFile) -> Part:
    """Everything in a file whose header is known."""
    return _Reader(file).read()


def _parse(file: RecordFile, line: bytes, at: int, *, whole: bool) -> dict[str, Any] | None:
    """The object of one line, or None and a problem of its file."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        what = (
            f"is not JSON ({one_line(error, 100)})"
            if whole
            else "stops in the middle: the process died here"
        )
        file.problems.append(
            (MalformedLineError if whole else HalfWrittenLineError)(file.path, at, what)
        )
        return None
    if not isinstance(data, dict):
        file.problems.append(MalformedLineError(file.path, at, "is not a JSON object"))
        return None
    return data


class _Memo(dict[str, Any]):
    """What ``make`` says of each key, asked once."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> Any:
        value = self[key] = self._make(key)
        return value


class _Reader:
    """The part while it grows."""

    def __init__(self, file: RecordFile) -> None:
        self._part = Part(file)
        self._rows: dict[tuple[Any, ...], int] = {}
        self._names = _Memo(one_line)
        self._known_rows = _Memo(self._known_row)
        self._known_places = _Memo(self._known_place)
        # Strings that many cases share are kept once.
        self._words = _Memo(one_line)
        self._readers: dict[str, Callable[[dict[str, Any]], None]] = {
            "clause": self._clause,
            "expectation": self._expectation,
            "fault": self._fault,
            "footer": self._footer,
        }

    def read(self) -> Part:
        file = self._part.file
        with file.path.open("rb") as stream:
            offset, at = len(stream.readline()), 2
            while chunk := stream.read(CHUNK_BYTES) + stream.readline():
                lines = chunk.split(b"\n")
                self._read_lines(lines, passing_lines(chunk)[: len(lines)], offset, at)
                offset, at = offset + len(chunk), at + len(lines) - 1
        file.cases = len(self._part.columns[0])
        self._close(file)
        # They point back at this reader; with the collector paused, all it holds would outlive it.
        del self._known_rows, self._known_places, self._readers
        return self._part

    def _read_lines(
        self, lines: list[bytes], found: list[tuple[str, ...]], offset: int, at: int
    ) -> None:
        """Take every line of a chunk: column by column what passed, line by line the rest."""
        ids, row, tests, elapsed, checks, over, ulps, where = zip(*found, strict=True)
        rows = list(map(self._known_rows.__getitem__, row))
        places = list(map(self._known_places.__getitem__, where))
        offsets = list(accumulate((len(line) + 1 for line in lines), initial=offset))
        quick = [a is not None and b is not None for a, b in zip(rows, places, strict=True)]
        amount = sum(quick)
        columns: tuple[Iterable[Any], ...] = (
            compress(ids, quick),
            compress(rows, quick),
            repeat("pass", amount),
            map(float, compress(elapsed, quick)),
            map(int, compress(checks, quick)),
            [float(value) if value else None for value in compress(over, quick)],
            [float(value) if value else None for value in compress(ulps, quick)],
            repeat(None, amount),
            repeat(None, amount),
            map(self._words.__getitem__, compress(tests, quick)),
            compress(places, quick),
            compress(offsets, quick),
            compress(range(at, at + len(lines)), quick),
        )
        for column, values in zip(self._part.columns, columns, strict=True):
            column.extend(values)
        for place, line in enumerate(lines):
            if not quick[place] and line.strip():
                whole = place < len(lines) - 1
                data = _parse(self._part.file, line, at + place, whole=whole)
                self._take(data, offsets[place], at + place)

    def _take(self, data: dict[str, Any] | None, offset: int, at: int) -> None:
        if data is None:
            return
        problems, path = self._part.file.problems, self._part.file.path
        kind = data.get("type")
        try:
            if kind == "case":
                for column, value in zip(
                    self._part.columns, self._case(data, offset, at), strict=True
                ):
                    column.append(value)
            else:
                self._reader(kind)(data)
        except BadFieldError as error:
            problems.append(BadRecordError(path, at, str(error)))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            problems.append(BadRecordError(path, at, _told(data, error)))

    def _reader(self, kind: Any) -> Callable[[dict[str, Any]], None]:
        if isinstance(kind, str) and kind in self._readers:
            return self._readers[kind]
        if kind == "header":
            raise BadFieldError("is a second header")
        raise BadFieldError(
            f"has the unknown type {one_line(kind, 40)!r}{_hint(kind, ['case', *self._readers])}"
        )

    def _case(self, data: dict[str, Any], offset: int, at: int) -> Facts:
        outcome, expectation, id_ = data["outcome"], data.get("expectation"), data["id"]
        if not isinstance(outcome, str) or outcome not in OUTCOMES:
            raise BadFieldError(
                f"has the unknown outcome {one_line(outcome, 40)!r}{_hint(outcome, OUTCOMES)}"
            )
        if expectation is not None and expectation not in ("xfail", "xpass"):
            raise BadFieldError(f"has the unknown expectation {one_line(expectation, 40)!r}")
        if not isinstance(id_, str):
            raise BadFieldError("has an id that is not text")
        row = self._row(data, id_)
        if row is None:
            raise BadFieldError(f"has an id that names nothing: {one_line(id_, 80)!r}")
        error, test = data.get("error") or {}, data.get("test")
        return (
            id_,
            row,
            status_of(outcome, expectation),
            max(number(data.get("elapsed_s")) or 0.0, 0.0),
            int(number(data.get("checks")) or 0),
            number(error.get("over_bound")),
            number(error.get("ulps")),
            self._signature(data) if outcome != "pass" else None,
            None if data.get("blame") is None else self._words[one_line(data["blame"], 40)],
            self._words[(test if isinstance(test, str) else "").partition("[")[0]],
            self._places(data.get("lines") or {}),
            offset,
            at,
        )

    def _known_row(self, text: str) -> int | None:
        try:
            return self._row(part_of(text) or {})
        except (KeyError, TypeError):
            return None

    def _known_place(self, text: str) -> tuple[str, str] | None:
        lines = (part_of(text) or {}).get("lines")
        return self._places(lines) if isinstance(lines, dict) else None

    def _row(self, data: dict[str, Any], id_: str | None = None) -> int | None:
        """The number of the row of a case; None where only its id can tell, and that is not given."""
        subject, clause, op = data["subject"], data.get("clause"), data.get("op")
        entry = clause or op or (id_ and entry_of(id_))
        if not entry:
            return None
        parts = (
            subject["device"], subject["dtype"], subject["mode"],
            data["suite"], data.get("area"), entry, clause, op, data.get("check"),
        )  # fmt: skip
        found = self._rows.get(parts)
        if found is None:
            device, dtype, mode = (self._names[part] for part in parts[:3])
            suite, area, entry, clause, op, check = (
                None if part is None else self._names[part] for part in parts[3:]
            )
            row = Row(
                suite or "",
                Subject(device, dtype, mode),
                area or suite or "",
                entry or "",
                clause,
                op,
                check,
            )
            self._rows[parts] = found = len(self._part.rows)
            self._part.rows.append(row)
        return found

    def _places(self, lines: dict[str, Any]) -> tuple[str, str]:
        return self._place(lines.get("test")), self._place(lines.get("reference"))

    def _place(self, place: Any) -> str:
        if not isinstance(place, list):
            return ""
        return str(self._words[":".join(one_line(part) for part in place[:2])])

    def _signature(self, data: dict[str, Any]) -> str | None:
        told = data.get("signature") or clean(data.get("message") or "").strip().partition("\n")[0]
        return self._words[one_line(told)] if told else None

    def _clause(self, data: dict[str, Any]) -> None:
        id_ = clean(data["id"], 200)
        area, title, statement, kind, source = (
            clean(data.get(name) or "") for name in ("area", "title", "statement", "kind", "source")
        )
        fields = {
            name: data[name] for name in CLAUSE_FIELDS if data.get(name) not in (None, [], "")
        }
        self._part.clauses.append(Clause(id_, area, title, statement, kind, source, fields))

    def _expectation(self, data: dict[str, Any]) -> None:
        id_, kind, reason, file = (
            clean(data.get(name) or "", 600) for name in ("id", "kind", "reason", "file")
        )
        issue, expires = (
            clean(data[name], 300) if data.get(name) else None for name in ("issue", "expires")
        )
        matched = int(number(data["matched"]) or 0)
        self._part.expectations.append(
            Expectation(id_, kind, reason, issue, expires, matched, file)
        )

    def _fault(self, data: dict[str, Any]) -> None:
        id_, group, planted = (clean(data[name], 500) for name in ("id", "group", "planted"))
        by = tuple(clean(case, 500) for case in data.get("by") or ())
        self._part.faults.append(Fault(id_, group, planted, data["found"] is True, by))

    def _footer(self, data: dict[str, Any]) -> None:
        self._part.file.footer = data

    def _close(self, file: RecordFile) -> None:
        if file.footer is None:
            what = (
                f"has no footer: its process crashed or was killed after {file.cases:,} recorded cases"
                f"{_while_running(file.path)}"
            )
            file.problems.append(MissingFooterError(file.path, None, what))
        elif number(file.footer.get("cases")) != file.cases:
            told = one_line(file.footer.get("cases"), 40)
            file.problems.append(
                CountMismatchError(
                    file.path, None, f"holds {file.cases:,} cases, its footer counts {told}"
                )
            )


def _while_running(path: Path) -> str:
    """Which case had begun last, where the process left word of it beside its records."""
    left = path.with_suffix(".running")
    try:
        cases = json.loads(left.read_text(encoding="utf-8"))
        ids = [one_line(case["id"], 200) for case in cases]
    except (OSError, ValueError, RecursionError, TypeError, KeyError):
        return ""  # nothing was left, or the crash cut it short: the rest is told all the same
    return f", the last to begin being {', '.join(ids)}" if ids else ""


def _told(data: dict[str, Any], error: Exception) -> str:
    """What is wrong with a record that could not be taken."""
    try:
        what = what_is_wrong(data)
    except RecursionError:
        what = "is nested too deeply"
    return what or f"cannot be read: {one_line(repr(error))}"


def _hint(word: object, known: Any) -> str:
    near = get_close_matches(one_line(word, 40), sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def entry_of(case_id: str) -> str:
    """The row a case belongs to, from its id alone: what stands between the suite and the sample."""
    path = case_id.split("::", 1)[0].split("[", 1)[0]
    return path.split("/", 1)[-1] or case_id
