"""One check of a case on both sides: run, compared, and where they differ, put to the third witness."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from suites.harness.case import Arrays, Case, CaseOutcome, OpMissingError, run_case
from suites.harness.case_script import Spelling, Wanted, case_script
from suites.harness.implementation import Implementation
from suites.harness.judge import DIFFER, Verdict, judge
from suites.harness.subject import Subject
from suites.harness.tolerances import Tolerance
from suites.harness.witnesses import (
    Question,
    Witness,
    adjoint_gap,
    ask,
    double_question,
    jvp_question,
    vjp_question,
)

_WITNESS_RTOL = 1e-7  # a derivative off by less than this is a matter of rounding, not of a rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The two that are compared, and the one whose forward the differences are taken of: exact enough for them.

    ``extended`` is the reference with more digits, where there are any; ``plain`` the reference that calls an operator
    itself, where ``reference`` takes a derivative on the way.
    """

    reference: Implementation
    subject: Implementation
    forward: Implementation
    extended: Implementation | None = None
    plain: Implementation | None = None


def examine(sides: Sides, case: Case, check: str, tolerance: Tolerance) -> Verdict:
    """The verdict on one check of a case, with the witness where the sides differ or the reference has no answer."""
    checks = ("value",) if check == "value" else ("value", check)
    reference, subject = (
        outcome_of(sides.reference, case, checks),
        outcome_of(sides.subject, case, checks),
    )
    if subject is None or check == "value" or "value" in subject.raised:
        return judge(check, reference, subject, tolerance)
    verdict = judge(
        check, reference, subject, tolerance, ask=_witness(sides, case, check, reference, subject)
    )
    return _by_modes(sides, case, verdict, tolerance) if verdict.kind == DIFFER else verdict


# Note [Modes decide where differences cannot]
# At a kink or a tie no difference says which of several answers is right, but forward and reverse mode must
# give the same one: Re<ct, jvp(t)> = Re<vjp(ct), t>. A side whose own modes contradict each other is wrong,
# whatever the convention is.
def _by_modes(sides: Sides, case: Case, verdict: Verdict, tolerance: Tolerance) -> Verdict:
    """The verdict, with the adjoint identity asked where differences name nobody.

    See Note [Modes decide where differences cannot].
    """
    witness = verdict.witness
    if witness is None or witness.blame in {"subject", "reference"}:
        return verdict
    gaps = [_gap_of(side, case) for side in (sides.reference, sides.subject)]
    wrong = [gap is not None and gap > max(tolerance.rtol, _WITNESS_RTOL) for gap in gaps]
    if wrong[0] == wrong[1]:
        return replace(verdict, witness=replace(witness, adjoint=gaps[1]))
    blame = "subject" if wrong[1] else "reference"
    says = (
        f"the {blame} is wrong: its forward and reverse mode contradict each other ({witness.says})"
    )
    told = replace(witness, blame=blame, says=says, adjoint=gaps[1])
    return replace(verdict, blame=blame, reason=says, witness=told)


def _gap_of(side: Implementation, case: Case) -> float | None:
    """How far one side's modes are apart, relatively; None where it lacks one, or where neither is a number."""
    outcome = outcome_of(side, case, ("value", "vjp", "jvp"))
    if outcome is None or outcome.raised or len(outcome.jvp) != len(outcome.values):
        return None
    tracked = [
        (value.value, tangent)
        for value, tangent in zip(outcome.values, outcome.jvp, strict=True)
        if value.requires_grad
    ]
    cts = case.drawn_cotangents([value for value, _ in tracked])
    tangents = tuple(tangent for _, tangent in tracked)
    finite = [
        all(np.all(np.isfinite(a)) for a in answer if a is not None)
        for answer in (outcome.vjp, tangents)
    ]
    if not any(finite):
        return None
    return (
        adjoint_gap(outcome.vjp, tangents, cts, case.drawn_tangents())
        if all(finite)
        else float("inf")
    )


def repro_of(
    sides: Sides,
    case: Case,
    check: str,
    subject: Subject,
    tolerance: Tolerance,
    *,
    written: tuple[Case, Spelling] | None = None,
) -> str | None:
    """A script for a case on which the sides differ, with the reference's numbers; None where they cannot be had.

    ``written`` is the call as a script says it, where the case's own call is no plain one.
    """
    wanted = outcome_of(sides.reference, case, ("value", check))
    if wanted is None or wanted.raised:
        return None
    answer = tuple(v.value for v in wanted.values) if check == "value" else _answer(wanted, check)
    cts = case.drawn_cotangents([v.value for v in wanted.values if v.requires_grad])
    said, spelling = written or (case, None)
    right = Wanted(arrays=answer or (), cts=cts, tolerance=tolerance)
    return case_script(said, check, subject, right, spelling)


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
