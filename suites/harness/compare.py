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
    if expected.shape != actual.shape:
        return [Difference(where, _shape(expected), _shape(actual), np.inf, 0.0, kind="shape")]
    error, bound = _errors(expected, actual, tolerance)
    ratio = _over_bound(error, bound)
    bad = np.flatnonzero(ratio > 1)
    order = bad[np.argsort(-ratio.ravel()[bad], kind="stable")]
    return [_difference(int(flat), expected, actual, error, bound, where) for flat in order[:SHOWN]]


def worst_error(expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance) -> Worst:
    """The largest error in units of the bound, in ulps of the dtype, and as it is. Shapes must agree."""
    if expected.size == 0 or expected.shape != actual.shape:
        return Worst(0.0, 0.0, 0.0)
    error, bound = _errors(expected, actual, tolerance)
    # Near zero an ulp says nothing: what is smaller than the absolute bound is measured at that bound.
    spacing = np.maximum(_magnitude(expected), np.maximum(tolerance.atol, _SMALLEST))
    ulps = error / (tolerance.eps * 2.0 ** np.floor(np.log2(spacing))) if tolerance.eps else error
    return Worst(_largest(_over_bound(error, bound)), _largest(ulps), _largest(error))


def worst_first(differences: Sequence[Difference]) -> list[Difference]:
    """The differences of several comparisons in one list, by how far they exceed their bound."""
    return sorted(differences, key=lambda d: -(d.error / d.bound if d.bound else np.inf))


def _errors(
    expected: NDArray[Any], actual: NDArray[Any], tolerance: Tolerance
) -> tuple[NDArray[Any], NDArray[Any]]:
    wide_expected, wide_actual = _widened(expected), _widened(actual)
    with np.errstate(all="ignore"):
        error = np.abs(wide_actual - wide_expected).astype(np.float64)
        same = (wide_actual == wide_expected) | (np.isnan(wide_actual) & np.isnan(wide_expected))
        error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
        is_counted = expected.dtype.kind not in "fc"  # what is counted or chosen is not rounded
        bound = (
            np.zeros(expected.shape)
            if is_counted
            else tolerance.atol + tolerance.rtol * _magnitude(expected)
        )
    return error, np.where(np.isfinite(bound), bound, tolerance.atol)


def _over_bound(error: NDArray[Any], bound: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        return np.where(error == 0, 0.0, np.where(bound == 0, np.inf, error / bound))


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    if np.iscomplexobj(array):
        return array.astype(np.complex128)
    if array.dtype.kind in "iu":
        return array.astype(np.longdouble)  # 64-bit integers are not all float64
    return array.astype(np.float64)


def _magnitude(array: NDArray[Any]) -> NDArray[Any]:
    magnitude = np.abs(_widened(array)).astype(np.float64)
    return np.where(np.isfinite(magnitude), magnitude, 0.0)


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
