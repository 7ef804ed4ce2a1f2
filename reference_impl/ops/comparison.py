"""Comparisons, logic and bits: results that carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import array_of
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _two(name: str, forward: Any, aliases: tuple[str, ...] = ()) -> None:
    """A row of two operands without a derivative."""
    define_op(
        name, forward=forward, inputs=("self", "other"), params={}, pointwise=True, vjp=NOT_DIFFERENTIABLE, jvp=None,
        inplace=True, aliases=aliases,
    )  # fmt: skip


def _one(name: str, forward: Any, aliases: tuple[str, ...] = (), *, inplace: bool = False) -> None:
    """A row of one operand without a derivative."""
    define_op(
        name, forward=forward, inputs=("self",), params={}, pointwise=True, vjp=NOT_DIFFERENTIABLE, jvp=None,
        inplace=inplace, aliases=aliases,
    )  # fmt: skip


_two("eq", np.equal)
_two("ne", np.not_equal, ("not_equal",))
_two("lt", np.less, ("less",))
_two("le", np.less_equal, ("less_equal",))
_two("gt", np.greater, ("greater",))
_two("ge", np.greater_equal, ("greater_equal",))
_two("logical_and", np.logical_and)
_two("logical_or", np.logical_or)
_two("logical_xor", np.logical_xor)
_one("logical_not", np.logical_not, inplace=True)

# -- bits --------------------------------------------------------------------------------------------------------------


def _shift_left(self: Any, other: Any) -> Any:
    """A shift by the width of the type or more, or by a negative count, gives 0."""
    width = 8 * self.dtype.itemsize
    inside = (other >= 0) & (other < width)
    return np.where(inside, np.left_shift(self, np.where(inside, other, 0)), 0).astype(self.dtype)


def _shift_right(self: Any, other: Any) -> Any:
    """A shift by the width of the type or more, or by a negative count, leaves the sign."""
    width = 8 * self.dtype.itemsize
    inside = (other >= 0) & (other < width)
    return np.right_shift(self, np.where(inside, other, width - 1)).astype(self.dtype)


_one("bitwise_not", np.bitwise_not, inplace=True)
_two("bitwise_and", np.bitwise_and)
_two("bitwise_or", np.bitwise_or)
_two("bitwise_xor", np.bitwise_xor)
_two("bitwise_left_shift", _shift_left)
_two("bitwise_right_shift", _shift_right)
_two("gcd", np.gcd)
_two("lcm", lambda self, other: np.abs(np.lcm(self, other)))
for _name, _op in (
    ("__rand__", "bitwise_and"),
    ("__ror__", "bitwise_or"),
    ("__rxor__", "bitwise_xor"),
):
    define_function(_name, lambda self, other, _op=_op: OPS[_op](self, other), method=False)

# -- kinds of numbers --------------------------------------------------------------------------------------------------


def _only_real(name: str, forward: Any) -> Any:
    def checked(self: Any) -> Any:
        if self.dtype.kind == "c":
            raise RuntimeError(f"{name} does not support complex inputs.")
        return forward(self) if self.dtype.kind == "f" else np.zeros(self.shape, dtype=bool)

    return checked


_one("isnan", np.isnan)
_one("isinf", np.isinf)
_one("isfinite", np.isfinite)
_one("isposinf", _only_real("isposinf", lambda x: x == np.inf))
_one("isneginf", _only_real("isneginf", lambda x: x == -np.inf))
_one("isreal", lambda self: np.asarray(np.isreal(self)))
_one(
    "signbit",
    lambda self: np.signbit(self) if self.dtype.kind == "f" else self < self.dtype.type(0),
)


def _is_close(
    self: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    if self.dtype != other.dtype:
        raise RuntimeError(f"{self.dtype} did not match {other.dtype}")
    if rtol < 0 or atol < 0:
        raise RuntimeError("rtol and atol must be greater than or equal to zero")
    if self.dtype.kind in "biu":
        self, other = self.astype(np.float64), other.astype(np.float64)
    close = self == other
    if equal_nan:
        close = close | (np.isnan(self) & np.isnan(other))
    near = np.abs(self - other) <= atol + np.abs(rtol * other)
    return close | (np.isfinite(self) & np.isfinite(other) & near)


define_op(
    "isclose",
    forward=_is_close,
    inputs=("self", "other"),
    pointwise=True,
    promote=None,
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
)


def allclose(
    self: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """True if all elements are close."""
    return bool(np.all(OPS["isclose"](self, other, rtol, atol, equal_nan)._data))


def equal(self: Tensor, other: Tensor) -> bool:
    """True for the same shape and the same elements."""
    a, b = self._data, other._data
    return a.shape == b.shape and bool(np.array_equal(a, b))


def item(self: Tensor) -> Any:
    """The one element as a Python number."""
    return self.item()


define_function("allclose", allclose)
define_function("equal", equal)
define_function("item", item, method=False)
define_function("is_floating_point", lambda self: self._data.dtype.kind == "f")
define_function("is_complex", lambda self: self._data.dtype.kind == "c")
define_function("is_signed", lambda self: self._data.dtype.kind in "fci")
define_function("is_conj", lambda self: False)
define_function("is_neg", lambda self: False)
define_function("numel", lambda self: self.numel(), method=False)
define_function("is_tensor", lambda x: isinstance(x, Tensor), method=False)
define_function(
    "isin",
    lambda elements, test_elements, *, assume_unique=False, invert=False: make(
        np.isin(array_of(elements), array_of(test_elements), invert=invert)
    ),
    method=False,
)
