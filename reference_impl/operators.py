"""Python's operators on tensors: each asks the registry for the op."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl.grad_mode import MODE
from reference_impl.registry import OPS


def _number(x: Any, *, warn: bool = True) -> Any:
    """The one element of a tensor.

    Raises:
        ValueError: it has another number of elements.
    """
    if x._data.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    if warn and MODE.grad and x.requires_grad:
        warnings.warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider "
            "using tensor.detach() first.",
            UserWarning,
            stacklevel=4,
        )
    return x._data.item()


def _real_number(x: Any, *, warn: bool = True) -> Any:
    found = _number(x, warn=warn)
    if isinstance(found, complex):
        if found.imag:
            raise RuntimeError("value cannot be converted to type double without overflow")
        return found.real
    return found


class Operators:  # noqa: PLW1641 - Tensor hashes by identity
    """The operators of Tensor."""

    __slots__ = ()

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What NumPy's functions give back for tensors."""
        _ = context, return_scalar
        return OPS["from_numpy"](np.asarray(array))

    def __float__(self) -> float:
        return float(_real_number(self))

    def __int__(self) -> int:
        return int(_real_number(self, warn=False))

    def __complex__(self) -> complex:
        return complex(_number(self))

    def __add__(self, other: Any) -> Any:
        return (
            OPS["add.plain"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __radd__(self, other: Any) -> Any:
        return (
            OPS["add.plain"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __sub__(self, other: Any) -> Any:
        return (
            OPS["sub.plain"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __rsub__(self, other: Any) -> Any:
        return (
            OPS["__rsub__"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __mul__(self, other: Any) -> Any:
        return (
            OPS["mul"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __rmul__(self, other: Any) -> Any:
        return (
            OPS["mul"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __truediv__(self, other: Any) -> Any:
        return (
            OPS["true_divide"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __rtruediv__(self, other: Any) -> Any:
        return (
            OPS["__rdiv__"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __floordiv__(self, other: Any) -> Any:
        return OPS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return OPS["floor_divide"](OPS["full_like"](self, other), self)

    def __mod__(self, other: Any) -> Any:
        return OPS["remainder"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return OPS["__rmod__"](self, other)

    def __pow__(self, other: Any) -> Any:
        return (
            OPS["pow"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __rpow__(self, other: Any) -> Any:
        return (
            OPS["__rpow__"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __matmul__(self, other: Any) -> Any:
        found = OPS["matmul.short"](self, other)
        return OPS["matmul"](self, other) if found is None else found

    def __rmatmul__(self, other: Any) -> Any:
        return OPS["matmul"](other, self)

    def __neg__(self) -> Any:
        return OPS["neg"](self)

    def __pos__(self) -> Any:
        return OPS["positive"](self)

    def __abs__(self) -> Any:
        return OPS["abs"](self)

    def __invert__(self) -> Any:
        if self.is_floating_point() or self.is_complex():  # type: ignore[attr-defined]
            raise TypeError(
                "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
            )
        return OPS["bitwise_not"](self)

    def __and__(self, other: Any) -> Any:
        return OPS["bitwise_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return OPS["bitwise_or"](self, other)

    def __xor__(self, other: Any) -> Any:
        return OPS["bitwise_xor"](self, other)

    def __rand__(self, other: Any) -> Any:
        return OPS["bitwise_and"](self, other)

    def __ror__(self, other: Any) -> Any:
        return OPS["bitwise_or"](self, other)

    def __eq__(self, other: object) -> Any:
        return (
            OPS["eq"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __ne__(self, other: object) -> Any:
        return (
            OPS["ne"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __lt__(self, other: Any) -> Any:
        return (
            OPS["lt"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __le__(self, other: Any) -> Any:
        return (
            OPS["le"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __gt__(self, other: Any) -> Any:
        return (
            OPS["gt"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __ge__(self, other: Any) -> Any:
        return (
            OPS["ge"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __iadd__(self, other: Any) -> Any:
        return (
            OPS["add_"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __isub__(self, other: Any) -> Any:
        return (
            OPS["sub_"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __imul__(self, other: Any) -> Any:
        return (
            OPS["mul_"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __itruediv__(self, other: Any) -> Any:
        return (
            OPS["div_"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )

    def __ipow__(self, other: Any) -> Any:
        return (
            OPS["pow_"](self, other)
            if type(other) is type(self) or isinstance(other, OPERANDS)
            else NotImplemented
        )


# What an arithmetic operator takes; anything else is Python's TypeError.
OPERANDS = (Operators, int, float, complex, np.generic, bool)
