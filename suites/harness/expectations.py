"""Expected failures: read from profile files, matched to cases, judged strictly."""

import datetime
import functools
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from suites.harness.case_glob import STAR, CaseIdError, GlobIndex, check_glob
from suites.harness.clauses import all_clauses
from suites.harness.identity import CASE_SUITES
from suites.harness.naming import did_you_mean
from suites.harness.options import TIERS
from suites.harness.subject import DEFAULT_DTYPE

KINDS = ("value", "shape", "dtype", "wrong-error", "missing-error", "crash", "timeout")
TABLES = ("expect", "skip", "flaky", "lacks")
OUTCOMES = ("pass", "fail", "error", "timeout")
_CONDITIONS = ("torch", "device", "dtype", "os", "python", "driver", "capability", "tier")
_HEADER = re.compile(r"^\s*\[\[\s*(\w+)\s*\]\]", re.MULTILINE)
_NEEDED = {
    "expect": ("id", "kind", "reason", "issue"),
    "skip": ("id", "reason", "issue"),
    "flaky": ("id", "outcomes", "reason", "issue"),
    "lacks": ("id", "reason"),
}
_ALLOWED = {
    "expect": (*_NEEDED["expect"], "when", "bound", "example", "expires"),
    "skip": (*_NEEDED["skip"], "when", "expires"),
    "flaky": (*_NEEDED["flaky"], "when", "expires"),
    "lacks": (*_NEEDED["lacks"], "when", "issue"),
}


