"""The third witness: finite differences, the adjoint identity and the Taylor slope, asked when two answers differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.finite_difference import Estimate, derivative
from suites.harness.case import Arrays, Case, caller
from suites.harness.implementation import Implementation
from suites.harness.observation import array_of

DIRECTIONS = 3
_BARS = 4.0  # an error bar is an estimate; a witness speaks only of what lies outside four of them
_TAYLOR_STEPS = tuple(2.0**-k for k in range(4, 12))
_ROUND_OFF = 1e-13
_FLOOR = 1e-11  # of what is differenced, over a unit of length: no step leaves more of a slope that is almost zero
_SMALLEST_SCALE = 1e-4

Line = Callable[[float], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What each side claims along a few directions, what the numbers say, and so who is right."""

    reference: tuple[float, ...]
    subject: tuple[float, ...]
    finite_difference: tuple[float, ...]
    blame: str
    says: str
    adjoint: float | None = None
    taylor_slope: float | None = None
    steps: tuple[tuple[float, float], ...] = ()

    def record(self) -> dict[str, Any]:
        """As the records spell it."""
        return {
            "reference": list(self.reference),
            "subject": list(self.subject),
            "finite_difference": list(self.finite_difference),
            "adjoint": self.adjoint,
            "taylor_slope": self.taylor_slope,
            "steps": [list(step) for step in self.steps],
            "says": self.says,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A derivative that two sides disagree about, seen as numbers: claims along directions, and lines to difference.

    ``reference`` and ``subject`` are what the sides answered, in the space of the directions; None where a side has
    no answer. ``line`` gives, for a direction, the function of one real number whose slope at 0 is the truth.
    """

    reference: Arrays | None
    subject: Arrays
    like: Sequence[NDArray[Any]]
    line: Callable[[Sequence[NDArray[Any]]], Line]
    rtol: float
    seed: int = 0
    scale: float = 1.0  # the length over which the lines change; directions have numbers around 1


def ask(question: Question) -> Witness:
    """Who is right, by differences along the direction in which the two sides differ most, and along random ones."""
    claims: list[tuple[float, float, Estimate, float]] = []
    for direction in _directions(question):
        line = question.line(direction)
        estimate = derivative(line, scale=question.scale)
        floor = _FLOOR * abs(float(np.real(line(0.0)))) / question.scale
        mine = _along(question.subject, direction)
        theirs = mine if question.reference is None else _along(question.reference, direction)
        terms = _terms(question.subject, direction)
        claims.append((theirs, mine, estimate, question.rtol * terms + floor + 1e-300))
    blame, says = _decide(claims, has_reference=question.reference is not None)
    first = claims[0][2]
    return Witness(
        reference=tuple(c[0] for c in claims) if question.reference is not None else (),
        subject=tuple(c[1] for c in claims),
        finite_difference=tuple(float(np.real(c[2].value)) for c in claims),
        blame=blame,
        says=says,
        taylor_slope=taylor_slope(question.line(_directions(question)[0]), claims[0][1]),
        steps=first.steps,
    )


def _decide(
    claims: list[tuple[float, float, Estimate, float]], *, has_reference: bool
) -> tuple[str, str]:
    """Whom the differences acquit: the blame, and a sentence for people."""
    wrong = {"reference": False, "subject": False}
    decided = False
    for theirs, mine, estimate, slack in claims:
        bar = _BARS * float(estimate.error) + slack
        if bool(estimate.kink):
            return "input", "the input lies on a kink, where differences decide nothing"
        if not np.isfinite(bar) or (bar > abs(theirs - mine) / 2 and has_reference):
            continue
        decided = True
        wrong["reference"] |= abs(theirs - float(np.real(estimate.value))) > bar
        wrong["subject"] |= abs(mine - float(np.real(estimate.value))) > bar
    if not decided:
        return "difference", "the differences are too noisy to decide"
    return _SENTENCES[has_reference and wrong["reference"], wrong["subject"]]


_SENTENCES = {
    (False, True): ("subject", "the subject is wrong: differences disagree with it"),
    (True, False): ("reference", "the reference is wrong: differences agree with the subject"),
    (True, True): ("undecided", "differences agree with neither side"),
    (False, False): ("undecided", "differences agree with both sides within their error"),
}


def vjp_question(
    forward: Implementation,
    case: Case,
    cts: Sequence[NDArray[Any]],
    answers: tuple[Arrays | None, Arrays],
    rtol: float,
) -> Question:
    """The question about a vector-Jacobian product: its slope along t is that of Re<ct, f(x + s t)>."""
    inputs = case.inputs()

    def line(direction: Sequence[NDArray[Any]]) -> Line:
        return lambda s: _paired(
            _tracked_outputs(forward, case, _moved(inputs, direction, s), len(cts)), cts
        )

    return Question(
        reference=answers[0],
        subject=answers[1],
        like=inputs,
        line=line,
        rtol=rtol,
        seed=case.seed,
        scale=_scale(inputs),
    )


def jvp_question(
    forward: Implementation, case: Case, answers: tuple[Arrays | None, Arrays], rtol: float
) -> Question:
    """The question about a Jacobian-vector product: paired with any ct, it is the slope of Re<ct, f(x + s t)>."""
    inputs, tangents = case.inputs(), case.drawn_tangents()
    like = [np.zeros(0) if answer is None else answer for answer in answers[1]]
    has_tangent = [answer is not None for answer in answers[1]]

    def line(direction: Sequence[NDArray[Any]]) -> Line:
        return lambda s: _paired(
            _outputs_with_tangents(forward, case, _moved(inputs, tangents, s), has_tangent),
            direction,
        )

    return Question(
        reference=answers[0],
        subject=answers[1],
        like=like,
        line=line,
        rtol=rtol,
        seed=case.seed,
        scale=_scale(inputs),
    )


def double_question(
    first_order: Callable[[Case], Arrays],
    case: Case,
    answers: tuple[Arrays | None, Arrays],
    rtol: float,
) -> Question:
    """The question about reverse over reverse: the slope of Re<tangent, vjp(x + s t)>, differenced at first order."""
    inputs, tangents = case.inputs(), case.drawn_tangents()

    def line(direction: Sequence[NDArray[Any]]) -> Line:
        return lambda s: _paired(first_order(_at(case, _moved(inputs, direction, s))), tangents)

    return Question(
        reference=answers[0],
        subject=answers[1],
        like=inputs,
        line=line,
        rtol=rtol,
        seed=case.seed,
        scale=_scale(inputs),
    )


def _scale(inputs: Sequence[NDArray[Any]]) -> float:
    """1, or the size of the inputs where that is smaller: steps longer than they are would show another place."""
    sizes = np.concatenate([np.abs(x).ravel() for x in inputs]) if inputs else np.zeros(0)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(min(1.0, max(np.median(sizes), _SMALLEST_SCALE))) if sizes.size else 1.0


def adjoint_gap(
    vjp: Arrays, jvp: Arrays, cts: Sequence[NDArray[Any]], tangents: Sequence[NDArray[Any]]
) -> float:
    """How far Re<ct, jvp(t)> lies from Re<vjp(ct), t>, relative to the sum of their absolute terms."""
    left, right = _along(jvp, cts), _along(vjp, tangents)
    scale = _terms(jvp, cts) + _terms(vjp, tangents)
    return abs(left - right) / scale if scale else abs(left - right)


def taylor_slope(line: Line, slope: float) -> float | None:
    """The order of what is left of f(h) - f(0) - h * slope: 2 for a right slope, 1 for a wrong one. None if flat."""
    here = float(np.real(line(0.0)))
    rest = [abs(float(np.real(line(h))) - here - h * slope) for h in _TAYLOR_STEPS]
    floor = _ROUND_OFF * max(abs(here), 1e-300)
    pairs = [
        (np.log(h), np.log(r))
        for h, r in zip(_TAYLOR_STEPS, rest, strict=True)
        if np.isfinite(r) and r > floor
    ]
    if len(pairs) < DIRECTIONS:
        return None
    heights: NDArray[Any] = np.array(pairs)
    return float(np.polyfit(heights[:, 0], heights[:, 1], 1)[0])


def _directions(question: Question) -> list[list[NDArray[Any]]]:
    """The direction of greatest disagreement first, where there are two sides; then random ones."""
    drawn = [
        replace(Case(op="", args=(), seed=question.seed + 10 * i), args=tuple(question.like))
        for i in range(DIRECTIONS)
    ]
    every = tuple(range(len(question.like)))
    directions = [replace(case, differentiable=every).drawn_tangents() for case in drawn]
    if question.reference is None:
        return directions
    gaps = [
        _gap(r, s, x)
        for r, s, x in zip(question.reference, question.subject, question.like, strict=True)
    ]
    size = max((float(np.max(np.abs(gap))) for gap in gaps if gap.size), default=0.0)
    return (
        [[gap / size for gap in gaps], *directions[1:]]
        if size and np.isfinite(size)
        else directions
    )


def _gap(one: NDArray[Any] | None, other: NDArray[Any] | None, like: NDArray[Any]) -> NDArray[Any]:
    zero = np.zeros_like(like)
    gap = (zero if one is None else one) - (zero if other is None else other)
    return gap if np.iscomplexobj(like) else np.real(gap)


def _along(answer: Arrays, direction: Sequence[NDArray[Any]]) -> float:
    """Re<answer, direction>; an answer of None counts as zero."""
    return float(
        sum(
            np.sum(np.real(np.conj(a) * d))
            for a, d in zip(answer, direction, strict=True)
            if a is not None
        )
    )


def _terms(answer: Arrays, direction: Sequence[NDArray[Any]]) -> float:
    return float(
        sum(
            np.sum(np.abs(a) * np.abs(d))
            for a, d in zip(answer, direction, strict=True)
            if a is not None
        )
    )


def _paired(outputs: Sequence[NDArray[Any] | None], cts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.asarray(_along(tuple(outputs), cts))


def _moved(
    points: Sequence[NDArray[Any]], ts: Sequence[NDArray[Any]], s: float
) -> list[NDArray[Any]]:
    return [np.asarray(x + s * t) for x, t in zip(points, ts, strict=True)]


def _at(case: Case, inputs: Sequence[NDArray[Any]]) -> Case:
    """The same case at another point; its cotangents and tangents stay those of the first."""
    given = dict(zip(case.differentiable, inputs, strict=True))
    args, kwargs = case.rebuilt(lambda i, array: given.get(i, array))
    return replace(case, args=args, kwargs=kwargs)


def _tracked_outputs(
    impl: Implementation, case: Case, inputs: Sequence[NDArray[Any]], count: int
) -> list[NDArray[Any]]:
    """The outputs that have cotangents: those that a differentiable input reaches."""
    tensors, call = caller(impl, _at(case, inputs), tracked=True)
    outputs = call(*tensors)
    tracked = [y for y in outputs if y.requires_grad]
    return [array_of(y) for y in (tracked if len(tracked) == count else outputs[:count])]


def _outputs_with_tangents(
    impl: Implementation, case: Case, inputs: Sequence[NDArray[Any]], has_tangent: Sequence[bool]
) -> list[NDArray[Any] | None]:
    """The outputs, with None for those without a tangent, such as indices."""
    tensors, call = caller(impl, _at(case, inputs), tracked=False)
    return [
        array_of(y) if has else None for y, has in zip(call(*tensors), has_tangent, strict=True)
    ]
