"""Where torch is known to answer NaN at infinities, or beyond the largest number, though there is a limit."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart
from suites.ops.double_pointwise_apart import POWERS, power_of
from suites.ops.matrix_conditions import is_single, options


def _meets_infinity(case: Case) -> bool:
    return any(x.dtype.kind == "f" and bool(np.any(np.isinf(x))) for x in case.inputs())


def _meets_positive_infinity(case: Case) -> bool:
    return bool(np.any(np.isposinf(case.args[0])))


def _is_far_right(case: Case) -> bool:
    """Whether an ulp times the argument, which is lost of the second derivative of erfcx, is more than its bound."""
    return bool(np.any(case.args[0] > _FAR_RIGHT))


_FAR_RIGHT = 60.0


def _overflows(case: Case) -> bool:
    """Whether e^|x| is beyond the largest number of the dtype, where torch's I0 and I1 are infinite."""
    first, _ = _OVERFLOW.get(case.dtype, _NOWHERE)
    return bool(np.any(np.abs(case.args[0]) > first))


def _nearly_overflows(case: Case) -> bool:
    """Whether e^|x| is beyond the largest number, and the Bessel functions I0 and I1 are not."""
    first, last = _OVERFLOW.get(case.dtype, _NOWHERE)
    size = np.abs(case.args[0])
    return bool(np.any((size > first) & (size < last)))


# log of the largest number, and where I1 is that large, each with what its neighbours' rounding takes.
_OVERFLOW = {
    "float64": (709.78, 713.99),
    **dict.fromkeys(("float32", "bfloat16"), (88.7, 91.91)),
}
_NOWHERE = (np.inf, -np.inf)


def _raises_to_infinity(case: Case) -> bool:
    """Whether a power is 0 at an infinite base or exponent, and differentiated by what torch gives NaN for."""
    base, exponent, (by_base, by_exponent) = power_of(case)
    if "c" in {base.dtype.kind, exponent.dtype.kind}:
        return False
    size = np.abs(base)
    by_limit = ((size > 1) & np.isneginf(exponent)) | ((size < 1) & np.isposinf(exponent))
    at_limit = np.isposinf(base) & (exponent < 0)
    return bool(np.any((by_base & by_limit) | (by_exponent & at_limit)))


def _raises_infinity(case: Case) -> bool:
    """Whether the power of an infinite base is differentiated by its exponent."""
    base, exponent, (_, by_exponent) = power_of(case)
    if "c" in {base.dtype.kind, exponent.dtype.kind}:
        return False
    return by_exponent and bool(np.any(np.isposinf(base)))


def _raises_distances_beyond_range(case: Case) -> bool:
    """Whether the order of a distance raises a difference beyond the largest number, though the distance is one."""
    x, order = options(case, "p")
    order = 2.0 if order is None else order
    if not np.isfinite(order) or order == 0 or x.shape[-2] < _PAIR:
        return False
    gaps = np.abs(x[..., :, None, :] - x[..., None, :, :])
    largest = np.log(np.finfo("f4" if is_single(case) else "f8").max)
    return bool(np.log(np.max(gaps, initial=1.0)) * order > largest)


_PAIR = 2

FIRST = ("value-edges", "vjp-edges", "jvp-edges")
DERIVATIVES = (*FIRST[1:], "double-edges")
CURVES = tuple(f"nn.functional.{name}" for name in ("silu", "gelu", "mish", "softsign"))

INFINITE: tuple[Apart, ...] = (
    Apart((*CURVES, "i0"), (*FIRST, "double-edges"), "at-infinity", _meets_infinity),
    Apart(("nn.functional.hardswish",), ("value-edges",), "at-infinity", _meets_infinity),
    Apart(("hypot", "atan2"), DERIVATIVES, "at-infinity", _meets_infinity),
    Apart(("special.erfcx",), DERIVATIVES, "at-infinity", _meets_positive_infinity),
    Apart(("special.erfcx",), ("double-edges",), "far-right", _is_far_right),
    Apart(POWERS, DERIVATIVES, "at-infinity", _raises_to_infinity),
    Apart(POWERS, ("double-edges",), "at-infinity", _raises_infinity),
    Apart(("special.i1",), FIRST, "at-infinity", _meets_infinity),
    Apart(("special.i1",), DERIVATIVES, "overflow", _overflows),
    Apart(("i0",), ("double-edges",), "overflow", _overflows),
    Apart(("i0",), FIRST, "near-overflow", _nearly_overflows),
    Apart(("special.i1",), ("value-edges",), "near-overflow", _nearly_overflows),
    Apart(("nn.functional.pdist",), FIRST[:2], "overflow", _raises_distances_beyond_range),
)
