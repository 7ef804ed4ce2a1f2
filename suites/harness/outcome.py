"""From what pytest saw of a test to one outcome, and what an expectation makes of it."""

from dataclasses import dataclass
from typing import Any

import pytest

from suites.harness.expectations import Expectation
from suites.harness.notes import CaseNotes, Disagreement

NOT_RUN = frozenset({"unsupported", "skip", "not-applicable"})
FAILING = frozenset({"fail", "error", "crash", "timeout", "reference-lacks"})
_TIMEOUT = "Timeout ("


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a case; where it failed, the kind of failure and the error."""

    outcome: str
    kind: str | None = None
    reason: str | None = None
    error: BaseException | None = None

    @property
    def is_failing(self) -> bool:
        return self.outcome in FAILING


@dataclass(frozen=True, slots=True)
class Judged:
    """What an expectation makes of a result: as expected, an unexpected pass, or a failure that stays one."""

    expectation: str | None
    is_failure: bool
    remark: str | None = None


def result_of(
    report: pytest.TestReport, error: BaseException | None, notes: CaseNotes, driver: Any
) -> Result:
    """The outcome of one phase of a test."""
    if report.passed:
        return Result("pass")
    if report.skipped:
        return Result(notes.facts.get("outcome", "skip"), reason=_skip_reason(report))
    lacking = _lacking(error, driver) if report.when != "teardown" else None
    if lacking is not None:
        return Result(lacking[0], kind="wrong-error", reason=lacking[1], error=error)
    outcome, kind = _failure(error)
    return Result(outcome, kind=kind, error=error)


def _failure(error: BaseException | None) -> tuple[str, str]:
    """The outcome and the kind of a failure, by the error that told of it."""
    if isinstance(error, pytest.fail.Exception) and str(error).startswith(_TIMEOUT):
        return "timeout", "timeout"
    if isinstance(error, Disagreement):
        return "fail", error.kind
    is_claim = isinstance(error, (AssertionError, pytest.fail.Exception))
    return ("fail", "value") if is_claim else ("error", "wrong-error")


def judge_expectation(result: Result, entry: Expectation | None, notes: CaseNotes) -> Judged:
    """Strictly: an expected failure must happen, in the expected way, and no worse than its bound."""
    if entry is None or entry.table in {"skip", "lacks"} or result.outcome in NOT_RUN:
        return Judged(None, is_failure=result.is_failing)
    if entry.table == "flaky":
        allowed = result.outcome in entry.outcomes
        remark = (
            None if allowed else f"flaky entry {entry.place} allows {', '.join(entry.outcomes)}"
        )
        return Judged("xfail" if allowed and result.is_failing else None, not allowed, remark)
    if not result.is_failing:
        return Judged(
            "xpass",
            is_failure=True,
            remark=f"expected to fail ({entry.kind}), but passed: {entry.place}",
        )
    complaint = _complaint(result, entry, notes)
    if complaint is not None:
        return Judged(None, is_failure=True, remark=f"{complaint}: {entry.place}")
    return Judged("xfail", is_failure=False)


def _complaint(result: Result, entry: Expectation, notes: CaseNotes) -> str | None:
    """How a failure differs from the one expected; None where it is that one."""
    if result.kind != entry.kind:
        return f"expected a failure of kind {entry.kind}, found {result.kind}"
    over = notes.worst.over_bound if notes.worst is not None else 0.0
    if entry.bound is not None and over > entry.bound:
        return f"worse than expected: {over:.3g} times the bound, {entry.bound:g} allowed"
    return None


def _lacking(error: BaseException | None, driver: Any) -> tuple[str, str] | None:
    """Whether the error, or the one behind it, says that something is missing rather than wrong."""
    why = getattr(driver, "why_lacking", None)
    for candidate in (error, getattr(error, "__cause__", None)):
        found: tuple[str, str] | None = why(candidate) if why and candidate is not None else None
        if found is not None:
            return found
    return None


def _skip_reason(report: pytest.TestReport) -> str:
    place = report.longrepr
    text = place[2] if isinstance(place, tuple) else str(place)
    return text.removeprefix("Skipped: ")
