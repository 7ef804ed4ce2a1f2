"""What an outcome holds for one check, as arrays."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from suites.harness.case import CaseOutcome

FIELDS = {"value": "values", "vjp": "vjp", "jvp": "jvp", "double": "double"}


def answers(outcome: CaseOutcome, check: str) -> Sequence[NDArray[Any] | None]:
    """What an outcome holds for one check, as arrays."""
    if check == "value":
        return [v.value for v in outcome.values]
    found: Sequence[NDArray[Any] | None] = getattr(outcome, FIELDS[check])
    return found
