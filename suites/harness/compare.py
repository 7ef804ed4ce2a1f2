"""Two arrays side by side: where they differ, by how much, worst element first."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.tolerances import EXACT, Tolerance

SHOWN = 5
_SMALLEST = sys.float_info.min


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers lie further apart than the bound allows."""

    where: str
    expected: str
    actual: str
    error: float
    bound: float
    kind: str = "value"


@dataclass(frozen=True, slots=True)
class Worst:
    """The largest error of a comparison, whether it passed or not."""

    over_bound: float
    ulps: float
    absolute: float


_NO_ERROR = Worst(0.0, 0.0, 0.0)


def compare(
    expected: NDArray[Any],
    actual: NDArray[Any],
    tolerance: Tolerance = EXACT,
    *,
    where: str = "value",
) -> list[Difference]:
    """The elements of ``actual`` that lie outside the bound around ``expected``, worst first.

    NaN equals NaN, an infinity equals itself. A difference in shape is one difference, and the only one.
    """
    return compared(expected, actual, tolerance, where=where)[0]


def worst_error(expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance) -> Worst:
    """The largest error in units of the bound, in ulps of the dtype, and as it is. Shapes must agree."""
    return compared(expected, actual, tolerance)[1]


def compared(
    expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance, *, where: str = "value"
) -> tuple[list[Difference], Worst]:
    """What ``compare`` and ``worst_error`` say, at the price of one."""
    if expected.shape != actual.shape:
        shapes = Difference(where, _shape(expected), _shape(actual), np.inf, 0.0, kind="shape")
        return [shapes], _NO_ERROR
    if expected.size == 0:
        return [], _NO_ERROR
    error, bound, size = _errors(expected, actual, tolerance)
    if not error.any():
        return [], _NO_ERROR
    ratio = _over_bound(error, bound)
    bad = np.flatnonzero(ratio > 1)
    order = bad[np.argsort(-ratio.ravel()[bad], kind="stable")][:SHOWN]
    differences = [_difference(int(at), expected, actual, error, bound, where) for at in order]
    # Near zero an ulp says nothing: what is smaller than the absolute bound is measured at that bound.
    spacing = np.maximum(size, np.maximum(tolerance.atol, _SMALLEST))
    ulps = error / (tolerance.eps * 2.0 ** np.floor(np.log2(spacing))) if tolerance.eps else error
    return differences, Worst(_largest(ratio), _largest(ulps), _largest(error))


def worst_first(differences: Sequence[Difference]) -> list[Difference]:
    """The differences of several comparisons in one list, by how far they exceed their bound."""
    return sorted(differences, key=lambda d: -(d.error / d.bound if d.bound else np.inf))


def _errors(
    expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Per element: how far apart, how far apart they may be, and the size of what was expected (0 for no number)."""
    wide_expected, wide_actual = _widened(expected), _widened(actual)
    with np.errstate(all="ignore"):
        error = np.abs(wide_actual - wide_expected).astype(np.float64, copy=False)
        if not np.isfinite(error).all():
            same = (wide_actual == wide_expected) | (
                np.isnan(wide_actual) & np.isnan(wide_expected)
            )
            error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
        size = np.abs(wide_expected).astype(np.float64, copy=False)
        if not np.isfinite(size).all():
            size = np.where(np.isfinite(size), size, 0.0)
        if expected.dtype.kind not in "fc":  # what is counted or chosen is not rounded
            return error, np.zeros(expected.shape), size
        return error, tolerance.atol + tolerance.rtol * size, size


def _over_bound(error: NDArray[Any], bound: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.asarray(np.where(error == 0, 0.0, np.where(bound == 0, np.inf, error / bound)))


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    kind = array.dtype.kind
    if kind == "c":
        return array.astype(np.complex128, copy=False)
    if kind in "iu":
        return array.astype(np.longdouble)  # 64-bit integers are not all float64
    return array.astype(np.float64, copy=False)


def _largest(values: NDArray[Any]) -> float:
    return float(np.max(values)) if values.size else 0.0


def _difference(
    flat: int,
    expected: NDArray[Any],
    actual: NDArray[Any],
    error: NDArray[Any],
    bound: NDArray[Any],
    where: str,
) -> Difference:
    index = tuple(int(i) for i in np.unravel_index(flat, expected.shape))
    place = f"{where} at {index}" if index else where
    return Difference(
        place,
        number_text(expected[index]),
        number_text(actual[index]),
        float(error[index]),
        float(bound[index]),
    )


def number_text(value: Any) -> str:
    """A number so that it reads back as itself."""
    item = value.item() if hasattr(value, "item") else value
    return repr(item)


def _shape(array: NDArray[Any]) -> str:
    return f"shape {tuple(array.shape)}"
