"""Derivatives of plain functions along a direction, by differences alone: a witness that knows none of the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

ArrayFn = Callable[[NDArray[Any]], NDArray[Any]]
LineFn = Callable[[float], NDArray[Any]]

_EPS = float(np.finfo(np.float64).eps)
_FIRST_STEP = 2.0**-4
_SHRINK = 4.0
_LEVELS = 9
_KINK_SHARE = 0.1
_KINK_NOISE = 1e3
_STUCK_SHARE = 0.5  # steps shrink by a quarter, and so do the bends of a smooth function


class ShapeChangedError(ValueError):
    """The function gave another shape at a perturbed point, so there is no difference to take."""

    def __init__(self, at_point: tuple[int, ...], nearby: tuple[int, ...]) -> None:
        super().__init__(
            f"the function gave shape {nearby} at a perturbed point, and {at_point} at the point itself"
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative with its error bar, element by element.

    ``kink`` marks elements whose one-sided derivatives differ, where no two-sided difference decides anything.
    ``steps`` has, for each step, the largest distance of the plain central difference from the value.
    """

    value: NDArray[Any]
    error: NDArray[Any]
    kink: NDArray[Any]
    steps: tuple[tuple[float, float], ...]

    def decides(self, *, rtol: float, atol: float) -> NDArray[Any]:
        """Where the error bar is small enough to tell apart what differs by more than the bound."""
        sure = self.error <= atol + rtol * np.abs(self.value)
        return np.asarray(sure & ~self.kink)


def numerical_jvp(fn: ArrayFn, x: NDArray[Any], t: NDArray[Any], *, step: float) -> NDArray[Any]:
    """Derivative of ``fn`` at ``x`` along ``t``, by central differences.

    Args:
        fn: from shape (*in) to shape (*out), real or complex; called twice.
        x: the point, shape (*in).
        t: direction, shape (*in). Only real multiples of it are taken, so ``fn`` need not be holomorphic.
        step: in units of ``t``. The error is about step**2 plus eps / step.

    Raises:
        ShapeChangedError: ``fn`` gave another shape at a perturbed point.
    """
    return _central(lambda s: np.asarray(fn(x + s * t)), step)


def derivative(line: LineFn, *, scale: float = 1.0) -> Estimate:
    """Derivative at 0 of a function of one real number, with an error bar from steps of several sizes.

    Central differences at shrinking steps are extrapolated to step zero (Richardson), and the column with the
    smallest disagreement is taken, element by element (Ridders, Advances in Engineering Software 4, 1982).

    Args:
        line: from a number to shape (*out), real or complex; called 19 times.
        scale: the length over which ``line`` changes; the first step is a sixteenth of it.

    Raises:
        ShapeChangedError: ``line`` gave another shape at a perturbed point.
    """
    here = np.asarray(line(0.0))
    steps = [scale * _FIRST_STEP / _SHRINK**i for i in range(_LEVELS)]
    with np.errstate(all="ignore"):
        sides = [(_at(line, h, here), _at(line, -h, here)) for h in steps]
        slopes = [
            (ahead - behind) / (2 * h) for h, (ahead, behind) in zip(steps, sides, strict=True)
        ]
        noise, bends = _noise(here, sides), bends_of(here, sides, steps)
        value, error = _extrapolate(slopes, [noise / h for h in steps], _stuck(bends))
        kink = _kinks(bends, noise / steps[-1])
    shown = tuple(
        (h, _largest(np.abs(slope - value))) for h, slope in zip(steps, slopes, strict=True)
    )
    return Estimate(value, error, kink, shown)


def directional(
    fn: Callable[..., NDArray[Any]], points: list[NDArray[Any]], ts: list[NDArray[Any]]
) -> Estimate:
    """Derivative of a function of several arrays along one direction over all of them.

    Raises:
        ShapeChangedError: ``fn`` gave another shape at a perturbed point.
    """
    return derivative(
        lambda s: np.asarray(fn(*(x + s * t for x, t in zip(points, ts, strict=True))))
    )


def _central(line: LineFn, step: float) -> NDArray[Any]:
    ahead, behind = np.asarray(line(step)), np.asarray(line(-step))
    if ahead.shape != behind.shape:
        raise ShapeChangedError(ahead.shape, behind.shape)
    return np.asarray((ahead - behind) / (2 * step))


def _at(line: LineFn, s: float, here: NDArray[Any]) -> NDArray[Any]:
    there = np.asarray(line(s))
    if there.shape != here.shape:
        raise ShapeChangedError(here.shape, there.shape)
    return there


def _noise(here: NDArray[Any], sides: list[tuple[NDArray[Any], NDArray[Any]]]) -> NDArray[Any]:
    """What rounding alone may change in a value of the function."""
    sizes = [np.abs(here)] + [np.abs(side) for pair in sides for side in pair]
    return np.asarray(_EPS * np.nanmax(np.where(np.isfinite(sizes), sizes, 0.0), axis=0))


def _extrapolate(
    slopes: list[NDArray[Any]], noise: list[NDArray[Any]], stuck: list[NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The entry of the Richardson table whose neighbours agree best, and by how much they do not."""
    best = slopes[0]
    bar = np.full(best.shape, np.inf)
    row = [slopes[0]]
    for level in range(1, len(slopes)):
        above, row = row, [slopes[level]]
        for order in range(1, level + 1):
            gain = _SHRINK ** (2 * order)
            row.append((gain * row[-1] - above[order - 1]) / (gain - 1))
            spread = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - above[order - 1]))
            spread = np.where(np.isnan(spread), np.inf, spread) + noise[level] + stuck[level]
            better = spread < bar
            best, bar = np.where(better, row[-1], best), np.where(better, spread, bar)
    return np.asarray(best), np.asarray(bar)


def bends_of(
    here: NDArray[Any], sides: Sequence[tuple[NDArray[Any], NDArray[Any]]], steps: Sequence[float]
) -> list[NDArray[Any]]:
    """The distance of the one-sided slopes at each step: where a function is smooth, it shrinks as the step does."""
    bends = [
        np.abs(ahead - 2 * here + behind) / h
        for h, (ahead, behind) in zip(steps, sides, strict=True)
    ]
    return [np.where(np.isfinite(bend), bend, 0.0) for bend in bends]


def _stuck(bends: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """How far each slope may be off where the one-sided ones come no closer with its step.

    Beside a kink that is nearer than the steps they are steady, and so is their mean, which is no slope at all.
    """
    stuck = [
        np.where(fine > _STUCK_SHARE * coarse, fine / 2, 0.0) for coarse, fine in pairwise(bends)
    ]
    return [np.zeros_like(bends[0]), *stuck]


def _kinks(bends: list[NDArray[Any]], noise: NDArray[Any]) -> NDArray[Any]:
    """Where the one-sided slopes at the smallest step are as far apart as anywhere."""
    least = np.maximum(_KINK_SHARE * np.max(bends, axis=0), _KINK_NOISE * noise)
    return np.asarray(bends[-1] > least)


def _largest(values: NDArray[Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.max(finite)) if finite.size else 0.0
