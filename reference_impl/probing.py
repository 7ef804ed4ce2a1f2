"""Whether claimed derivatives agree with differences along random directions, whatever the number of elements.

Everything is flat and real here: the inputs are one vector of n numbers, the outputs one of m, and a complex number
counts as two. A gradient of torch's convention is then the plain transposed Jacobian times the cotangent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reference_impl.ladder import Slope, better, finer, slope_of, steps_for

Vector = NDArray[Any]
Mode = Literal["reverse", "forward"]
Verdict = Literal["right", "wrong", "undecided"]
Sides = tuple[float, Vector, Vector]
"""A step, and the outputs that far ahead and behind."""

# Note [What passes at a glance]
# A single pair of evaluations decides when claim and difference agree to 1e-8 of the *length* of the vector of terms
# g_j t_j, plus rounding. The length grows with the square root of the number of elements, so one element among 100,000
# weighs 1/316 of it and shows when it is wrong by 1e-5. A right gradient that misses this bound costs more evaluations
# and nothing else: whatever is declared wrong has been looked at with steps of many sizes, along other directions too.
QUICK = 1e-8
ROUNDING = 8.0
# Claims are trusted to carry this much error of their own: special functions are series cut off somewhere.
SLACK = 1e-8
# Elements whose terms are smaller than this part of the length get a direction of their own: 0.05 % of them would not
# show beside the others.
FAINT = 2e-5
BARS = 3.0
COARSE = 1e-9
TOO_COARSE = 1e-3
TOO_COARSE_ABSOLUTE = 1e-5
DOUBLE_EPS = float(np.finfo(np.float64).eps)


class PerturbedPointError(RuntimeError):
    """The function failed at a point beside the one it was asked about."""


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor among the inputs or outputs: a stretch of the flat vector."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int
    is_complex: bool = False

    def element(self, place: int) -> tuple[tuple[int, ...], str]:
        """Index within the tensor of a place of the flat vector, and which part of a complex number it is."""
        at = place - self.start
        half = ""
        if self.is_complex:
            at, rest = divmod(at, 2)
            half = ".imag" if rest else ".real"
        return tuple(int(i) for i in np.unravel_index(at, self.shape)) if self.shape else (), half

    def say(self, place: int) -> str:
        """A place as a person writes it."""
        index, half = self.element(place)
        return f"{self.name}[{', '.join(map(str, index))}]{half}" if index else self.name + half


class Problem(Protocol):
    """A function at a point, with the derivatives that are claimed of it.

    ``eps`` is the rounding of its values, ``claim_eps`` that of the claims; they differ where a float32 function is
    evaluated in float64.
    """

    point: Vector
    here: Vector
    eps: float
    claim_eps: float

    @property
    def inputs(self) -> tuple[Part, ...]:
        """Where each input lies in the flat vector."""

    @property
    def outputs(self) -> tuple[Part, ...]:
        """Where each output lies in the flat vector."""

    def value(self, x: Vector) -> Vector:
        """The outputs at another point, shape (m,)."""

    def vjp(self, ct: Vector) -> Vector:
        """The claimed gradient for a cotangent, shape (n,)."""

    def jvp(self, t: Vector) -> Vector:
        """The claimed tangent of the outputs, shape (m,)."""

    def complex_slope(self, t: Vector) -> Vector | None:
        """The slope by a complex step; None where the function or its numbers do not allow one."""


@dataclass(slots=True)
class Look:
    """What one direction says of one mode.

    ``size`` is the length of the vector of terms, ``bar`` how far claim and difference may lie apart.
    """

    mode: Mode
    verdict: Verdict
    claimed: float
    numeric: float
    bar: float
    size: float
    kinks: int = 0
    unusable: int = 0
    spread: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """How far apart they are."""
        return abs(self.claimed - self.numeric)


@dataclass(slots=True)
class Probe:
    """One direction over all inputs and one cotangent over all outputs, with what was found along them."""

    problem: Problem
    t: Vector
    ct: Vector
    is_faint: bool = False
    _gradient: Vector | None = field(default=None, repr=False)
    _terms: dict[Mode, Vector] = field(default_factory=dict, repr=False)

    def terms(self, mode: Mode) -> Vector:
        """What adds up to the claim: products of gradient and direction, or of cotangent and tangent."""
        known = self._terms.get(mode)
        if known is None:
            known = self._terms[mode] = self._products(mode)
        return known

    def _products(self, mode: Mode) -> Vector:
        if mode == "forward":
            return self.ct * self.problem.jvp(self.t)
        if self._gradient is None:
            self._gradient = self.problem.vjp(self.ct)
        terms = self._gradient * self.t
        # 0 * nan where an input does not move would hide all others.
        return terms if np.isfinite(terms).all() else np.where(self.t == 0.0, 0.0, terms)

    def restricted(self, outputs: NDArray[np.bool_]) -> Probe:
        """The same direction, with a cotangent for some outputs only."""
        return Probe(self.problem, self.t, np.where(outputs, self.ct, 0.0))

    def line(self, s: float) -> Vector:
        """The outputs at a point along the direction."""
        return self.problem.value(self.problem.point + s * self.t)

    def line_or_nan(self, s: float) -> Vector:
        """The same, with nan where the function cannot be evaluated: long steps may leave its domain."""
        try:
            return self.line(s)
        except PerturbedPointError:
            return np.full(self.problem.here.shape, np.nan)


@lru_cache(maxsize=128)
def _drawn(count: int, seed: int, salt: int) -> Vector:
    rng = np.random.default_rng((seed, salt, count))
    drawn = np.copysign(rng.uniform(0.5, 1.5, count), rng.uniform(-1.0, 1.0, count))
    drawn.flags.writeable = False
    return drawn


def draw(problem: Problem, seed: int, round_: int = 0) -> Probe:
    """A probe with random signs and magnitudes in [0.5, 1.5]: no entry of the Jacobian is ever multiplied by nearly 0.

    Directions grow with the point where it is larger than 1, so that a step is felt there as well; infinite inputs
    stay where they are.
    """
    t = _drawn(problem.point.size, seed, 2 * round_)
    largest = np.abs(problem.point).max() if t.size else 0.0
    if not largest <= 1.0:
        t = t * np.maximum(1.0, np.abs(problem.point))
        if not largest < np.inf:
            # Nothing moves an infinite input.
            t = np.where(np.isfinite(t), t, 0.0)
    return Probe(problem, t, _drawn(problem.here.size, seed, 2 * round_ + 1))


def length(values: Vector) -> float:
    """Euclidean length."""
    return math.sqrt(float(np.dot(values, values)))


def first_step(problem: Problem) -> float:
    """The step of a glance: 1e-6 in float64."""
    return max(1e-6, 0.2 * float(problem.eps) ** (1 / 3) if problem.eps > DOUBLE_EPS else 0.0)


def is_coarse(problem: Problem) -> bool:
    """Whether claims carry so much rounding that one direction may hide a mistake by accident."""
    return problem.claim_eps > COARSE


def glance(probe: Probe, modes: Sequence[Mode]) -> list[Look]:
    """One central difference against every mode; what it cannot settle is undecided, never wrong.

    See Note [What passes at a glance].
    """
    problem = probe.problem
    step = first_step(problem)
    try:
        ahead, behind = probe.line(step), probe.line(-step)
    except PerturbedPointError:
        nan = math.nan
        return [Look(mode, "undecided", nan, nan, nan, nan) for mode in modes]
    change = (ahead - behind) / (2 * step)
    numeric = float(np.dot(probe.ct, change))
    return [_compare(probe, mode, numeric, (step, ahead, behind)) for mode in modes]


def refine(probe: Probe, look: Look) -> Look:
    """A glance again at a quarter of the step, extrapolated: this settles most functions that bend strongly."""
    problem = probe.problem
    step = first_step(problem) / 4
    try:
        ahead, behind = probe.line(step), probe.line(-step)
    except PerturbedPointError:
        return look
    fine = float(np.dot(probe.ct, (ahead - behind) / (2 * step)))
    numeric = (16 * fine - look.numeric) / 15
    return _compare(probe, look.mode, numeric, (step, ahead, behind))


def _rounding_of_slope(probe: Probe, sides: Sides) -> float:
    step, ahead, behind = sides
    values = probe.ct * probe.problem.here
    if probe.is_faint:
        # Outputs that do not move at all bring no rounding, however large they are.
        values = values[ahead != behind]
    return ROUNDING * probe.problem.eps * length(values) / step


def _compare(probe: Probe, mode: Mode, numeric: float, sides: Sides) -> Look:
    terms = probe.terms(mode)
    size = length(terms)
    claimed = float(terms.sum())
    bar = max(QUICK, 8 * probe.problem.claim_eps) * size
    gap = abs(claimed - numeric)
    if not gap <= bar:
        bar += _rounding_of_slope(probe, sides)
    return Look(mode, "right" if gap <= bar else "undecided", claimed, numeric, bar, size)


def faint(probe: Probe) -> Probe | None:
    """A probe along the inputs whose terms drown in those of the others, if there are any."""
    terms = np.abs(probe.terms("reverse"))
    bound = FAINT * length(terms)
    if terms.size == 0 or terms.min() >= bound:
        return None
    below = terms < bound
    if not terms[below].any():
        return None
    other = Probe(probe.problem, np.where(below, probe.t, 0.0), probe.ct, is_faint=True)
    other._gradient = probe._gradient
    return other


def study(probe: Probe, mode: Mode) -> tuple[Look, Slope]:
    """Many steps along one direction against one mode: right, wrong or undecided, with a bar that was measured."""
    problem = probe.problem
    spread = _spread(probe)
    steps = steps_for(problem.eps)
    slope = slope_of(probe.line_or_nan, problem.here, steps=steps, eps=problem.eps)
    look = weigh(probe, mode, slope, spread=spread)
    if look.verdict != "right" or look.unusable:
        short = finer(steps, problem.eps)
        other = slope_of(probe.line_or_nan, problem.here, steps=short, eps=problem.eps)
        slope = better(slope, other)
        look = weigh(probe, mode, slope, spread=spread)
    return look, slope


def weigh(probe: Probe, mode: Mode, slope: Slope, *, spread: float = 0.0) -> Look:
    """A claim against a slope that is known already; outputs whose slope is not usable are left out."""
    unusable = int(slope.value.size - np.count_nonzero(slope.usable))
    if unusable:
        probe = probe.restricted(slope.usable)
    terms = probe.terms(mode)
    size, claimed = length(terms), float(terms.sum())
    numeric = float(np.dot(probe.ct, slope.value))
    bar = _bar(probe, slope, size)
    verdict: Verdict = "right"
    if not abs(claimed - numeric) <= bar:
        verdict = "wrong"
    elif bar > TOO_COARSE_ABSOLUTE + TOO_COARSE * size and not slope.kinks:
        verdict = "undecided"
    if unusable and unusable == slope.value.size:
        verdict = "undecided"
    return Look(mode, verdict, claimed, numeric, bar, size, slope.kinks, unusable, spread)


def _bar(probe: Probe, slope: Slope, size: float) -> float:
    problem = probe.problem
    slack = max(SLACK, 16 * problem.claim_eps) * size
    # A gradient that is a sum of large terms which cancel carries their rounding.
    floor = rounding_of(probe)
    kinks = float(np.dot(np.abs(probe.ct), slope.half))
    return slack + floor + BARS * length(probe.ct * slope.error) + kinks * (1 + 1e-6)


def rounding_of(probe: Probe) -> float:
    """What rounding of the values may bring into a claim; values that are all zero say nothing and count as one."""
    size = length(probe.ct * probe.problem.here) or length(probe.ct)
    return 16 * probe.problem.claim_eps * size


def _spread(probe: Probe) -> float:
    """How much the function differs between calls at the same point."""
    first, second = probe.line_or_nan(0.0), probe.line_or_nan(0.0)
    if np.array_equal(first, second, equal_nan=True):
        return 0.0
    return float(np.nanmax(np.abs(first - second))) if first.size else 0.0