class ExpectationError(ValueError):
    """An expectation file that says something it cannot say; the message names file, line and the nearest name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One entry of a profile: which cases, what becomes of them, and why."""

    table: str
    id: str
    reason: str
    issue: str | None = None
    kind: str | None = None
    outcomes: tuple[str, ...] = ()
    when: Mapping[str, str] = field(default_factory=dict)
    bound: float | None = None
    example: str | None = None
    expires: datetime.date | None = None
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        return f"{self.file}, line {self.line}"

    def record(self) -> dict[str, Any]:
        """As the records spell it."""
        return {
            "id": self.id,
            "kind": self.kind or self.table,
            "reason": self.reason,
            "issue": self.issue,
            "expires": None if self.expires is None else self.expires.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the conditions of an entry (``when``) are held against."""

    torch: str | None
    python: str
    os: str
    driver: str | None = None
    capability: frozenset[str] = frozenset()
    tier: str = TIERS[-1]
    today: datetime.date = field(
        default_factory=lambda: datetime.datetime.now(tz=datetime.UTC).date()
    )


class Expectations:
    """The entries in force in this run, found by case id; decided once for each case."""

    def __init__(self, entries: Iterable[Expectation]) -> None:
        self.entries = list(entries)
        self._index: GlobIndex[Expectation] = GlobIndex()
        for entry in self.entries:
            self._index.add(entry.id, entry)

    def find(self, case_id: str) -> Expectation | None:
        """The most exact entry that speaks of this case."""
        if not self.entries:
            return None
        return next((e for e in self._index.find(case_id) if _subject_matches(e, case_id)), None)


def load_expectations(paths: Iterable[Path], surroundings: Surroundings) -> Expectations:
    """The entries of these files whose conditions hold here.

    Raises:
        ExpectationError: malformed, unknown or expired entries, or two for the same cases.
    """
    entries: list[Expectation] = []
    for path in paths:
        entries += [
            entry for entry in read_file(path, surroundings.today) if _holds(entry, surroundings)
        ]
    seen: dict[tuple[str, str], Expectation] = {}
    for entry in entries:
        key = (entry.id, repr(sorted(entry.when.items())))
        if key in seen:
            raise ExpectationError(
                f"{entry.place}: '{entry.id}' stands already in {seen[key].place}; keep one"
            )
        seen[key] = entry
    return Expectations(entries)


def tier_drawn(tier: str, dtypes: Iterable[str]) -> str:
    """The tier whose entries are in force: the full one where a dtype is asked for that it alone draws unasked."""
    is_asked = any(dtype not in _IN_EVERY_TIER for dtype in dtypes)
    return TIERS[-1] if is_asked and tier != TIERS[0] else tier


_IN_EVERY_TIER = (DEFAULT_DTYPE, "float64")


def read_file(path: Path, today: datetime.date) -> list[Expectation]:
    """Every entry of one file, its conditions aside."""
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExpectationError(f"{path.name} is not TOML: {error}") from error
    lines: dict[str, list[int]] = {table: [] for table in TABLES}
    line, before = 1, 0
    for match in _HEADER.finditer(text):
        line += text.count("\n", before, match.start(1))
        before = match.start(1)
        lines.setdefault(match[1], []).append(line)
    found = []
    for table, entries in document.items():
        if table not in TABLES or not isinstance(entries, list):
            hint = did_you_mean(table, TABLES)
            line = next(iter(lines.get(table, [])), 1)
            raise ExpectationError(f"{path.name}, line {line}: unknown table '{table}'{hint}")
        numbers = lines[table] + [0] * len(entries)
        found += [_entry(table, raw, path, numbers[i], today) for i, raw in enumerate(entries)]
    return found


_FIELDS = frozenset(f.name for f in fields(Expectation))


def _entry(
    table: str, raw: dict[str, Any], path: Path, line: int, today: datetime.date
) -> Expectation:
    where = f"{path.name}, line {line}"
    for key in raw:
        if key not in _ALLOWED[table]:
            raise ExpectationError(
                f"{where}: unknown key '{key}' in [[{table}]]{did_you_mean(key, _ALLOWED[table])}"
            )
    for key in _NEEDED[table]:
        if not raw.get(key):
            raise ExpectationError(
                f"{where}: '{key}' is missing; every [[{table}]] says {', '.join(_NEEDED[table])}"
            )
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in raw.items()
        if key in _FIELDS
    }
    entry = Expectation(table=table, file=_shown(path), line=line, **values)
    _check(entry, where, today)
    return entry


def _check(entry: Expectation, where: str, today: datetime.date) -> None:
    try:
        suite, name = check_glob(entry.id)[:2]
    except CaseIdError as error:
        raise ExpectationError(f"{where}: {error}") from error
    _check_one_of(where, "suite", suite, (*CASE_SUITES, STAR))
    if suite in {"behaviours", "tutorials"} and STAR not in name and name != "unclaimed":
        _check_one_of(where, "clause", name, tuple(all_clauses()))
    if entry.kind is not None:
        _check_one_of(where, "kind", entry.kind, KINDS)
    for outcome in entry.outcomes:
        _check_one_of(where, "outcome", outcome, OUTCOMES)
    for key in entry.when:
        _check_one_of(where, "condition", key, _CONDITIONS)
    _check_one_of(where, "tier", entry.when.get("tier", TIERS[0]), TIERS)
    if entry.expires is not None and entry.expires < today:
        raise ExpectationError(
            f"{where}: '{entry.id}' expired on {entry.expires}; look at it again: {entry.issue}"
        )


def _check_one_of(where: str, what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ExpectationError(f"{where}: unknown {what} '{value}'{did_you_mean(value, allowed)}")


def _holds(entry: Expectation, here: Surroundings) -> bool:
    when = entry.when
    return (
        _version_in(entry, "torch", here.torch)
        and _version_in(entry, "python", here.python)
        and _version_in(entry, "driver", here.driver)
        and when.get("os", here.os) == here.os
        and ("capability" not in when or when["capability"] in here.capability)
        and TIERS.index(when.get("tier", TIERS[0])) <= TIERS.index(here.tier)
    )


def _version_in(entry: Expectation, key: str, version: str | None) -> bool:
    if key not in entry.when:
        return True
    try:
        return _is_in(entry.when[key], version)
    except InvalidSpecifier as error:
        raise ExpectationError(
            f"{entry.place}: when.{key}: {error}; wanted a range like '>=2.13,<2.14'"
        ) from error


@functools.cache  # many entries say the same
def _is_in(wanted: str, version: str | None) -> bool:
    versions = SpecifierSet(wanted, prereleases=True)
    return version is not None and Version(Version(version).public) in versions


def _subject_matches(entry: Expectation, case_id: str) -> bool:
    if not entry.when:
        return True
    device, dtype, _mode = case_id.rsplit("::", 3)[1:]
    return entry.when.get("device", device) == device and entry.when.get("dtype", dtype) == dtype


def _shown(path: Path) -> str:
    return os.path.relpath(path) if path.is_absolute() else str(path)
