"""Where torch's second derivatives of elementwise operators and special functions are known to be wrong."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.apart import Apart

Array = NDArray[Any]


def power_of(case: Case) -> tuple[Array, Array, Sequence[bool]]:
    """Base and exponent, and whether each of them is differentiated."""
    numbers = itertools.count()
    by = [isinstance(x, np.ndarray) and next(numbers) in case.differentiable for x in case.args[:2]]
    parts = [np.asarray(x) for x in case.args[:2]]
    if case.op == "__rpow__":
        parts, by = parts[::-1], by[::-1]
    return parts[0], parts[1], by


def _raises_to_zero(case: Case) -> bool:
    """Whether an exponent 0 is a tensor's, at which the slope by the base is cut out with what it does beside it.

    That shows in the derivative by the exponent, and where the base is 0 as well.
    """
    base, exponent, (by_base, by_exponent) = power_of(case)
    is_tensor = isinstance(case.args[0 if case.op == "__rpow__" else 1], np.ndarray)
    shows = np.asarray(by_exponent) | (base == 0)
    return by_base and is_tensor and bool(np.any((exponent == 0) & shows))


def _raises_zero(case: Case) -> bool:
    """Whether a 0 is raised to a power that is differentiated, where not all that is asked for is infinite.

    By the exponent alone it is finite at all of them, with the base from 1 on.
    """
    base, exponent, (by_base, by_exponent) = power_of(case)
    return by_exponent and bool(np.any((base == 0) & (exponent.real >= float(by_base))))


def _is_far_apart(case: Case) -> bool:
    """Whether the exponential of how far an operand lies below the other overflows; masked ones are minus infinity."""
    largest = np.log2 if case.op == "logaddexp2" else np.log
    limit = float(largest(np.finfo(_REAL_OF.get(case.dtype, "float64")).max))
    masks = [case.kwargs.get(name) for name in ("input_mask", "other_mask")]
    shown = [np.asarray(True if mask is None else mask) for mask in masks]
    parts = [np.where(shown[i], np.asarray(case.args[i]).real, -np.inf) for i in range(2)]
    for i in case.differentiable:
        with np.errstate(invalid="ignore"):
            below = parts[1 - i] - parts[i] > limit
        if np.any(below & (shown[i] | (1 - i in case.differentiable))):
            return True
    return False


_REAL_OF = {"float32": "float32", "complex64": "float32"}


def _has_zero(case: Case) -> bool:
    return bool(np.any(case.args[0] == 0))


def _has_complex_zero(case: Case) -> bool:
    return case.args[0].dtype.kind == "c" and _has_zero(case)


def _meets_origin(case: Case) -> bool:
    y, x = np.broadcast_arrays(*case.args[:2])
    return bool(np.any((x == 0) & (y == 0)))


def _is_infinite(case: Case) -> bool:
    return bool(np.any(np.isinf(case.args[0])))


def _is_far_left(case: Case) -> bool:
    return bool(np.any(case.args[0] < _FAR_LEFT))


_FAR_LEFT = (
    -15.0
)  # from where on an ulp times the fourth power of the number is more than the bound


def _meets_poles(case: Case) -> bool:
    """Whether trigamma is asked for at a negative whole number, and not at 0 as well, where torch finds the pole.

    mvlgamma asks for it at x, x - 1/2, x - 1 and so on.
    """
    x = case.args[0]
    steps = case.args[1] if case.op.startswith("mvlgamma") else 1
    terms = np.stack([x - 0.5 * i for i in range(steps)])
    poles = np.isfinite(terms) & (terms < 0) & (terms == np.round(terms))
    return bool(np.any(np.any(poles, axis=0) & np.all(terms != 0, axis=0)))


def _is_near_zero(case: Case) -> bool:
    size = np.abs(case.args[0])
    return bool(np.any((size > 0) & (size < _NEAR_ZERO)))


_NEAR_ZERO = 1e-2  # an ulp over the square of it, or ulps of several over it, are what the bound has room for

EDGES = ("double-edges",)
SECOND = ("double", "reverse-over-forward", "forward-over-reverse")
POWERS = ("pow", "float_power", "__rpow__")
POLYGAMMA = (
    *(f"polygamma.polygamma_n_{n}" for n in range(5)),
    "special.polygamma.special_polygamma_n_0",
)
MVLGAMMA = tuple(f"mvlgamma.mvlgamma_p_{p}" for p in (1, 3, 5))

DOUBLE_POINTWISE: tuple[Apart, ...] = (
    Apart(POWERS, EDGES, "zero-exponent", _raises_to_zero),
    Apart(POWERS, EDGES, "zero-base", _raises_zero),
    Apart(("__rpow__",), ("double", "reverse-over-forward"), "zero-base", _raises_zero),
    Apart(("logaddexp", "logaddexp2", "masked.logaddexp"), EDGES, "far-apart", _is_far_apart),
    Apart(("atan2",), EDGES, "origin", _meets_origin),
    Apart(("polar",), EDGES, "at-zero", _has_zero),
    Apart(("sgn", "angle"), EDGES, "at-zero", _has_complex_zero),
    Apart(("copysign",), EDGES, "at-zero", _has_zero),
    Apart(("copysign", "polar"), (*EDGES, *SECOND), "near-zero", _is_near_zero),
    Apart(("copysign", "digamma", *POLYGAMMA), EDGES, "at-infinity", _is_infinite),
    Apart(("logcumsumexp", "special.log_ndtr"), EDGES, "at-infinity", _is_infinite),
    Apart(("lgamma", *MVLGAMMA), EDGES, "at-poles", _meets_poles),
    Apart(("special.log_ndtr",), EDGES, "far-left", _is_far_left),
    Apart(("sinc",), EDGES, "at-zero", _has_zero),
    Apart(("sinc",), EDGES, "near-zero", _is_near_zero),
    Apart(("special.i1", "special.i1e"), (*EDGES, *SECOND), "near-zero", _is_near_zero),
)
