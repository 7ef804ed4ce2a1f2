"""The slope of a function of one real number from differences at several steps, with a bar that the steps measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.finite_difference import bends_of

Vector = NDArray[Any]
Line = Callable[[float], Vector]

_DOUBLE = 1e-12
_KINK_SHARE = 0.1
_KINK_NOISE = 1e3
_NOISE = 4.0
_STUCK_SHARE = 0.6  # steps shrink to a third or an eighth, and so do the bends of a smooth function


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope, element by element.

    ``error`` is its bar. ``half`` is half the distance between the one-sided slopes where these differ at every step (a
    kink at the point itself), and 0 elsewhere. ``usable`` marks elements that were finite at two neighbouring steps,
    ``moved`` those that changed at any.
    """

    value: Vector
    error: Vector
    half: Vector
    usable: NDArray[np.bool_]
    moved: NDArray[np.bool_]

    @property
    def kinks(self) -> int:
        """The number of elements on a kink."""
        return int(np.count_nonzero(self.half))


def steps_for(eps: float) -> list[float]:
    """Steps for values that carry rounding of ``eps``; the best one for a smooth function lies well inside."""
    if eps < _DOUBLE:
        return [2.0**-5 / 8.0**i for i in range(8)]
    return [2.0**-2 / 3.0**i for i in range(7)]


def slope_of(line: Line, here: Vector, *, steps: Sequence[float], eps: float) -> Slope:
    """Slope of ``line`` at 0.

    Central differences at shrinking steps are extrapolated in pairs (Richardson), which cancels the error of second
    order. The pair is taken whose neighbours agree best with it. Two disagreements in a row make the bar, since one
    alone is small by accident now and then.

    Args:
        line: from a number to shape (m,); may give nan where the function cannot be evaluated.
        here: ``line(0)``.
        steps: shrinking by a constant factor; four or more.
        eps: rounding of the values.
    """
    with np.errstate(all="ignore"):
        sides = [(line(h), line(-h)) for h in steps]
        slopes = [(a - b) / (2 * h) for h, (a, b) in zip(steps, sides, strict=True)]
        gain = (steps[0] / steps[1]) ** 2
        pairs = [(gain * fine - coarse) / (gain - 1) for coarse, fine in pairwise(slopes)]
        bends = bends_of(here, sides, steps)
        half = _halves(here, bends, steps, eps)
        bars = zip(_rounding(here, sides, steps, eps), _stuck(bends, half), strict=True)
        value, error = _steadiest(pairs, [rounding + stuck for rounding, stuck in bars])
    usable = np.isfinite(value) & np.isfinite(error)
    return Slope(
        np.where(usable, value, 0.0),
        np.where(usable, error, 0.0),
        np.where(usable, half, 0.0),
        usable,
        np.any([ahead != behind for ahead, behind in sides], axis=0),
    )


def finer(steps: Sequence[float], eps: float) -> list[float]:
    """Steps for functions that change over much shorter lengths."""
    return [h * (1e-4 if eps < _DOUBLE else 1e-2) for h in steps]


def better(first: Slope, second: Slope) -> Slope:
    """Of two slopes the one with the smaller bar, element by element."""
    # What stands still only when steps are short is rounded to a grid, and has no slope 0.
    on_grid = first.usable & first.moved & ~second.moved
    take = second.usable & ~on_grid & (~first.usable | (second.error < first.error))
    return Slope(
        np.where(take, second.value, first.value),
        np.where(take, second.error, first.error),
        np.where(first.usable, first.half, second.half),
        first.usable | second.usable,
        first.moved | second.moved,
    )


def _rounding(
    here: Vector, sides: Sequence[tuple[Vector, Vector]], steps: Sequence[float], eps: float
) -> list[Vector]:
    """What rounding of the values may move each pair by: nothing where they never move, all where they stop to."""
    bars = []
    has_moved = sides[0][0] != sides[0][1]
    for h, (ahead, behind) in zip(steps[1:], sides[1:], strict=True):
        size = np.maximum(np.abs(here), np.maximum(np.abs(ahead), np.abs(behind)))
        still = np.where(has_moved, np.inf, 0.0)
        bars.append(np.where(ahead == behind, still, _NOISE * eps * size / h))
        has_moved = has_moved | (ahead != behind)
    return bars


def _steadiest(pairs: list[Vector], rounding: list[Vector]) -> tuple[Vector, Vector]:
    gaps = [np.abs(b - a) for a, b in pairwise(pairs)]
    gaps = [np.where(np.isnan(gap), np.inf, gap) for gap in gaps]
    best, bar = pairs[-1], np.full(pairs[0].shape, np.inf)
    for i in range(len(gaps) - 1):
        spread = np.maximum(gaps[i], gaps[i + 1]) + rounding[i + 1]
        better = spread < bar
        best, bar = np.where(better, pairs[i + 1], best), np.where(better, spread, bar)
    return np.asarray(best), np.asarray(bar)


def _stuck(bends: list[Vector], half: Vector) -> list[Vector]:
    """How far each pair may be off where the one-sided slopes come no closer with its step.

    Beside a kink that is nearer than the steps they are steady, and so is their mean, which is no slope at all. At a
    kink itself it lies between them, and ``half`` says how far from them.
    """
    return [
        np.where((fine > _STUCK_SHARE * coarse) & (half == 0), fine / 2, 0.0)
        for coarse, fine in pairwise(bends)
    ]


def _halves(here: Vector, bends: list[Vector], steps: Sequence[float], eps: float) -> Vector:
    """Half the distance of the one-sided slopes at the smallest step, where it does not shrink as steps do.

    With what it has lost since the step before: at a kink a hair beside the point it shrinks with the last steps.
    """
    noise = _KINK_NOISE * eps * np.abs(here) / steps[-1]
    # Judged two steps before the last, where rounding weighs less.
    late = np.minimum(bends[-3], np.minimum(bends[-2], bends[-1]) + noise)
    noise = _KINK_NOISE * eps * np.abs(here) / steps[-3]
    at_point = late > np.maximum(_KINK_SHARE * np.max(bends, axis=0), noise)
    settling = np.maximum(bends[-4] - bends[-3], 0.0)
    return np.where(at_point, bends[-3] / 2 + settling, 0.0)
