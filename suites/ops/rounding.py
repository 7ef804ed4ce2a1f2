"""Whether rounding alone explains how far two answers lie apart: never a sign of infinity, never NaN for a number."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case, run_case
from suites.harness.compare import Worst, compare, worst_error
from suites.harness.examine import Sides
from suites.harness.implementation import Implementation
from suites.harness.tolerances import EPS, Tolerance
from suites.ops.alike import Outcomes
from suites.ops.answers import answers
from suites.ops.conditioning import Answers, conditions, scatter
from suites.ops.extended import is_finite_where, roundings
from suites.ops.jitter import jitter
from suites.ops.neighbours import COARSE, reach
from suites.ops.poles import is_pole, with_poles
from suites.ops.ways import is_composed, plain

# What was wanted, what was found, and what may lie between them beside the plain bound; None where nothing tells.
Triple = tuple[NDArray[Any], NDArray[Any], Any]


def explained(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, outcomes: Outcomes
) -> Worst | None:
    """The largest error where every difference is one that roundings of the inputs make too; None where one is not.

    See Note [What rounding explains].
    """
    found = _compared(sides, case, check, tolerance, outcomes)
    if found is None or not all(is_within(*triple, tolerance) for triple in found):
        return None
    return _largest(found, tolerance)


def measured(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, outcomes: Outcomes
) -> float:
    """The largest error in units of the bound and of what rounding explains, be it within or not."""
    found = _compared(sides, case, check, tolerance, outcomes)
    if found is None or any(w.shape != f.shape or a is None for w, f, a in found):
        return float("inf")
    return _largest(found, tolerance).over_bound


def _largest(found: Sequence[Triple], tolerance: Tolerance) -> Worst:
    errors = [error_of(*triple, tolerance) for triple in found]
    return max(errors, key=lambda worst: worst.over_bound, default=None) or Worst(0.0, 0.0, 0.0)


def _compared(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, outcomes: Outcomes
) -> list[Triple] | None:
    """The answers of both sides, with what rounding allows; None where they differ in more than numbers."""
    wanted, found = (answers(outcome, check) for outcome in outcomes if outcome is not None)
    if len(wanted) != len(found) or (check == "value" and _differ_in_facts(outcomes)):
        return None
    if any((w is None) != (f is None) for w, f in zip(wanted, found, strict=True)):
        return None
    largest = _LARGEST.get(tolerance.eps, float(np.finfo(np.float64).max))
    if is_pole(case.op, "double" if is_composed(case) else check, case):
        found = [
            f if w is None or f is None or w.shape != f.shape else with_poles(w, f, largest)
            for w, f in zip(wanted, found, strict=True)
        ]
    may_overflow = check != "value" and tolerance.eps in _LARGEST
    overflows = may_overflow and value_overflows(sides, case, tolerance.eps)
    found = [
        held(w, f, tolerance.eps, overflows=overflows) for w, f in zip(wanted, found, strict=True)
    ]
    if any(map(_differ_in_kind, wanted, found)):
        return None
    return _with_room(sides, _drawn(sides, case), check, tolerance, (wanted, found))


def _differ_in_kind(want: NDArray[Any] | None, got: NDArray[Any] | None) -> bool:
    """Whether a real number stands where the other side has an infinity or NaN: no condition makes room for that."""
    if want is None or got is None or want.shape != got.shape or want.dtype.kind != "f":
        return False
    return not is_finite_where(want, got)


Pairs = tuple[Sequence[NDArray[Any] | None], Sequence[NDArray[Any] | None]]


def _with_room(
    sides: Sides, drawn: Case, check: str, tolerance: Tolerance, pairs: Pairs
) -> list[Triple]:
    """The answers with the room that conditions leave them, and where that is not enough, with what formulas lose."""
    wanted, found = pairs
    again = partial(_again, sides.reference, check, wanted)
    allowed = _by_condition(again, drawn, tolerance, wanted)
    triples = _triples(wanted, found, allowed)
    if all(is_within(*triple, tolerance) for triple in triples):
        return triples

    def with_more(own: Sequence[NDArray[Any] | None], times: float) -> list[Triple]:
        by = times * tolerance.eps / EPS["float64"]
        wider = [
            None if a is None or r is None else a + by * r
            for a, r in zip(allowed, own, strict=True)
        ]
        return _triples(wanted, found, wider)

    def is_hopeless(bends: Sequence[NDArray[Any] | None]) -> bool:
        # One line shows of an element little or nothing by luck, of the largest of many hardly.
        most = [None if s is None else np.full_like(s, np.max(s, initial=0.0)) for s in bends]
        seen = all(s is None or not s.size or np.any(s) for s in most)
        wide = with_more(most, SCATTERS * VARIES)
        return seen and not all(is_within(*triple, tolerance) for triple in wide)

    def ways_to_lose() -> Iterator[Answers]:
        if sides.extended is not None:
            extended = partial(_again, sides.extended, check, wanted)
            yield roundings(again, extended, drawn, is_hopeless)
        yield scatter(again, drawn, is_hopeless)
        if tolerance.eps <= COARSE:
            yield jitter(again, drawn)

    lost: Answers = [None if w is None else np.zeros(w.shape) for w in wanted]
    for own in ways_to_lose():  # each element in the way that shows most of it
        lost = [
            None if a is None or b is None else np.fmax(a, b)
            for a, b in zip(lost, own, strict=True)
        ]
        triples = with_more(lost, SCATTERS)
        if all(is_within(*triple, tolerance) for triple in triples):
            break
    return triples


def _again(
    side: Implementation, check: str, wanted: Sequence[NDArray[Any] | None], at: Case
) -> Sequence[NDArray[Any] | None]:
    """What a side makes of a case beside the one that was asked."""
    given = answers(run_case(side, at, (check,)), check)
    if len(given) != len(wanted):
        return given
    return [  # what is None stands for the zeros that it was compared as, and moves nowhere
        np.zeros_like(w) if a is None and w is not None else a
        for a, w in zip(given, wanted, strict=True)
    ]


def _by_condition(
    again: Callable[[Case], Sequence[NDArray[Any] | None]],
    drawn: Case,
    tolerance: Tolerance,
    wanted: Sequence[NDArray[Any] | None],
) -> list[Any]:
    """What the condition of each element allows, and in coarse dtypes what their neighbours do."""
    allowed = [
        None if a is None else allowance(w, a, tolerance)
        for w, a in zip(wanted, conditions(again, drawn, tolerance.eps), strict=True)
    ]
    if tolerance.eps <= COARSE:
        return allowed
    return [
        None if a is None or r is None else a + r
        for a, r in zip(allowed, reach(again, drawn, tolerance.eps), strict=True)
    ]


# How much more another formula may lose than ours does, and how much less than the median of five one line may show.
SCATTERS = 16.0
VARIES = 1e4


def _triples(
    wanted: Sequence[NDArray[Any] | None],
    found: Sequence[NDArray[Any] | None],
    allowed: Sequence[Any],
) -> list[Triple]:
    return [
        (w, f, a)
        for w, f, a in zip(wanted, found, allowed, strict=True)
        if w is not None and f is not None
    ]


def allowance(want: NDArray[Any] | None, condition: NDArray[Any], tolerance: Tolerance) -> Any:
    """What the bound leaves room for besides ulps of the element: its condition, and the array's largest element.

    See Note [The bound of an operator].
    """
    if tolerance.elementwise:
        return tolerance.rtol * condition
    size = np.abs(np.zeros(()) if want is None else want)
    largest = np.max(size, initial=0.0, where=np.isfinite(size))
    return tolerance.rtol * (condition + largest)


def error_of(want: NDArray[Any], got: NDArray[Any], allowed: Any, tolerance: Tolerance) -> Worst:
    """The largest error in units of the bound with what rounding allows; ulps are those of the plain bound."""
    wide = worst_error(want, got, replace(tolerance, atol=tolerance.atol + allowed))
    return replace(worst_error(want, got, tolerance), over_bound=wide.over_bound)


# The largest number of a dtype, by its ulp at 1; what is larger, the dtype holds as an infinity.
_LARGEST = {
    EPS["float16"]: float(np.finfo(np.float16).max),
    EPS["bfloat16"]: 2.0**128 * (1 - 2.0**-8),
    EPS["float32"]: float(np.finfo(np.float32).max),
}


def held(
    want: NDArray[Any] | None, got: NDArray[Any] | None, eps: float, *, overflows: bool
) -> NDArray[Any] | None:
    """``got`` with the wanted number in place of an infinity of its sign, where that is beyond the dtype's range.

    A complex infinity has no sign: products of its parts are NaN (C99, annex G.5.1). Where the operator's value
    ``overflows``, derivatives formed from it say nothing, finite or not.
    """
    if want is None or got is None or want.shape != got.shape or want.dtype.kind not in "fc":
        return got
    if overflows:
        return np.where(np.isfinite(got), got, want)
    is_beyond = _size(want) > _LARGEST.get(eps, np.inf)
    if want.dtype.kind == "c":
        return np.where(is_beyond & ~np.isfinite(got), want, got)
    return np.where(is_beyond & np.isinf(got) & (np.sign(got) == np.sign(want)), want, got)


def _size(array: NDArray[Any]) -> NDArray[Any]:
    """The magnitude of real numbers; of complex ones that of the larger part."""
    if array.dtype.kind != "c":
        return np.abs(array)
    return np.maximum(np.abs(array.real), np.abs(array.imag))


def value_overflows(sides: Sides, case: Case, eps: float) -> bool:
    """Whether a value of the operator itself, of which a derivative is asked, is beyond the dtype's range."""
    # Of the derivative that a composed call gives, sums may hide it.
    calls = [(sides.reference, case), *([(sides.plain, plain(case))] if sides.plain else [])]
    values = [v.value for side, asked in calls for v in run_case(side, asked, ("value",)).values]
    sizes = [_size(v) for v in values if v.dtype.kind in "fc"]
    return any(bool(np.any(np.isfinite(size) & (size > _LARGEST[eps]))) for size in sizes)


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
