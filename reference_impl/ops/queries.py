"""What programs ask of tensors, and functions of several shapes or dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.lang import array_of
from reference_impl.ops.rule import define_function
from reference_impl.registry import OPS, register
from reference_impl.size import Size
from reference_impl.tensor import Tensor


def result_type(*xs: Any) -> dtypes.dtype:
    """The dtype that an operation on these would have."""
    return dtypes.OF_NUMPY[dtypes.result_dtype(tuple(array_of(x) for x in xs))]


def promote_types(a: dtypes.dtype, b: dtypes.dtype) -> dtypes.dtype:
    """The smallest dtype that holds both."""
    return dtypes.OF_NUMPY[dtypes.promote_types(dtypes.to_numpy(a), dtypes.to_numpy(b))]


def can_cast(a: dtypes.dtype, b: dtypes.dtype) -> bool:
    """True unless the conversion would lower the category."""
    rank = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
    return rank[dtypes.to_numpy(a).kind] <= rank[dtypes.to_numpy(b).kind]


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that arrays of these shapes broadcast to."""
    return Size(np.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))


define_function("broadcast_shapes", broadcast_shapes, method=False)
define_function("element_size", lambda self: self.dtype.itemsize)
define_function("nelement", lambda self: self.numel())
define_function(
    "data_ptr",
    lambda self: 0 if self.is_meta else int(self._array().__array_interface__["data"][0]),
)
define_function("get_device", lambda self: -1)
define_function("storage", lambda self: self._shared())
define_function("untyped_storage", lambda self: self._shared())
define_function(
    "is_set_to", lambda self, other: self._shared() is other._shared() and self.shape == other.shape
)
define_function("is_same_size", lambda self, other: self.shape == other.shape)


def as_type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """In another dtype, which may be named as a legacy type; without one the name of the tensor's own legacy type."""
    _ = non_blocking
    if dtype is None:
        place = ("meta." if self.is_meta else "") + ("sparse." if self.is_sparse else "")
        return f"torch.{place}{self.dtype.short}Tensor"
    name = dtype if isinstance(dtype, str) else getattr(dtype, "legacy_name", None)
    if name is None:
        return OPS["to"](self, dtype)
    by_name = {f"torch.{d.short}Tensor": d for d in dtypes.ALL}
    if name not in by_name:
        raise ValueError(f"invalid type: {name!r}")
    return OPS["to"](self, by_name[name])


define_function("type", as_type)
_NAMED: dict[str, Any] = {
    "result_type": result_type, "promote_types": promote_types, "can_cast": can_cast,
    "is_inference": lambda x: x.is_inference(),
}  # fmt: skip
for _name, _fn in _NAMED.items():
    register(_name, _fn)
Tensor.itemsize = property(lambda self: self.dtype.itemsize)  # type: ignore[attr-defined]
Tensor.nbytes = property(lambda self: self.numel() * self.dtype.itemsize)  # type: ignore[attr-defined]
