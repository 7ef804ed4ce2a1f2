"""Reductions: sums, means, products, extrema."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import expand, reshape
from reference_impl.ops.rule import define_function, define_op
from reference_impl.tensor import Tensor


def kept_shape(shape: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    """``shape`` with the reduced axes kept as ones."""
    gone = layout.dims(dim, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def spread(ct: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:  # noqa: FBT001 - a rule's option
    """The transpose of a sum: ``ct`` repeated along the axes that were summed."""
    if not shape:
        return ct
    return expand(ct if keepdim else reshape(ct, kept_shape(shape, dim)), shape)


def _sum_dtype(x: Any, dtype: Any) -> Any:
    if dtype is not None:
        return dtypes.to_numpy(dtype)
    return np.dtype(np.int64) if x.dtype.kind in "biu" else x.dtype


def _sum_forward(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:  # noqa: FBT001, FBT002
    axes = layout.dims(dim, self.ndim) if self.ndim else None
    if self.ndim == 0 and dim is not None:
        layout.dims(dim, 0)
    return np.add.reduce(self, axis=axes, keepdims=keepdim, dtype=_sum_dtype(self, dtype))


sum_all = define_op(
    "sum.all",
    node="SumBackward0",
    forward=lambda self, dtype=None: np.add.reduce(self, axis=None, dtype=_sum_dtype(self, dtype)),
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape: expand(ct, self_shape) if self_shape else ct},
    jvp="linear",
    method=False,
)
sum_dims = define_op(
    "sum.dims",
    node="SumBackward1",
    forward=_sum_forward,
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape, dim, keepdim: spread(ct, self_shape, dim, keepdim)},
    jvp="linear",
    method=False,
)


def sum_(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:  # noqa: FBT001, FBT002
    """Sum over ``dim``, or over everything."""
    if dim is None and not keepdim:
        return sum_all(self, dtype)
    return sum_dims(self, dim, keepdim, dtype)


define_function("sum", sum_)
