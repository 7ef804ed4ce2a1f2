"""Words for people: what a case promises, what an id means, the list of clauses."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suites.harness.case_glob import CaseIdError, split_id
from suites.harness.clauses import CLAUSE_FOLDER, Clause, all_clauses
from suites.harness.naming import did_you_mean

_SUITES = Path(__file__).resolve().parent.parent


def promise_lines(facts: dict[str, Any]) -> list[str]:
    """What a case is about: the clause with its statement, or the op and the check."""
    if facts["clause"] is None:
        return [f"case: {facts['id']}"]
    clause = all_clauses()[facts["clause"]]
    return [f"clause: {clause.id}", f"  {clause.statement}", f"  source: {clause.source}"]


def error_text(error: BaseException) -> str:
    """Type and message of an error; a comparison of ours speaks for itself."""
    text = str(error).strip()
    is_plain = isinstance(error, AssertionError)
    return text or type(error).__name__ if is_plain else f"{type(error).__name__}: {text}"


def list_clauses() -> Iterator[str]:
    """Every clause, a line each, under the title of its area."""
    area = None
    for clause in all_clauses().values():
        if clause.area != area:
            area = clause.area
            yield f"{clause.title} ({clause.file})"
        yield f"  {clause.id} [{clause.kind}, {clause.stability}] {clause.statement}"


def explain(asked: str) -> list[str]:
    """What a clause id, a case id or an expectation id means.

    Raises:
        CaseIdError: it is none of them; the message has the nearest clause id.
    """
    known = all_clauses()
    if asked in known:
        return _clause_lines(known[asked])
    try:
        suite, name, sample, device, dtype, mode = split_id(asked)
    except CaseIdError as error:
        hint = did_you_mean(asked, known)
        raise CaseIdError(f"'{asked}' is no clause{hint}, and {error}") from error
    lines = [
        f"suite {suite}, {name}, sample {sample}",
        f"on the device {device}, in the dtype {dtype}, in the mode {mode}",
    ]
    return lines + (_clause_lines(known[name]) if name in known else [])


def _clause_lines(clause: Clause) -> list[str]:
    lines = [
        f"{clause.id}: {clause.statement}",
        f"kind {clause.kind}, {clause.stability}, since {clause.since or 'not verified'}, source: {clause.source}",
        f"written in {_relative(CLAUSE_FOLDER / clause.file)}:{clause.line}",
    ]
    lines += [
        f"raises {exception} matching {pattern!r}"
        for exception, pattern in zip(clause.exception, clause.message, strict=True)
    ]
    if clause.note:
        lines.append(f"note: {clause.note}")
    return lines + [f"tested in {place}" for place in _tests_citing(clause.id)]


def _tests_citing(clause_id: str) -> Iterator[str]:
    for path in sorted(
        [*_SUITES.glob("behaviours/test_*.py"), *_SUITES.glob("tutorials/test_*.py")]
    ):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if f'@clause("{clause_id}")' in line:
                yield f"{_relative(path)}:{number}"


def _relative(path: Path) -> str:
    return str(path.relative_to(_SUITES.parent))


def indented(script: str) -> str:
    """A script as part of a message."""
    return textwrap.indent(script.rstrip(), "    ")


def clause_page() -> str:
    """Every clause as Markdown: what ``docs/clauses.md`` holds."""
    lines = [
        "# The clauses",
        "",
        "Written by `python .ci/clauses.py` from `suites/clauses`; change it there.",
    ]
    area = None
    for clause in all_clauses().values():
        if clause.area != area:
            area = clause.area
            lines += ["", f"## {clause.title}", "", "| clause | kind | promise |", "|---|---|---|"]
        statement = clause.statement.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{clause.id}` | {clause.kind}, {clause.stability} | {statement} |")
    return "\n".join(lines) + "\n"
