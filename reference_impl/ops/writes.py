"""Values written over a tensor: copy_, fill_, zero_."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import expand, sum_to, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _broadcast_source(self: Any, src: Any) -> Any:
    if src.ndim > self.ndim:
        raise RuntimeError(
            f"output with shape {list(self.shape)} doesn't match the broadcast shape {list(src.shape)}"
        )
    spread = np.broadcast_to(src, self.shape)
    return (spread.real if spread.dtype.kind == "c" and self.dtype.kind != "c" else spread).astype(
        self.dtype
    )


copy_op = define_op(
    "copy",
    node="torch::autograd::CopyBackwards",
    forward=lambda self, src, non_blocking=False: _broadcast_source(self, src),
    inputs=("self", "src"),
    inplace=True,
    vjp={
        "self": lambda ct: zeros(ct.shape, ct),
        "src": lambda ct, src_shape, src_dtype: _to_kind(sum_to(ct, src_shape), src_dtype),
    },
    jvp=lambda self_t, src_t, self: expand(src_t, tuple(self.shape)) + 0 * self_t,
    method=False,
)
Tensor.copy_ = OPS["copy_"]  # type: ignore[attr-defined]


def _to_kind(ct: Any, dtype: Any) -> Any:
    if isinstance(ct, Tensor):
        return ct if ct._data.dtype == dtype else OPS["to"](ct, OPS["dtype_of"](dtype))
    if ct.dtype == dtype:
        return ct
    return (ct.real if ct.dtype.kind == "c" and dtype.kind != "c" else ct).astype(dtype)


def _fill_rows(name: str, number_node: str, tensor_node: str, *, inplace: bool) -> tuple[Any, Any]:
    """Rows that fill with a number and with a tensor; torch's in-place forms have nodes of their own."""
    number = define_op(
        f"{name}.number",
        node=number_node,
        forward=lambda self, value: np.full(self.shape, value, dtype=self.dtype),
        inputs=("self",),
        inplace=inplace,
        vjp={"self": lambda ct: zeros(ct.shape, ct)},
        jvp=lambda self_t: zeros(self_t.shape, self_t),
        method=False,
        uniform=True,
    )
    tensor = define_op(
        f"{name}.tensor",
        node=tensor_node,
        forward=lambda self, value: np.full(self.shape, value, dtype=self.dtype),
        inputs=("self", "value"),
        inplace=inplace,
        vjp={
            "self": lambda ct: zeros(ct.shape, ct),
            "value": lambda ct, value_shape, value_dtype: _to_kind(
                sum_to(ct, value_shape), value_dtype
            ),
        },
        jvp=lambda self_t, value_t, self: expand(value_t, tuple(self.shape)),
        method=False,
    )
    return number, tensor


fill_number, fill_tensor = _fill_rows("fill", "FillBackward0", "FillBackward1", inplace=False)
_fill_rows("fill_in_place", "FillBackward2", "FillBackward3", inplace=True)


def fill(self: Tensor, value: Any) -> Any:
    """A tensor of this shape with one value everywhere."""
    return fill_tensor(self, value) if isinstance(value, Tensor) else fill_number(self, value)


def fill_(self: Tensor, value: Any) -> Any:
    """Write one value everywhere."""
    return (
        OPS["fill_in_place.tensor_"](self, value)
        if isinstance(value, Tensor)
        else OPS["fill_in_place.number_"](self, value)
    )


define_function("fill", fill)
define_function("fill_", fill_)
zero_op = define_op(
    "zero",
    node="ZeroBackward0",
    forward=lambda self: np.zeros(self.shape, dtype=self.dtype),
    inputs=("self",),
    inplace=True,
    vjp={"self": lambda ct: zeros(ct.shape, ct)},
    jvp=lambda self_t: zeros(self_t.shape, self_t),
    method=False,
    uniform=True,
)
Tensor.zero_ = OPS["zero_"]  # type: ignore[attr-defined]
