"""Which clause an error belongs to, by exception type and message pattern."""

import functools
import re
from dataclasses import dataclass

from suites.harness.clauses import all_clauses
from suites.harness.observation import Raised


@dataclass(frozen=True, slots=True)
class _Known:
    clause: str
    exceptions: frozenset[str]
    pattern: re.Pattern[str]


@functools.cache
def _known() -> tuple[_Known, ...]:
    """Every documented error, the longest pattern first, since it says most."""
    entries = [
        _Known(clause.id, frozenset(re.split(r",\s*", exception)), re.compile(pattern, re.DOTALL))
        for clause in all_clauses().values()
        for exception, pattern in zip(clause.exception, clause.message, strict=True)
    ]
    return tuple(sorted(entries, key=lambda entry: -len(entry.pattern.pattern)))


def python_type(error: BaseException) -> type[BaseException]:
    """The nearest built-in class of an error: what ``except`` clauses of portable code can name."""
    return next(cls for cls in type(error).__mro__ if cls.__module__ == "builtins")


def raised(error: BaseException) -> Raised:
    """An error as plain data, with every clause whose pattern knows it, the most telling first."""
    name, message = python_type(error).__name__, str(error)
    names = {name, type(error).__name__}
    clauses = [
        entry.clause
        for entry in _known()
        if entry.exceptions & names and entry.pattern.search(message)
    ]
    return Raised(exception=name, message=message, clauses=tuple(dict.fromkeys(clauses)))


def is_same_error(one: Raised, other: Raised) -> bool:
    """Whether two errors have the same Python type and a clause in common; what no pattern knows equals nothing."""
    return one.exception == other.exception and bool(set(one.clauses) & set(other.clauses))
