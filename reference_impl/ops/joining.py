"""Several tensors made one: cat, stack and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import op, part, shape_of, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _is_legacy_empty(x: Any) -> Any:
    """A 1-d tensor without elements may be joined with anything."""
    return x.ndim == 1 and x.shape[0] == 0


def _one_kind(arrays: Any) -> Any:
    kind = dtypes.result_dtype(tuple(arrays))
    return [np.asarray(a).astype(kind, copy=False) for a in arrays]


def _cat_forward(tensors: Any, dim: int = 0) -> Any:
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    arrays = _one_kind(tensors)
    used = [a for a in arrays if not _is_legacy_empty(a)]
    if not used:
        return np.array(arrays[0])
    at = layout.one_dim(dim, used[0].ndim)
    if any(a.ndim == 0 for a in used):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    for i, a in enumerate(used):
        wrong = [
            k
            for k in range(used[0].ndim)
            if k != at and (k >= a.ndim or a.shape[k] != used[0].shape[k])
        ]
        if wrong or a.ndim != used[0].ndim:
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected size "
                f"{used[0].shape[wrong[0]] if wrong else 0} "
                f"but got size {a.shape[wrong[0]] if wrong and wrong[0] < a.ndim else 0} for tensor "
                f"number {i} in the list."
            )
    made = np.concatenate(used, axis=at)
    if made.flags.c_contiguous or all(_channels_last(a) for a in used):
        return made
    return np.ascontiguousarray(made)


def _channels_last(a: Any) -> bool:
    """True for images or volumes whose channels are nearest in memory: joined ones stay so."""
    return a.ndim in (4, 5) and bool(np.moveaxis(a, 1, -1).flags.c_contiguous)


def _like_input(ct: Any, dtype: Any) -> Any:
    """A cotangent in the dtype of the input it belongs to."""
    if isinstance(ct, Tensor):
        if ct._data.dtype.kind == "c" and dtype.kind != "c":
            ct = OPS["real"](ct)
        return ct if ct._data.dtype == dtype else OPS["to"](ct, dtypes.OF_NUMPY[dtype])
    return (ct.real if ct.dtype.kind == "c" and dtype.kind != "c" else ct).astype(dtype, copy=False)


def _cat_vjp(ct: Any, tensors: Any, dim: int) -> Any:
    begin, parts = 0, []
    for shape, kind in tensors:
        if shape == (0,):
            parts.append(_like_input(zeros(shape, ct), kind))
            continue
        size = shape[dim % len(shape)]
        parts.append(_like_input(part(ct, dim, begin, begin + size), kind))
        begin += size
    return parts


def _stack_vjp(ct: Any, tensors: Any, dim: int) -> Any:
    at = dim % len(shape_of(ct))
    return [_like_input(op("select", ct, at, i), kind) for i, (_, kind) in enumerate(tensors)]


cat_op: Any = define_op(
    "cat",
    node="CatBackward0",
    forward=_cat_forward,
    inputs=("tensors",),
    variadic=True,
    vjp={"tensors": lambda ct, tensors_kinds, dim: _cat_vjp(ct, tensors_kinds, dim)},
    jvp=lambda tensors_t, dim: cat_op([_as_tensor(t) for t in tensors_t], dim),
    method=False,
    aliases=("concat", "concatenate"),
)


def _as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else make(np.asarray(x))


def _stack_forward(tensors: Any, dim: int = 0) -> Any:
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    arrays = _one_kind(tensors)
    for i, a in enumerate(arrays):
        if a.shape != arrays[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(arrays[0].shape)} at entry 0 and "
                f"{list(a.shape)} at entry {i}"
            )
    return np.stack(arrays, axis=layout.one_dim(dim, arrays[0].ndim + 1))


stack_op: Any = define_op(
    "stack",
    node="StackBackward0",
    forward=layout.in_rows(_stack_forward),
    inputs=("tensors",),
    variadic=True,
    vjp={"tensors": lambda ct, tensors_kinds, dim: _stack_vjp(ct, tensors_kinds, dim)},
    jvp=lambda tensors_t, dim: stack_op([_as_tensor(t) for t in tensors_t], dim),
    method=False,
)

# -- at least so many axes ---------------------------------------------------------------------------------------------


def _each(fn: Any) -> Any:
    def call(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return fn(tensors[0])
        return tuple([fn(t) for t in (tensors[0] if len(tensors) == 1 else tensors)])

    return call


def _at_least_1d(x: Tensor) -> Any:
    return x if x.ndim else op("reshape", x, (1,))


def _at_least_2d(x: Tensor) -> Any:
    return x if x.ndim > 1 else op("unsqueeze", x, 0) if x.ndim else op("reshape", x, (1, 1))


def _at_least_3d(x: Tensor) -> Any:
    if x.ndim == 2:
        return op("unsqueeze", x, -1)
    if x.ndim > 2:
        return x
    return op("unsqueeze", op("unsqueeze", x, 0), -1) if x.ndim else op("reshape", x, (1, 1, 1))


define_function("atleast_1d", _each(_at_least_1d), method=False)
define_function("atleast_2d", _each(_at_least_2d), method=False)
define_function("atleast_3d", _each(_at_least_3d), method=False)


def hstack(tensors: Any) -> Any:
    """Joined side by side: along the second axis, or the only one."""
    parts = [_at_least_1d(t) for t in _some("hstack", tensors)]
    return cat_op(parts, 0 if parts[0].ndim == 1 else 1)


def _some(name: str, tensors: Any) -> Any:
    """The tensors, at least one.

    Raises:
        RuntimeError: there are none.
    """
    if not len(tensors):
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


def column_stack(tensors: Any) -> Any:
    """Joined side by side, with vectors as columns."""
    return cat_op([t if t.ndim > 1 else op("reshape", t, (-1, 1)) for t in tensors], 1)


define_function("hstack", hstack, method=False)
define_function(
    "vstack",
    lambda tensors: cat_op([_at_least_2d(t) for t in _some("vstack", tensors)], 0),
    method=False,
    aliases=("row_stack",),
)
define_function(
    "dstack",
    lambda tensors: cat_op([_at_least_3d(t) for t in _some("dstack", tensors)], 2),
    method=False,
)
define_function("column_stack", column_stack, method=False)


def broadcast_tensors(*tensors: Any) -> Any:
    """All tensors as views of their common shape."""
    parts = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    wide = np.broadcast_shapes(*[t.shape for t in parts])
    return tuple([t if t.shape == wide else op("expand", t, wide) for t in parts])


define_function("broadcast_tensors", broadcast_tensors, method=False)


def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """Grids of coordinates from one vector per axis, as views."""
    parts = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if indexing == "xy" and len(parts) > 1:
        made = meshgrid(parts[1], parts[0], *parts[2:])
        return made[1], made[0], *made[2:]
    sizes = [t.shape[0] if t.ndim else 1 for t in parts]
    shapes = [tuple(-1 if i == k else 1 for i in range(len(parts))) for k in range(len(parts))]
    return tuple(
        [op("expand", op("view", t, s), tuple(sizes)) for t, s in zip(parts, shapes, strict=True)]
    )


define_function("meshgrid", meshgrid, method=False)


def cartesian_prod(*tensors: Any) -> Any:
    """All combinations of one element of each vector."""
    parts = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if len(parts) == 1:
        return parts[0]
    return stack_op([op("reshape", g, (-1,)) for g in meshgrid(*parts)], 1)


define_function("cartesian_prod", cartesian_prod, method=False)


def combinations(self: Tensor, r: int = 2, with_replacement: bool = False) -> Any:
    """All combinations of ``r`` elements of a vector."""
    if r == 0:
        return op("new_empty", self, (0,))
    places = np.indices((self.shape[0],) * r).reshape(r, -1)
    rising = np.diff(places, axis=0) >= 0 if with_replacement else np.diff(places, axis=0) > 0
    places = places[:, rising.all(axis=0)]
    return stack_op([op("index_select", self, 0, make(row)) for row in places], 1)


define_function("combinations", combinations)


def block_diag(*tensors: Any) -> Any:
    """Matrices along the diagonal of a larger one, zeros elsewhere."""
    return block_diag_op(
        [
            _at_least_2d(t)
            for t in (tensors[0] if tensors and isinstance(tensors[0], list | tuple) else tensors)
        ]
    )


def _block_diag_forward(tensors: Any) -> Any:
    arrays = _one_kind(tensors)
    made = np.zeros(
        (sum(a.shape[0] for a in arrays), sum(a.shape[1] for a in arrays)), dtype=arrays[0].dtype
    )
    row = column = 0
    for a in arrays:
        made[row : row + a.shape[0], column : column + a.shape[1]] = a
        row, column = row + a.shape[0], column + a.shape[1]
    return made


def _block_diag_vjp(ct: Any, tensors: Any) -> Any:
    row = column = 0
    parts = []
    for (m, n), kind in tensors:
        parts.append(_like_input(part(part(ct, 0, row, row + m), 1, column, column + n), kind))
        row, column = row + m, column + n
    return parts


block_diag_op: Any = define_op(
    "block_diag.matrices",
    node="BlockDiagBackward0",
    forward=_block_diag_forward,
    inputs=("tensors",),
    variadic=True,
    vjp={"tensors": lambda ct, tensors_kinds: _block_diag_vjp(ct, tensors_kinds)},
    jvp=lambda tensors_t: block_diag_op([_as_tensor(t) for t in tensors_t]),
    method=False,
)
define_function("block_diag", block_diag, method=False)
