"""Expectation files written from what happened: failures come in, and what no longer fails goes out."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import AoT, Table

from suites.harness.case_glob import GlobIndex
from suites.harness.outcome import FAILING

_UNRUN = ("unsupported", "skip", "not-applicable")


class RecordFileError(ValueError):
    """A record file that cannot be read; the message names the file and the line."""


def read_cases(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The case records at ``paths``, which are folders or files.

    Raises:
        RecordFileError: there are none, or a line is no record.
    """
    files = [
        f for path in paths for f in (sorted(path.rglob("*.jsonl")) if path.is_dir() else [path])
    ]
    cases = [record for file in files for record in _records(file) if record.get("type") == "case"]
    if not cases:
        raise RecordFileError(
            f"no cases in {', '.join(map(str, paths))}; wanted folders or files of records"
        )
    return cases


def _records(file: Path) -> Iterable[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RecordFileError(f"{file}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return  # a run that was killed while it wrote
            raise RecordFileError(f"{file}, line {number}: {error}") from error


def make(cases: Iterable[dict[str, Any]], *, reason: str, issue: str) -> TOMLDocument:
    """A new file with an entry for each case that failed without being expected to."""
    document = tomlkit.document()
    add_entries(document, [case for case in cases if _is_news(case)], reason=reason, issue=issue)
    return document


def update(
    document: TOMLDocument, cases: list[dict[str, Any]], *, reason: str, issue: str
) -> tuple[int, int]:
    """Rewrites a file in place, comments and order kept, and says how many entries came and went.

    An entry goes when the cases it spoke for ran and none of them failed. A failure that no entry speaks for comes.
    """
    gone = _take_out(document, cases)
    news = [case for case in cases if _is_news(case)]
    add_entries(document, news, reason=reason, issue=issue)
    return len(news), gone


def add_entries(
    document: TOMLDocument, cases: list[dict[str, Any]], *, reason: str, issue: str
) -> None:
    """An entry at the end for each of these cases."""
    array = document.get("expect")
    if not isinstance(array, AoT):
        array = tomlkit.aot()
        if cases:
            document.append("expect", array)
    for case in cases:
        array.append(_entry(case, reason, issue))


def _entry(case: dict[str, Any], reason: str, issue: str) -> Table:
    entry = tomlkit.table()
    entry["id"] = case["id"]
    entry["kind"] = case.get("kind") or ("crash" if case["outcome"] == "crash" else "value")
    entry["reason"] = reason
    entry["issue"] = issue
    if case.get("signature"):
        entry.comment(str(case["signature"]))
    return entry


def _is_news(case: dict[str, Any]) -> bool:
    return case["outcome"] in FAILING and case.get("expectation") is None


def _take_out(document: TOMLDocument, cases: list[dict[str, Any]]) -> int:
    array = document.get("expect")
    if not isinstance(array, AoT):
        return 0
    index: GlobIndex[int] = GlobIndex()
    for position, entry in enumerate(array):
        index.add(str(entry["id"]), position)
    ran: set[int] = set()
    failed: set[int] = set()
    for case in cases:
        if case["outcome"] in _UNRUN:
            continue
        for position in index.find(case["id"]):
            ran.add(position)
            if case["outcome"] in FAILING:
                failed.add(position)
    gone = sorted(ran - failed, reverse=True)
    for position in gone:
        del array[position]
    return len(gone)
