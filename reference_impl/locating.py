"""Which element of which Jacobian is wrong: bisection over inputs, then outputs, in a bounded number of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.ladder import Slope, slope_of, steps_for
from reference_impl.probing import Mode, Part, Probe, Problem

Vector = NDArray[Any]
Places = NDArray[np.intp]

LOOKED_AT = 24
_SHORT = slice(2, 6)
_WRONG = 1e-8


@dataclass(frozen=True, slots=True)
class Sampled:
    """Some elements of one input: what the claim says along each, and the column of slopes that differences give.

    ``places`` are within the flat vector of inputs; ``claimed`` and ``numeric`` are contracted with ``ct``.
    """

    part: Part
    places: Places
    ct: Vector
    claimed: Vector
    columns: NDArray[Any]
    bars: Vector

    @property
    def numeric(self) -> Vector:
        """The slopes along each element, contracted with the cotangent."""
        return np.asarray(self.columns @ self.ct)

    @property
    def gaps(self) -> Vector:
        """How far apart claims and slopes are."""
        return np.asarray(np.abs(self.claimed - self.numeric))

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """Where claim and difference lie apart by more than the bar."""
        return np.array([not gap <= bar for gap, bar in zip(self.gaps, self.bars, strict=True)])


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the Jacobian: of an output by an input, each by its place in the flat vectors."""

    output: Part
    output_place: int
    input: Part
    input_place: int
    claimed: float
    numeric: float
    bar: float


@dataclass(frozen=True, slots=True)
class Located:
    """The worst entry that bisection led to, and the elements around it that were looked at."""

    entry: Entry
    sampled: Sampled
    others: tuple[tuple[str, bool], ...]


def locate(probe: Probe, mode: Mode) -> Located:
    """The entry that a mismatch along ``probe`` comes from, and a sample of its input's other elements."""
    search = _Search(probe, mode)
    place = search.worst_input()
    sampled = search.sample(place)
    entry = search.entry(place, sampled)
    return Located(entry, sampled, search.by_input())


def part_of(parts: Any, place: int) -> Part:
    """The tensor that a place of the flat vector belongs to."""
    found: Part = next(part for part in parts if part.start <= place < part.stop)
    return found


class _Search:
    """Bisection for one mismatch; it holds what is asked for again and again."""

    def __init__(self, probe: Probe, mode: Mode) -> None:
        self.probe, self.mode = probe, mode
        self.problem: Problem = probe.problem
        self.ct = probe.ct
        self.gradient = self.problem.vjp(self.ct) if mode == "reverse" else None

    def slope(self, t: Vector) -> Slope:
        """Slopes of all outputs along a direction, from few steps."""
        line = Probe(self.problem, t, self.ct).line_or_nan
        eps = self.problem.eps
        return slope_of(line, self.problem.here, steps=steps_for(eps)[_SHORT], eps=eps)

    def claim(self, t: Vector, ct: Vector) -> float:
        """What the mode says along a direction, for a cotangent."""
        if self.mode == "forward":
            return float(np.dot(ct, self.problem.jvp(t)))
        known = self.gradient if ct is self.ct else None
        gradient = self.problem.vjp(ct) if known is None else known
        return float(np.dot(gradient[t != 0], t[t != 0]))

    def unit(self, place: int) -> Vector:
        """The direction of one element."""
        t = np.zeros(self.problem.point.shape)
        t[place] = 1.0
        return t

    def worst_input(self) -> int:
        """The element of the inputs that the larger part of the mismatch leads to, half by half."""
        if self.gradient is not None and not np.isfinite(self.gradient).all():
            return int(np.flatnonzero(~np.isfinite(self.gradient))[0])

        def error(places: Places) -> float:
            t = np.zeros(self.problem.point.shape)
            t[places] = self.probe.t[places]
            return self.claim(t, self.ct) - float(np.dot(self.ct, self.slope(t).value))

        return _bisect(np.flatnonzero(self.probe.t), error)

    def entry(self, place: int, sampled: Sampled) -> Entry:
        """The output whose slope by the given input is claimed most wrongly."""
        t = self.unit(place)
        slope = self.slope(t)
        if self.mode == "forward":
            claimed = self.problem.jvp(t)
            gaps = np.abs(claimed - slope.value)
            output = int(np.argmax(np.where(np.isfinite(gaps), gaps, np.inf)))
            value = float(claimed[output])
        else:

            def error(places: Places) -> float:
                ct = np.zeros(self.ct.shape)
                ct[places] = self.ct[places]
                return self.claim(t, ct) - float(np.dot(ct, slope.value))

            output = _bisect(np.flatnonzero(self.ct), error)
            ct = np.zeros(self.ct.shape)
            ct[output] = 1.0
            value = float(self.problem.vjp(ct)[place])
        return Entry(
            part_of(self.problem.outputs, output),
            output,
            sampled.part,
            place,
            value,
            float(slope.value[output]),
            float(slope.error[output]),
        )

    def sample(self, place: int) -> Sampled:
        """The element found, and others of the same input, spread evenly."""
        part = part_of(self.problem.inputs, place)
        count = min(LOOKED_AT, part.stop - part.start)
        places = np.unique(np.linspace(part.start, part.stop - 1, count).astype(np.intp))
        places = np.unique(np.append(_with_partners(part, places), place))
        slopes = [self.slope(self.unit(int(i))) for i in places]
        columns = np.array([slope.value for slope in slopes])
        if self.gradient is None:
            claimed = np.array([self.claim(self.unit(int(i)), self.ct) for i in places])
        else:
            claimed = self.gradient[places]
        errors = np.array([np.sqrt(np.sum((self.ct * slope.error) ** 2)) for slope in slopes])
        slack = max(_WRONG, 64 * self.problem.claim_eps) * (np.abs(columns) @ np.abs(self.ct))
        return Sampled(part, places, self.ct, claimed, columns, 3 * errors + slack)

    def by_input(self) -> tuple[tuple[str, bool], ...]:
        """For each input, up to eight of them, whether the claim is wrong along it."""
        told = []
        for part in self.problem.inputs[:8]:
            t = np.zeros(self.problem.point.shape)
            t[part.start : part.stop] = self.probe.t[part.start : part.stop]
            slope = self.slope(t)
            gap = abs(self.claim(t, self.ct) - float(np.dot(self.ct, slope.value)))
            size = float(np.abs(self.ct * slope.value).sum())
            bar = 3 * float(np.abs(self.ct * slope.error).sum()) + _WRONG * size
            told.append((part.name, not gap <= bar))
        return tuple(told)


def _bisect(places: Places, error: Callable[[Places], float]) -> int:
    whole = error(places)
    while places.size > 1:
        first, second = np.array_split(places, 2)
        one = error(first)
        other = error(second) if not np.isfinite(one) else whole - one
        worse = np.nan_to_num(abs(one), nan=np.inf) >= np.nan_to_num(abs(other), nan=np.inf)
        places, whole = (first, one) if worse else (second, other)
    return int(places[0])


def _with_partners(part: Part, places: Places) -> Places:
    """The places, and those of the other half of each complex number, so that conjugation can be seen."""
    if not part.is_complex:
        return places
    return np.concatenate([places, part.start + ((places - part.start) ^ 1)])
