"""Powers: of a tensor to a number, a number to a tensor, a tensor to a tensor."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.lang import array_of, is_complex, log, where, zeros_like
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _integer_power(base: Any, exponent: Any) -> Any:
    """Power of integers; 1 / base^n is cut off to an integer, which is 0 unless the base is 1 or -1."""
    made = np.power(base, np.maximum(exponent, 0))
    inverse = np.where(base == 1, 1, np.where(base == -1, 1 - 2 * (exponent % 2), 0))
    return np.where(exponent < 0, inverse, made).astype(made.dtype)


def _power(base: Any, exponent: Any) -> Any:
    if type(exponent) in (int, float) and base.dtype.kind == "f":
        return (
            base**exponent
        )  # the case of nearly all calls; NumPy squares faster than it raises to a power
    dtype = dtypes.result_dtype((base, exponent))
    if dtype.kind in "iu" and not isinstance(base, np.ndarray | np.generic | int):
        dtype = np.dtype(np.int64)
    a = base.astype(dtype, copy=False) if hasattr(base, "astype") else dtype.type(base)
    b = exponent.astype(dtype, copy=False) if hasattr(exponent, "astype") else dtype.type(exponent)
    if dtype.kind not in "iu":
        return np.power(a, b)
    if not hasattr(exponent, "astype") and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _integer_power(a, b)


def _number_slope(self: Any, exponent: Any) -> Any:
    """d x^p / dx = p x^(p-1), and 0 for p = 0 even where x^(-1) is infinite."""
    return zeros_like(self) if exponent == 0 else exponent * self ** (exponent - 1)


pow_number = define_op(
    "pow.number",
    node="PowBackward0",
    forward=_power,
    inputs=("self",),
    params={"exponent": None},
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self, exponent: ct * _number_slope(self, exponent).conjugate()},
    jvp=lambda self, self_t, exponent: self_t * _number_slope(self, exponent),
    method=False,
)


def _base_slope(self: Any, exponent: Any) -> Any:
    return where(array_of(exponent) == 0, 0.0, exponent * self ** (exponent - 1))


def _exponent_slope(base: Any, exponent: Any, result: Any) -> Any:
    """d x^y / dy = x^y log x; its limit 0 where x is 0 and y has no negative real part."""
    limit = (array_of(base) == 0) & (array_of(exponent).real >= 0)
    return where(limit, 0.0, result * _log(base, is_complex(result)))


def _log(base: Any, wide: bool) -> Any:
    """Logarithm of a number or of a tensor, complex where the power is."""
    if not isinstance(base, int | float | complex) or isinstance(base, np.generic):
        return log(base + 0j) if wide and not is_complex(base) else log(base)
    if base == 0:
        return -math.inf
    if wide or isinstance(base, complex):
        return cmath.log(base)
    return math.log(base) if base > 0 else math.nan


pow_tensor = define_op(
    "pow.tensor",
    node="PowBackward1",
    forward=_power,
    inputs=("self", "exponent"),
    params={},
    pointwise=True,
    promote=None,
    vjp={
        "self": lambda ct, self, exponent: ct * _base_slope(self, exponent).conjugate(),
        "exponent": lambda ct, self, exponent, result: (
            ct * _exponent_slope(self, exponent, result).conjugate()
        ),
    },
    jvp=lambda self, exponent, result, self_t, exponent_t: (
        self_t * _base_slope(self, exponent) + exponent_t * _exponent_slope(self, exponent, result)
    ),
    method=False,
)


def _number_log(base: Any, exponent: Any, result: Any) -> Any:
    if base == 0:
        return _exponent_slope(np.zeros(()), exponent, result)
    return result * _log(base, is_complex(result))


pow_base = define_op(
    "pow.base",
    node="PowBackward2",
    forward=lambda exponent, base: _power(base, exponent),
    inputs=("exponent",),
    pointwise=True,
    promote=None,
    vjp={
        "exponent": lambda ct, exponent, result, base: (
            ct * _number_log(base, exponent, result).conjugate()
        )
    },
    jvp=lambda exponent, result, exponent_t, base: exponent_t * _number_log(base, exponent, result),
    inplace=False,
    method=False,
)


def pow_(self: Any, exponent: Any) -> Any:
    """``self`` to the power of ``exponent``; one of the two may be a number."""
    if not isinstance(exponent, Tensor):
        return pow_number(self, exponent)
    return pow_tensor(self, exponent) if isinstance(self, Tensor) else pow_base(exponent, self)


def pow_write(self: Tensor, exponent: Any) -> Any:
    """``self`` raised in place."""
    return OPS["pow.tensor_" if isinstance(exponent, Tensor) else "pow.number_"](self, exponent)


def float_power(self: Any, exponent: Any) -> Any:
    """A power computed in double precision."""
    parts = [_widened(x) for x in (self, exponent)]
    return pow_(*parts)


def _widened(x: Any) -> Any:
    if isinstance(x, Tensor):
        return OPS["to"](x, dtypes.complex128 if is_complex(x) else dtypes.float64)
    return x if isinstance(x, complex) else float(x)


define_function("pow", pow_)
define_function("pow_", pow_write)
define_function("float_power", float_power)
define_function("float_power_", lambda self, exponent: pow_write(self, exponent))
define_function("__rpow__", lambda self, other: pow_(other, self), method=False)
define_function("square", lambda self: pow_number(self, 2))
define_function("square_", lambda self: OPS["pow.number_"](self, 2))
