"""The statuses a case can end in: their letter, their order, and which of them break a promise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """One way a case can end, as every page shows it."""

    name: str
    letter: str
    label: str
    unexpected: bool
    executed: bool


_TABLE = (
    # worst first: the first status found among the cases of a cell is the one the cell shows
    Status("conflict", "!", "conflicting records", unexpected=True, executed=True),
    Status("crash", "C", "crashed", unexpected=True, executed=True),
    Status("error", "E", "error in the test", unexpected=True, executed=True),
    Status("fail", "F", "failed", unexpected=True, executed=True),
    Status("timeout", "T", "timed out", unexpected=True, executed=True),
    Status("xpass", "X", "passed unexpectedly", unexpected=True, executed=True),
    Status("xfail", "x", "failed as expected", unexpected=False, executed=True),
    Status("pass", "P", "passed", unexpected=False, executed=True),
    Status("reference-lacks", "R", "the reference lacks it", unexpected=False, executed=False),
    Status("unsupported", "U", "unsupported", unexpected=False, executed=False),
    Status("skip", "S", "skipped", unexpected=False, executed=False),
    Status("not-applicable", "N", "not applicable", unexpected=False, executed=False),
)

STATUSES: dict[str, Status] = {status.name: status for status in _TABLE}
UNEXPECTED = frozenset(status.name for status in _TABLE if status.unexpected)
EXECUTED = frozenset(status.name for status in _TABLE if status.executed)
OUTCOMES = frozenset(STATUSES) - {"conflict", "xfail", "xpass"}
RANK = {status.name: rank for rank, status in enumerate(_TABLE)}


def status_of(outcome: str, expectation: str | None) -> str:
    """Status of a case from its outcome and what was expected of it.

    A pass that somebody expected to fail is never counted as a pass, whichever of the two words the
    record uses for it.
    """
    if expectation is None:
        return outcome
    if outcome == "pass":
        return "xpass"
    return "xfail" if expectation == "xfail" else outcome
