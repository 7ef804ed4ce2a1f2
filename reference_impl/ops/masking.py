"""Elements chosen by a mask; where elements are not zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import array_of, constant, op, reshape, shape_of, sum_to, where, zeros
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _both_wide(x: Any, mask: Any) -> tuple[Any, Any]:
    return np.broadcast_arrays(x, mask)  # type: ignore[return-value]


def _select_forward(self: Any, mask: Any) -> Any:
    if mask.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, but got {mask.dtype}")
    wide, where_ = _both_wide(self, mask)
    return wide[where_]


def _places(shape: tuple[int, ...], mask: Any) -> tuple[tuple[int, ...], Any]:
    """The common shape, and the flat places in it that the mask chooses."""
    wide = np.broadcast_shapes(shape, shape_of(mask))
    return wide, np.flatnonzero(np.broadcast_to(array_of(mask), wide))


def _select_vjp(ct: Any, shape: tuple[int, ...], mask: Any) -> Any:
    wide, at = _places(shape, mask)
    return sum_to(op("put", zeros(wide, ct), constant(at, ct), ct), shape)


masked_select_op: Any = define_op(
    "masked_select",
    node="MaskedSelectBackward0",
    forward=_select_forward,
    inputs=("self", "mask"),
    vjp={"self": lambda ct, self_shape, mask: _select_vjp(ct, self_shape, mask), "mask": None},
    jvp=lambda self_t, mask: masked_select_op(self_t, mask),
)


def _scatter_forward(self: Any, mask: Any, source: Any) -> Any:
    wide, where_ = _both_wide(self, mask)
    made = np.array(wide)
    needed = int(np.count_nonzero(where_))
    if needed > source.size:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes and enough elements: "
            f"{needed} of {source.size}"
        )
    made[where_] = np.reshape(source, -1)[:needed]
    return made


def _source_vjp(ct: Any, mask: Any, shape: tuple[int, ...]) -> Any:
    """The first elements of the source went to the places of the mask, in order; the rest went nowhere."""
    _, at = _places(shape_of(ct), mask)
    size = int(np.prod(shape, dtype=np.int64))
    found = op("take", ct, constant(at, ct))
    return reshape(op("constant_pad_nd", found, [0, size - at.size], 0.0), shape)


masked_scatter_op: Any = define_op(
    "masked_scatter",
    node="MaskedScatterBackward0",
    forward=_scatter_forward,
    inputs=("self", "mask", "source"),
    inplace=True,
    vjp={
        "self": lambda ct, mask, self_shape: sum_to(
            where(mask, zeros(shape_of(ct), ct), ct), self_shape
        ),
        "mask": None,
        "source": lambda ct, mask, source_shape: _source_vjp(ct, mask, source_shape),
    },
    jvp=lambda self_t, mask, source_t: masked_scatter_op(self_t, mask, source_t),
)

# -- index expressions under a mask ------------------------------------------------------------------------------------


def _clamped(indices: Any, shape: tuple[int, ...]) -> list[Any]:
    return [
        None if i is None else make(np.clip(i._data, -n, n - 1))
        for i, n in zip(indices, shape, strict=False)
    ]


def unsafe_masked_index(self: Tensor, mask: Tensor, indices: Any, fill: Any) -> Any:
    """``self[indices]`` where the mask holds, ``fill`` elsewhere; indices may be out of range there."""
    found = OPS["__getitem__"](
        self, tuple(slice(None) if i is None else i for i in _clamped(indices, self.shape))
    )
    return op("masked_fill", found, op("logical_not", mask), fill)


def unsafe_masked_index_put(self: Tensor, mask: Tensor, indices: Any, values: Tensor) -> Any:
    """``values`` added at ``indices`` where the mask holds."""
    kept = op("masked_fill", values, op("logical_not", mask), 0)
    return OPS["index_put"](self, _clamped(indices, self.shape), kept, True)


define_function("_unsafe_masked_index", unsafe_masked_index, method=False)
define_function("_unsafe_masked_index_put_accumulate", unsafe_masked_index_put, method=False)

# -- where elements are not zero ---------------------------------------------------------------------------------------

nonzero_op = define_op(
    "nonzero.table",
    forward=lambda self: (
        np.argwhere(self) if np.ndim(self) else np.zeros((int(self != 0), 0), dtype=np.int64)
    ),
    inputs=("self",),
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
    promote=None,
    method=False,
)


def nonzero(self: Tensor, *, as_tuple: bool = False) -> Any:
    """Indices of the elements that are not zero, one row each, or one tensor per axis."""
    if not as_tuple:
        return nonzero_op(self)
    return op("unbind", nonzero_op(self if self.ndim else op("reshape", self.detach(), (1,))), 1)


def nonzero_static(self: Tensor, *, size: int, fill_value: int = -1) -> Any:
    """The first ``size`` rows of nonzero, filled up where there are fewer."""
    found = (
        np.argwhere(self._data)
        if self.ndim
        else np.zeros((int(bool(self._data != 0)), 0), dtype=np.int64)
    )
    made = np.full((size, self.ndim), fill_value, dtype=np.int64)
    made[: len(found)] = found[:size]
    return make(made)


define_function("nonzero", nonzero)
define_function("nonzero_static", nonzero_static)
define_function("argwhere", lambda self: nonzero_op(self))
