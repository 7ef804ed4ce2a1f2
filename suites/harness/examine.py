"""One check of a case on both sides: run, compared, and where they differ, put to the third witness."""

from collections.abc import Callable
from dataclasses import dataclass

from suites.harness.case import Arrays, Case, CaseOutcome, OpMissingError, run_case
from suites.harness.case_script import case_script
from suites.harness.implementation import Implementation
from suites.harness.judge import Verdict, judge
from suites.harness.subject import Subject
from suites.harness.tolerances import Tolerance
from suites.harness.witnesses import (
    Question,
    Witness,
    ask,
    double_question,
    jvp_question,
    vjp_question,
)

_WITNESS_RTOL = 1e-7  # a derivative off by less than this is a matter of rounding, not of a rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two that are compared, and the one whose forward the differences are taken of: exact enough for them."""

    reference: Implementation
    subject: Implementation
    forward: Implementation


def examine(sides: Sides, case: Case, check: str, tolerance: Tolerance) -> Verdict:
    """The verdict on one check of a case, with the witness where the sides differ or the reference has no answer."""
    checks = ("value",) if check == "value" else ("value", check)
    reference, subject = (
        outcome_of(sides.reference, case, checks),
        outcome_of(sides.subject, case, checks),
    )
    if subject is None or check == "value" or "value" in subject.raised:
        return judge(check, reference, subject, tolerance)
    return judge(
        check, reference, subject, tolerance, ask=_witness(sides, case, check, reference, subject)
    )


def repro_of(
    sides: Sides, case: Case, check: str, subject: Subject, tolerance: Tolerance
) -> str | None:
    """A script for a case on which the sides differ, with the reference's numbers; None where they cannot be had."""
    wanted = outcome_of(sides.reference, case, ("value", check))
    if wanted is None or wanted.raised:
        return None
    answer = tuple(v.value for v in wanted.values) if check == "value" else _answer(wanted, check)
    cts = case.drawn_cotangents([v.value for v in wanted.values if v.requires_grad])
    return case_script(case, check, subject, cts=cts, wanted=answer or (), tolerance=tolerance)


def outcome_of(impl: Implementation, case: Case, checks: tuple[str, ...]) -> CaseOutcome | None:
    """What ``impl`` makes of the case; None where it has no such operator."""
    try:
        return run_case(impl, case, checks)
    except OpMissingError:
        return None


def _witness(
    sides: Sides, case: Case, check: str, reference: CaseOutcome | None, subject: CaseOutcome
) -> Callable[[], Witness]:
    return lambda: ask(
        _question(sides, case, check, (_answer(reference, check), _answer(subject, check) or ()))
    )


def _answer(outcome: CaseOutcome | None, check: str) -> Arrays | None:
    if outcome is None or check in outcome.raised:
        return None
    return {"vjp": outcome.vjp, "jvp": outcome.jvp, "double": outcome.double}[check]


def _question(
    sides: Sides, case: Case, check: str, answers: tuple[Arrays | None, Arrays]
) -> Question:
    if check == "jvp":
        return jvp_question(sides.forward, case, answers, _WITNESS_RTOL)
    if check == "double":
        return double_question(
            lambda at: run_case(sides.forward, at, ("vjp",)).vjp, case, answers, _WITNESS_RTOL
        )
    values = run_case(sides.forward, case, ("value",)).values
    cts = case.drawn_cotangents([v.value for v in values if v.requires_grad])
    return vjp_question(sides.forward, case, cts, answers, _WITNESS_RTOL)
