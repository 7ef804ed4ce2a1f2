"""What is set apart from an operator's check: inputs on which torch is known to be wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from suites.harness.case import Case


@dataclass(frozen=True, slots=True)
class Apart:
    """Which inputs of an operator form a case of their own, ``ops/<op>[<check>-<label>]``, with an expectation."""

    ops: tuple[str, ...]
    checks: tuple[str, ...]
    label: str
    holds: Callable[[Case], bool]
