"""What a running case says about itself beside passing or failing; the record takes it from here."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.compare import Difference, Worst


@dataclass(slots=True)
class CaseNotes:
    """Filled in while a case runs: how many comparisons it made, the worst error, and what judges found."""

    checks: int = 0
    worst: Worst | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def count(self, worst: Worst | None = None) -> None:
        """One more comparison was made, with this worst error."""
        self.checks += 1
        if worst is not None and (self.worst is None or worst.over_bound > self.worst.over_bound):
            self.worst = worst


CURRENT_NOTES: ContextVar[CaseNotes] = ContextVar("CURRENT_NOTES")


def current_notes() -> CaseNotes:
    """The notes of the case that is running; fresh ones outside of any."""
    return CURRENT_NOTES.get(CaseNotes())


class Disagreement(AssertionError):
    """A comparison that failed: its kind, its differences, and the arrays where they are small."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "value",
        differences: tuple[Difference, ...] = (),
        arrays: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.differences = differences
        self.arrays = arrays
