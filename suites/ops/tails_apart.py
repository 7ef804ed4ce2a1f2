"""Left tails that are formed as 1/2 + erf(x / sqrt(2)) / 2, of which the further out, the less is left."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart

# Note [How far a tail is off]
# What is left of the sum has lost as many ulps as 1 is times larger. From a shoulder on that is more than the bound of
# a number that stands for itself allows, now and then, as the roundings fall; such samples are held to ulps of 1, which
# is all that the formula promises. In the tail no rounding can hide it: of 2e-8 float32 keeps nothing or the triple.
_SHOULDER = -1.5
_TAIL = -5.6

SHOULDER = "left-shoulder"  # its values are judged by their array


def _least(case: Case) -> float:
    x = case.args[0]
    return float(np.min(x, initial=0.0, where=np.isfinite(x)))


def _is_in_tail(case: Case) -> bool:
    return _least(case) < _TAIL


def _is_on_shoulder(case: Case) -> bool:
    return _TAIL <= _least(case) < _SHOULDER


_NORMAL_INTEGRALS = ("special.ndtr", "nn.functional.gelu")
_VALUES = ("value", "value-edges")

TAILS_APART: tuple[Apart, ...] = (
    Apart(_NORMAL_INTEGRALS, _VALUES, "left-tail", _is_in_tail),
    Apart(_NORMAL_INTEGRALS, _VALUES, SHOULDER, _is_on_shoulder),
)
