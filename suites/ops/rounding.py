"""Whether rounding alone explains how far two answers lie apart: never a sign of infinity, never NaN for a number."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from suites.harness.case import Case, run_case
from suites.harness.compare import compare
from suites.harness.examine import Sides
from suites.harness.tolerances import Tolerance
from suites.ops.alike import Outcomes
from suites.ops.answers import answers
from suites.ops.conditioning import allowance
from suites.ops.poles import is_pole, with_poles


def is_explained(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, outcomes: Outcomes
) -> bool:
    """Whether every difference is one that roundings of the inputs make too. See Note [What rounding explains]."""
    wanted, found = (answers(outcome, check) for outcome in outcomes if outcome is not None)
    if len(wanted) != len(found) or (check == "value" and _differ_in_facts(outcomes)):
        return False
    if any((w is None) != (f is None) for w, f in zip(wanted, found, strict=True)):
        return False

    def again(at: Case) -> Sequence[NDArray[Any] | None]:
        return answers(run_case(sides.reference, at, (check,)), check)

    if is_pole(case.op, check, case):
        found = [
            f if w is None or f is None or w.shape != f.shape else with_poles(w, f)
            for w, f in zip(wanted, found, strict=True)
        ]
    allowed = allowance(again, _drawn(sides, case), tolerance.eps)
    return all(
        w is None or (f is not None and is_within(w, f, a, tolerance))
        for w, f, a in zip(wanted, found, allowed, strict=True)
    )


def _differ_in_facts(outcomes: Outcomes) -> bool:
    """Whether a result requires a gradient on one side alone: no rounding does that.

    Whether it is a leaf is not asked: an operator with nothing to do may give its input back, and which ones do
    is nobody's promise. Nor is anything asked of a result without elements.
    """
    facts = [
        [value.requires_grad for value in outcome.values if value.value.size]
        for outcome in outcomes
        if outcome is not None
    ]
    return facts[0] != facts[-1]


def is_within(want: NDArray[Any], got: NDArray[Any], allowed: Any, tolerance: Tolerance) -> bool:
    """Whether two answers lie no further apart than the bound and what rounding allows."""
    if want.shape != got.shape or allowed is None:
        return False
    return not compare(want, got, replace(tolerance, atol=tolerance.atol + allowed))


def _drawn(sides: Sides, case: Case) -> Case:
    """The case with its cotangents and tangents as data, so that they can be moved."""
    values = run_case(sides.reference, case, ("value",)).values
    outputs = [v.value for v in values if v.requires_grad]
    return replace(
        case,
        cotangents=tuple(case.drawn_cotangents(outputs)),
        tangents=tuple(case.drawn_tangents()),
    )
