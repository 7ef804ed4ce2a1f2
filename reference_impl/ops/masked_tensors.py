"""Masked tensors: made, taken apart and reduced; each with its gradient."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl.kinds import TWINS
from reference_impl.masked_array import Masked
from reference_impl.ops.lang import array_of, op
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS, register
from reference_impl.tensor import Tensor, make


def is_masked_tensor(obj: Any) -> bool:
    """True for a tensor with a mask."""
    return isinstance(obj, Tensor) and isinstance(obj._data, Masked)


def _data_of(ct: Any) -> Any:
    """The elements of a cotangent, 0 where they do not count."""
    return ct.filled(0) if isinstance(ct, Masked) else ct


# With the mask, and without it. What comes back through the first keeps its mask, up to the leaf.
define_op(
    "masked.constructor",
    node="ConstructorBackward",
    forward=Masked,
    inputs=("data", "mask"),
    vjp={"data": lambda ct: ct, "mask": None},
    jvp=lambda data_t, mask: op("masked.constructor", data_t, mask),
    method=False,
)
define_op(
    "masked.result",
    node="ConstructorBackward",
    forward=Masked,
    inputs=("data", "mask"),
    vjp={"data": lambda ct: op("masked.zeroed", ct), "mask": None},
    jvp=lambda data_t, mask: op("masked.result", data_t, mask),
    method=False,
)
define_op(
    "masked.zeroed",
    forward=_data_of,
    inputs=("self",),
    vjp={"self": lambda ct, self: op("masked.constructor", ct, make(array_of(self).mask))},
    jvp="linear",
    method=False,
)


def _masked_like(ct: Any, like: Any) -> Any:
    mask = array_of(like).mask
    made = op("masked.zeroed", ct) if isinstance(array_of(ct), Masked) else ct
    return op("masked.constructor", made, make(mask) if isinstance(ct, Tensor) else mask)


define_op(
    "masked.get_data",
    node="GetDataBackward",
    forward=lambda self: self.data,
    inputs=("self",),
    vjp={"self": lambda ct, self: _masked_like(ct, self)},
    jvp="linear",
    method=False,
)
define_op(
    "masked.to_tensor",
    node="ToTensorBackward",
    forward=lambda self, value: self.filled(value),
    inputs=("self",),
    vjp={"self": lambda ct, self: _masked_like(ct, self)},
    jvp=lambda self_t: op("masked.to_tensor", self_t, 0),
    method=False,
)


def _check(data: Any, mask: Any) -> None:
    if not isinstance(data, Tensor) or not isinstance(mask, Tensor):
        raise TypeError(
            f"data and mask must be tensors, got {type(data).__name__} and {type(mask).__name__}"
        )
    if mask._data.dtype.kind != "b":
        raise TypeError("mask must have dtype bool.")
    if data.shape != mask.shape:
        raise ValueError("data.size() must equal mask.size()")


def as_masked_tensor(data: Any, mask: Any) -> Any:
    """``data`` with a mask; gradients flow back to it, masked."""
    _check(data, mask)
    return op("masked.constructor", data, mask)


def masked_tensor(data: Any, mask: Any, requires_grad: bool = False) -> Any:
    """A new leaf with a copy of ``data`` and a mask, True where an element counts."""
    _check(data, mask)
    if data.requires_grad:
        warnings.warn(
            "It is not recommended to create a MaskedTensor with a tensor that requires_grad. To avoid this, you can "
            "use data.detach().clone()",
            UserWarning,
            stacklevel=2,
        )
    made = make(Masked(np.array(data._data), np.array(mask._data)))
    return made.requires_grad_() if requires_grad else made


def _need_mask(self: Tensor, name: str) -> Any:
    if not is_masked_tensor(self):
        raise AttributeError(f"'Tensor' object has no attribute {name!r}")
    return self._data


def _get_mask(self: Tensor) -> Tensor:
    return make(np.asarray(_need_mask(self, "get_mask").mask))


def _get_data(self: Tensor) -> Any:
    _need_mask(self, "get_data")
    return op("masked.get_data", self)


def _to_tensor(self: Tensor, value: Any) -> Any:
    _need_mask(self, "to_tensor")
    return op("masked.to_tensor", self, value)


def _reducing(name: str, order: tuple[str, ...], *, differentiable: bool = True) -> Any:
    """The reduction of the elements that count; the result counts where one of them did."""

    def reduce(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        dim, keep = given.pop("dim", None), bool(given.pop("keepdim", False))
        mask = self._data.mask
        data = op("masked.get_data", self)
        options = {k: v for k, v in given.items() if v is not None}
        found = OPS[f"masked.{name}"](data, dim, keepdim=keep, mask=make(mask), **options)
        over = None if dim is None or dim in ((), []) else dim
        axes = over if over is None or isinstance(over, int) else tuple(over)
        counted = np.asarray(np.any(mask, axis=axes, keepdims=keep))
        return op("masked.result" if differentiable else "masked.constructor", found, make(counted))

    return reduce


def _softened(name: str) -> Any:
    def soften(self: Tensor, dim: int, dtype: Any = None) -> Any:
        mask = make(self._data.mask)
        found = OPS[f"masked.{name}"](op("masked.get_data", self), dim, dtype=dtype, mask=mask)
        return op("masked.result", found, mask)

    return soften


_DIMS = ("dim", "keepdim", "dtype")
for _rule, _name, _order in (
    ("sum.all", "sum", ("dtype",)), ("sum.dims", "sum", _DIMS), ("mean.all", "mean", ("dtype",)),
    ("mean.dims", "mean", _DIMS), ("prod.all", "prod", ("dtype",)), ("prod.dim", "prod", _DIMS),
    ("amax.dims", "amax", _DIMS), ("amin.dims", "amin", _DIMS), ("argmax.dims", "argmax", _DIMS),
    ("argmin.dims", "argmin", _DIMS), ("var.correction", "var", ("dim", "correction", "keepdim")),
    ("std.correction", "std", ("dim", "correction", "keepdim")),
):  # fmt: skip
    TWINS["masked", _rule] = _reducing(_name, _order, differentiable=not _name.startswith("arg"))
for _name in ("softmax", "log_softmax"):
    TWINS["masked", f"{_name}.dim"] = _softened(_name)


class _MaskedType(type(Tensor)):  # type: ignore[misc]
    def __instancecheck__(cls, x: object) -> bool:
        return is_masked_tensor(x)


class MaskedTensor(metaclass=_MaskedType):
    """The type of masked tensors: ``isinstance`` tells them from others."""

    def __new__(cls, data: Any, mask: Any, requires_grad: bool = False) -> Any:
        return masked_tensor(data, mask, requires_grad)


for _name, _fn in (("get_data", _get_data), ("get_mask", _get_mask), ("to_tensor", _to_tensor)):
    define_function(_name, _fn)
register("masked.masked_tensor", masked_tensor)
register("masked.as_masked_tensor", as_masked_tensor)
register("masked.is_masked_tensor", is_masked_tensor)
register("masked.MaskedTensor", MaskedTensor)
