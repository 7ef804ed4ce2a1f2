"""What a collected test is: its suite, its clauses or op, its column, and so its case ids."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from suites.harness.clauses import all_clauses
from suites.harness.columns import Column
from suites.harness.subject import Subject

CASE_SUITES = ("behaviours", "tutorials", "ops", "programs")


@dataclass(frozen=True, slots=True)
class CaseKey:
    """Names a case that is not about a clause; an item or a parameter with an attribute ``case_key`` brings it along.

    ``name`` is the id before the subject: ``ops/mul[vjp-3x4,4]``.
    """

    name: str
    subject: Subject
    op: str | None = None
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One case of a collected test. A test that cites two clauses is two cases."""

    id: str
    suite: str
    subject: Subject
    clause: str | None = None
    op: str | None = None
    check: str | None = None

    @property
    def area(self) -> str | None:
        return None if self.clause is None else self.clause.partition(".")[0]


def identities(item: pytest.Item, root: Path) -> list[Identity]:
    """The cases of a collected test; none for the project's own tests."""
    suite = _suite(item.path, root)
    if suite is None:
        return []
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    for holder in (item, *params.values()):
        key: CaseKey | None = getattr(holder, "case_key", None)
        if key is not None:
            return [
                Identity(
                    key.subject.case_id(key.name), suite, key.subject, op=key.op, check=key.check
                )
            ]
    column = next((value for value in params.values() if isinstance(value, Column)), None)
    if column is None:
        return []
    cited = [mark.args[0] for mark in item.iter_markers("clause")][::-1]
    sample = _sample(item, column)
    return [
        Identity(
            column.subject.case_id(f"{suite}/{name}[{sample}]"),
            suite,
            column.subject,
            clause=clause,
        )
        for clause, name in ([(c, c) for c in cited] or [(None, "unclaimed")])
    ]


def kinds(found: list[Identity]) -> set[str]:
    """The kinds of the clauses that these cases are about."""
    return {all_clauses()[case.clause].kind for case in found if case.clause is not None}


def needs_accelerator(found: list[Identity]) -> bool:
    """Whether one of the clauses speaks of accelerators alone."""
    return any(
        all_clauses()[case.clause].devices == "accelerator"
        for case in found
        if case.clause is not None
    )


@functools.lru_cache(maxsize=1024)  # tests of one file follow each other, by the thousand
def _suite(path: Path, root: Path) -> str | None:
    parts = path.relative_to(root).parts if path.is_relative_to(root) else ()
    return parts[1] if len(parts) > 1 and parts[0] == "suites" and parts[1] in CASE_SUITES else None


def _sample(item: pytest.Item, column: Column) -> str:
    function = getattr(item, "originalname", None) or item.name
    name = function.removeprefix("test_").replace("_", "-")
    params = item.callspec.id.removeprefix(column.label).removeprefix("-")  # type: ignore[attr-defined]
    return f"{name},{params}" if params else name
