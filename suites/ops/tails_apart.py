"""Where torch loses the digits of a function's tail, or its tail: what is set apart, and how it is judged."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart

# Note [How far a tail is off]
# Where a small number is formed as a difference of large ones - the normal integral as 1/2 + erf(x / sqrt(2)) / 2 - as
# many ulps are lost as the large ones are larger. From a shoulder on that is more than the bound of a number that
# stands for itself allows, now and then, as the roundings fall; such samples are held to ulps of 1, which is all that
# the formula promises. In the tail no rounding can hide it: of 2e-8 float32 keeps nothing or the triple.
_SHOULDER = -1.5
_TAIL = -5.6

SHOULDER = "left-shoulder"
FAR_OUT = "far-out"
_FAR = 1e6

# The derivatives that are judged by their array, since torch loses digits of the small ones as it forms them; only
# where no rounding can hide it, under the label, each stands for itself.
LOSING_DERIVATIVES = {
    "nn.functional.gelu": "left-tail",
    "nn.functional.softsign": FAR_OUT,
    "special.i0e": FAR_OUT,
    "special.i1e": FAR_OUT,
    "special.erfcx": None,  # suites/findings/erfcx_gradient_of_large_arguments.py
    "sinc": None,  # suites/findings/sinc_gradient_near_zero.py
    # From the rounded result, of which nothing tells how close to its limit it is.
    **dict.fromkeys(
        (
            "expm1", "sigmoid", "tan", "tanh", "nn.functional.tanhshrink", "nn.functional.elu", "nn.functional.celu",
            "nn.functional.selu",
        )
    ),
}  # fmt: skip


def is_judged_by_array(op: str, check: str, label: str | None) -> bool:
    """Whether small values, or derivatives, of a function of one number hide behind large ones."""
    if check == "value":
        return label == SHOULDER
    return op in LOSING_DERIVATIVES and (label is None or label != LOSING_DERIVATIVES[op])


def _least(case: Case) -> float:
    x = case.args[0]
    return float(np.min(x, initial=0.0, where=np.isfinite(x)))


def _is_in_tail(case: Case) -> bool:
    return _least(case) < _TAIL


def _slope_is_in_tail(case: Case) -> bool:
    return case.dtype in _HALVES and _is_in_tail(case)  # an ulp of a coarse dtype hides it


def _is_on_shoulder(case: Case) -> bool:
    return _TAIL <= _least(case) < _SHOULDER


def _is_far_out(case: Case) -> bool:
    x = case.args[0]
    return bool(np.any(np.isfinite(x) & (np.abs(x) >= _FAR)))


# From where on half the exponential is a number of the dtype, but the exponential is not; and up to where.
_HALVES = {"float64": (709.79, 710.475), "float32": (88.73, 89.41)}
_LANES = 16  # of so many numbers or more some are computed several at a time


def _has_half_an_exponential(case: Case) -> bool:
    x = np.abs(case.args[0])
    low, high = _HALVES.get(case.dtype, _HALVES["float64"])
    return x.size >= _LANES and x.dtype.kind == "f" and bool(np.any((x > low) & (x < high)))


_NORMAL_INTEGRALS = ("special.ndtr", "nn.functional.gelu")
_VALUES = ("value", "value-edges")
_DERIVATIVES = ("vjp", "jvp", "vjp-edges", "jvp-edges")
_AT_EDGES = (
    "value-edges", "vjp-edges", "jvp-edges", "double-edges", "reverse-over-forward-edges", "forward-over-reverse-edges",
)  # fmt: skip

TAILS_APART: tuple[Apart, ...] = (
    Apart(_NORMAL_INTEGRALS, _VALUES, "left-tail", _is_in_tail),
    Apart(_NORMAL_INTEGRALS, _VALUES, SHOULDER, _is_on_shoulder),
    Apart(("nn.functional.gelu",), _DERIVATIVES, "left-tail", _slope_is_in_tail),
    Apart(
        ("nn.functional.softsign", "special.i0e", "special.i1e"),
        ("vjp-edges", "jvp-edges"),
        FAR_OUT,
        _is_far_out,
    ),
    Apart(("sinh", "cosh"), _AT_EDGES, "half-an-exponential", _has_half_an_exponential),
)
