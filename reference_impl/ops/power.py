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


# By this as a number NumPy takes a square root, which is NaN at -inf, where the power is inf (IEEE 754, 9.2.1).
_HALF = 0.5


def _power(base: Any, exponent: Any) -> Any:
    if type(exponent) in (int, float) and exponent != _HALF and base.dtype.kind == "f":
        # The case of nearly all calls; NumPy squares faster than it raises to a power.
        return base**exponent
    dtype = dtypes.result_dtype((base, exponent))
    if dtype.kind in "iu" and not isinstance(base, np.ndarray | np.generic | int):
        dtype = np.dtype(np.int64)
    a = base.astype(dtype, copy=False) if hasattr(base, "astype") else dtype.type(base)
    b = exponent.astype(dtype, copy=False) if hasattr(exponent, "astype") else dtype.type(exponent)
    if dtype.kind not in "iu":
        return np.power(a, np.full(np.shape(a), b) if np.ndim(b) == 0 and b == _HALF else b)
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


def _vanishes(self: Any, exponent: Any) -> Any:
    """Where a real power is 0 because its exponent is infinite, and all its derivatives with it."""
    x, y = array_of(self), array_of(exponent)
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)), bool)
    size = np.abs(x)
    return np.isinf(y) & (((size > 1) & (y < 0)) | ((size < 1) & (y > 0)))


def _base_slope(self: Any, exponent: Any) -> Any:
    """d x^y / dx = y x^(y-1); 0 at the origin, where it is 0 times infinity, and so is it where y is infinite.

    Nowhere else is y = 0 cut out: the slope is 0 there, but it grows by 1/x with y.
    """
    gone = _vanishes(self, exponent)
    origin = gone | ((array_of(self) == 0) & (array_of(exponent) == 0))
    power = where(gone, 0.0, exponent)
    return where(origin, 0.0, power * where(origin, 1.0, self) ** (power - 1))


def _exponent_slope(base: Any, exponent: Any, result: Any) -> Any:
    """d x^y / dy = x^y log x; where it is differentiated once more, a word of its own."""
    if isinstance(base, Tensor) or isinstance(exponent, Tensor):
        return log_power(base, exponent, 1)
    return where(_is_limit(base, exponent, 1), 0.0, result * _log(base, is_complex(result)))


def _is_limit(base: Any, exponent: Any, n: int) -> Any:
    """Where x^y (log x)^n has the limit 0; for n = 1 by convention at the origin and above it, too."""
    real = exponent.real
    at_zero = (base == 0) & ((real > 0) | ((real == 0) & (n == 1)))
    return at_zero | ((base == np.inf) & (real < 0))


def _log_power_forward(self: Any, exponent: Any, n: int) -> Any:
    power = _power(self, exponent)
    return where(_is_limit(self, exponent, n), 0.0, power * _log(self, is_complex(power)) ** n)


def _log_power(base: Any, exponent: Any, n: int) -> Any:
    """x^y (log x)^n, of arrays or of tensors."""
    if n == 0:
        return base**exponent
    if isinstance(base, Tensor) or isinstance(exponent, Tensor):
        return log_power(base, exponent, n)
    return _log_power_forward(base, exponent, n)


def _log_power_slope(base: Any, exponent: Any, n: int) -> Any:
    """By the product rule y x^(y-1) (log x)^n + n x^(y-1) (log x)^(n-1)."""
    gone = _vanishes(base, exponent)
    if np.any(gone):
        base, exponent = where(gone, 1.0, base), where(gone, 0.0, exponent)
    less = exponent - 1
    slope = exponent * _log_power(base, less, n) + n * _log_power(base, less, n - 1)
    return where(gone, 0.0, slope)


# What x^y becomes by its exponent, n times over. That its limits are 0 where x is 0 and y positive shows only in this
# form: of x^y times log x, the derivatives are infinities times 0.
log_power = define_op(
    "pow.log",
    node="PowBackward1",
    forward=_log_power_forward,
    inputs=("self", "exponent"),
    pointwise=True,
    promote=None,
    vjp={
        "self": lambda ct, self, exponent, n: ct * _log_power_slope(self, exponent, n).conjugate(),
        "exponent": lambda ct, self, exponent, n: (
            ct * _log_power(self, exponent, n + 1).conjugate()
        ),
    },
    jvp=lambda self, exponent, self_t, exponent_t, n: (
        self_t * _log_power_slope(self, exponent, n)
        + exponent_t * _log_power(self, exponent, n + 1)
    ),
    inplace=False,
    method=False,
)


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
    if base not in (0, math.inf):
        return result * _log(base, is_complex(result))
    real = array_of(exponent).real
    limit = real >= 0 if base == 0 else real < 0
    return where(limit, 0.0, where(limit, 0.0, result) * (math.inf if base else -math.inf))


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
