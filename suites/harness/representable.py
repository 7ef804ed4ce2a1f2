"""Numbers that a dtype has: float64 arrays rounded as torch rounds them, so that both sides are asked the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.subject import PARTS

_DIGITS = 8  # of bfloat16, in base 2
_LEAST_EXPONENT = -125  # of its smallest normal number, as frexp counts


def rounded(array: NDArray[Any], dtype: str) -> NDArray[Any]:
    """The nearest numbers of ``dtype``, ties to even, as an array of the dtype that it was; no counts."""
    if array.dtype.kind == "c":
        near = np.empty_like(array)
        near.real, near.imag = rounded(array.real, dtype), rounded(array.imag, dtype)
        return near
    part = PARTS.get(dtype, dtype)
    if array.dtype.kind != "f" or part == "float64":
        return array
    with np.errstate(over="ignore"):
        near = _to_bfloat16(array) if part == "bfloat16" else array.astype(part)
    return np.asarray(near.astype(array.dtype))


def _to_bfloat16(array: NDArray[Any]) -> NDArray[Any]:
    _, exponent = np.frexp(array)
    places = _DIGITS - np.maximum(exponent, _LEAST_EXPONENT)
    near = np.ldexp(np.round(np.ldexp(array, places)), -places)
    return np.asarray(near.astype(np.float32))  # beyond its range stand infinities
