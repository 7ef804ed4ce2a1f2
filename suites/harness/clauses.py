"""The documented promises: read from ``suites/clauses``, cited by tests."""

import functools
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from suites.harness.naming import did_you_mean

CLAUSE_FOLDER = Path(__file__).resolve().parent.parent / "clauses"
KINDS = ("value", "state", "error", "warning", "graph")
STABILITIES = ("documented", "observed")
DEVICES = ("any", "accelerator")
_HEADER = re.compile(r"^\[clause\.([^\]]+)\]", re.MULTILINE)


class ClauseFileError(ValueError):
    """A clause file that cannot be read; the message names the file, the line and what to write."""


class UnknownClauseError(ValueError):
    """A clause id that no file has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One documented promise, in our words, with where it is written and since when it holds."""

    id: str
    area: str
    title: str
    statement: str
    kind: str
    source: str
    since: str
    stability: str
    devices: str
    priority: int
    seeds: tuple[str, ...] = ()
    holds_in: tuple[str, ...] = ()
    exception: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    note: str | None = None
    unverified: str | None = None
    file: str = ""
    line: int = 0


_OWN = {"id", "area", "title", "file", "line"}
_KEYS = [field.name for field in fields(Clause) if field.name not in _OWN]
_NEEDED = ("statement", "kind", "source", "since", "stability", "devices", "priority")
_CLOSED_SETS = {"kind": KINDS, "stability": STABILITIES, "devices": DEVICES}


def load_clauses(folder: Path = CLAUSE_FOLDER) -> dict[str, Clause]:
    """Every clause by id, from the ``<area>.toml`` files of ``folder``.

    Raises:
        ClauseFileError: a file is malformed, or says something no clause can say.
    """
    clauses: dict[str, Clause] = {}
    for path in sorted(folder.glob("*.toml")):
        clauses.update(_load_area(path))
    if not clauses:
        raise ClauseFileError(f"no clause files in {folder}; wanted one <area>.toml per area")
    return clauses


@functools.cache
def all_clauses() -> dict[str, Clause]:
    """The clauses of this checkout, read once."""
    return load_clauses()


# Note [In which versions a clause holds]
# ``since`` says between which two releases a promise began to hold: ">2.1.2, <=2.13" is after the one, by the other;
# ``holds_in`` lists the releases on which it was found to hold. A clause is left out where the releases looked at on
# both sides of the running version, as far as there are any, are known not to hold it. In between it runs.
def why_excluded(clause: Clause, version: str) -> str | None:
    """Why a clause does not speak of this version of torch; None where it does, or nobody knows."""
    here = release(version)
    began = re.search(r">([\d.]+)", clause.since)
    if began is not None and here <= release(began[1]):
        return f"the clause holds in torch {clause.since}; this is {version}"
    looked_at = _releases_looked_at()
    below = [v for v in looked_at if release(v) <= here][-1:]
    above = [v for v in looked_at if release(v) >= here][:1]
    if clause.holds_in and not {*below, *above} & set(clause.holds_in):
        return f"the clause holds in torch {', '.join(clause.holds_in)}; this is {version}"
    return None


def release(version: str) -> tuple[int, int, int]:
    """The numbers of a version, without what marks a build: (2, 13, 0) for ``2.13.0+cpu``.

    Raises:
        ValueError: it does not begin with numbers.
    """
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    if found is None:
        raise ValueError(f"'{version}' is no version, wanted one like 2.13.0")
    return int(found[1]), int(found[2]), int(found[3] or 0)


@functools.cache
def _releases_looked_at() -> tuple[str, ...]:
    found = {v for clause in all_clauses().values() for v in clause.holds_in}
    return tuple(sorted(found, key=release))


def find_clause(clause_id: str) -> Clause:
    """The clause of that id.

    Raises:
        UnknownClauseError: there is none; the message has the nearest id.
    """
    known = all_clauses()
    if clause_id not in known:
        hint = did_you_mean(clause_id, known)
        raise UnknownClauseError(f"unknown clause '{clause_id}'{hint}")
    return known[clause_id]


def clause(clause_id: str) -> pytest.MarkDecorator:
    """Decorator: the test checks this promise. May be stacked; an unknown id is a collection error."""
    return pytest.mark.clause(find_clause(clause_id).id)


def _load_area(path: Path) -> dict[str, Clause]:
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ClauseFileError(f"{path.name} is not TOML: {error}") from error
    unknown = set(document) - {"title", "clause"}
    if unknown or not isinstance(document.get("title"), str) or not document.get("clause"):
        raise ClauseFileError(
            f"{path.name}: wanted 'title' and [clause.<id>] tables, found {sorted(document)}"
        )
    lines = {m[1]: text.count("\n", 0, m.start()) + 1 for m in _HEADER.finditer(text)}
    area = path.stem
    return {
        f"{area}.{name}": _clause(entry, name, document["title"], path, lines.get(name, 0))
        for name, entry in document["clause"].items()
    }


def _clause(entry: dict[str, Any], name: str, title: str, path: Path, line: int) -> Clause:
    where = f"{path.name}, line {line}, clause '{name}'"
    for key in entry:
        if key not in _KEYS:
            raise ClauseFileError(f"{where}: unknown key '{key}'{did_you_mean(key, _KEYS)}")
    missing = [key for key in _NEEDED if key not in entry]
    if missing:
        raise ClauseFileError(f"{where}: missing {', '.join(missing)}")
    for key, allowed in _CLOSED_SETS.items():
        if entry[key] not in allowed:
            hint = did_you_mean(str(entry[key]), allowed)
            raise ClauseFileError(
                f"{where}: {key} is '{entry[key]}', wanted one of {', '.join(allowed)}{hint}"
            )
    _check_patterns(entry, where)
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Clause(
        id=f"{path.stem}.{name}", area=path.stem, title=title, file=path.name, line=line, **values
    )


def _check_patterns(entry: dict[str, Any], where: str) -> None:
    exceptions, messages = entry.get("exception", []), entry.get("message", [])
    if len(exceptions) != len(messages):
        raise ClauseFileError(
            f"{where}: {len(exceptions)} exception types for {len(messages)} messages; wanted one each"
        )
    for pattern in messages:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ClauseFileError(
                f"{where}: the message pattern {pattern!r} is no regex: {error}"
            ) from error
