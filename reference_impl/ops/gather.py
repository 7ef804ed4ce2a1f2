"""Reading and writing at positions that a tensor tells: gather, scatter, index_*, take, masked_*."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import array_of, constant, op, reshape, shape_of, sum, where, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _check_same_dtype(name: str, self: Any, other: Any) -> None:
    if isinstance(other, Tensor) and other._data.dtype != self._data.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")


def _places(
    index: Any, shape: tuple[int, ...], dim: int, extent: tuple[int, ...]
) -> tuple[Any, ...]:
    """The index expression that a gather or scatter along ``dim`` means, within the first ``extent`` entries."""
    grids = np.ogrid[tuple(slice(0, n) for n in extent)]
    return tuple(index if axis == dim else grids[axis] for axis in range(len(shape)))


def _check_range(index: Any, size: int, dim: int) -> None:
    if index.size and (index.min() < 0 or index.max() >= size):
        wrong = index[(index < 0) | (index >= size)].flat[0]
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")


def _check_dims(self: Any, index: Any) -> None:
    """A number and a vector of one entry are alike here; else the index has the dimensions of the input."""
    if max(self.ndim, 1) != max(index.ndim, 1) and index.size:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")


def _gather_forward(self: Any, index: Any, dim: int) -> Any:
    self, index = np.asarray(self), np.asarray(index)
    at = layout.one_dim(dim, self.ndim)
    _check_dims(self, index)
    if self.ndim == 0 or index.ndim == 0:
        flat = self.reshape(-1)[index.reshape(-1)]
        return flat.reshape(index.shape)
    _check_range(index, self.shape[at], at)
    return (
        self[_places(index, self.shape, at, index.shape)]
        if index.size
        else np.empty(index.shape, self.dtype)
    )


gather_op: Any = define_op(
    "gather.at",
    node="GatherBackward0",
    forward=layout.in_rows(_gather_forward),
    inputs=("self", "index"),
    vjp={
        "self": lambda ct, index, self_shape, dim: op(
            "scatter_add", zeros(self_shape, ct), dim, index, ct
        ),
        "index": None,
    },
    jvp=lambda self_t, index, dim: gather_op(self_t, index, dim),
    method=False,
)


def gather(self: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Any:
    """``out[i][j] = self[index[i][j]][j]`` for ``dim`` 0, and so on."""
    _ = sparse_grad
    return gather_op(self, index, dim)


define_function("gather", gather)


def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """gather with broadcasting; without ``dim``, of the flattened tensor."""
    if dim is None:
        return gather_op(op("reshape", self, (-1,)), op("reshape", indices, (-1,)), 0)
    at = layout.one_dim(dim, self.ndim)
    indices = make(np.where(indices._data < 0, indices._data + self.shape[at], indices._data))
    lead = np.broadcast_shapes(
        tuple(1 if i == at else n for i, n in enumerate(self.shape)),
        tuple(1 if i == at else n for i, n in enumerate(indices.shape)),
    )
    wide = op("expand", self, (*lead[:at], self.shape[at], *lead[at + 1 :]))
    index = op("expand", indices, (*lead[:at], indices.shape[at], *lead[at + 1 :]))
    return gather_op(wide, index, dim)


define_function("take_along_dim", take_along_dim)

# -- scatter -----------------------------------------------------------------------------------------------------------


def _scatter_at(self: Any, index: Any, dim: int) -> tuple[Any, Any]:
    """A copy of ``self`` with at least one axis, and the places that ``index`` tells."""
    made = np.array(self, order="C")
    at = layout.one_dim(dim, made.ndim)
    index = np.asarray(index)
    if made.ndim == 0:
        return made, (np.zeros(index.shape, dtype=np.int64),)
    _check_range(index, made.shape[at], at)
    return made, _places(index, made.shape, at, index.shape)


def _within(src: Any, index: Any) -> Any:
    """The part of ``src`` that the index covers."""
    src, index = np.asarray(src), np.asarray(index)
    return src if src.shape == index.shape else src[tuple(slice(0, n) for n in index.shape)]


def _scatter_forward(self: Any, index: Any, src: Any, dim: int, how: Any = None) -> Any:
    if np.asarray(index).size == 0:
        return np.array(self)
    if np.ndim(index) == 0 and np.ndim(self):
        index, src = np.reshape(index, 1), np.reshape(src, 1) if np.ndim(src) == 0 else src
    made, at = _scatter_at(self, index, dim)
    target = made.reshape(1) if made.ndim == 0 else made
    values = src if np.ndim(src) == 0 and not isinstance(src, np.ndarray) else _within(src, index)
    if how is None:
        target[at] = values
    else:
        how.at(target, at, values)
    return made


def _cleared_at(ct: Any, index: Any, dim: int) -> Any:
    """``ct`` with zeros where the index points."""
    if array_of(index).size == 0:
        return ct
    nowhere, mark = np.zeros(shape_of(ct), dtype=bool), np.True_
    hit = np.asarray(_scatter_forward(nowhere, array_of(index), mark, dim))
    return where(constant(hit, ct), zeros(shape_of(ct), ct), ct)


def _back_to_source(ct: Any, index: Any, shape: tuple[int, ...], dim: int) -> Any:
    """What was scattered, read back; zeros for the part of the source that the index does not cover."""
    found = op("gather", ct, dim, index) if array_of(index).size else zeros(shape_of(index), ct)
    if shape_of(found) == shape:
        return found
    return op("constant_pad_nd", found, _padding(shape_of(found), shape), 0.0)


def _padding(small: tuple[int, ...], large: tuple[int, ...]) -> list[int]:
    return [n for a, b in reversed(list(zip(small, large, strict=True))) for n in (0, b - a)]


scatter_src: Any = define_op(
    "scatter.src",
    node="ScatterBackward0",
    forward=lambda self, index, src, dim: _scatter_forward(self, index, src, dim),
    inputs=("self", "index", "src"),
    inplace=True,
    vjp={
        "self": lambda ct, index, dim: _cleared_at(ct, index, dim),
        "index": None,
        "src": lambda ct, index, src_shape, dim: _back_to_source(ct, index, src_shape, dim),
    },
    jvp=lambda self_t, index, src_t, dim: scatter_src(self_t, index, src_t, dim),
    method=False,
)
scatter_value: Any = define_op(
    "scatter.value",
    node="ScatterBackward1",
    forward=lambda self, index, dim, value: _scatter_forward(self, index, value, dim),
    inputs=("self", "index"),
    inplace=True,
    vjp={"self": lambda ct, index, dim: _cleared_at(ct, index, dim), "index": None},
    jvp=lambda self_t, index, dim: scatter_value(self_t, index, dim, 0),
    method=False,
)
scatter_add_op: Any = define_op(
    "scatter_add.src",
    node="ScatterAddBackward0",
    forward=lambda self, index, src, dim: _scatter_forward(self, index, src, dim, np.add),
    inputs=("self", "index", "src"),
    inplace=True,
    vjp={
        "self": lambda ct: ct,
        "index": None,
        "src": lambda ct, index, src_shape, dim: _back_to_source(ct, index, src_shape, dim),
    },
    jvp=lambda self_t, index, src_t, dim: scatter_add_op(self_t, index, src_t, dim),
    method=False,
)


def _scatter(
    self: Tensor, dim: int, index: Tensor, src: Any, reduce: str | None, suffix: str
) -> Any:
    if reduce is not None:
        if isinstance(src, Tensor):
            how = {"add": "sum", "multiply": "prod"}[reduce]
            return OPS[f"scatter_reduce{suffix}"](self, dim, index, src, how)
        return OPS[f"scatter.with{suffix}"](self, index, dim, src, reduce)
    if isinstance(src, Tensor):
        _check_same_dtype("scatter", self, src)
        return OPS[f"scatter.src{suffix}"](self, index, src, dim)
    return OPS[f"scatter.value{suffix}"](self, index, dim, src)


def scatter(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Any:
    """``out[index[i][j]][j] = src[i][j]`` for ``dim`` 0, and so on."""
    return _scatter(self, dim, index, value if src is None else src, reduce, "")


def scatter_(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Any:
    """``scatter`` in place."""
    return _scatter(self, dim, index, value if src is None else src, reduce, "_")


def _scatter_number(self: Any, index: Any, dim: int, value: Any, reduce: str) -> Any:
    how = np.add if reduce == "add" else np.multiply
    return _scatter_forward(self, index, self.dtype.type(value), dim, how)


# The number's form of scatter with reduction: each hit scales (or shifts) what stands there.
define_op(
    "scatter.with",
    node="ScatterBackward3",
    forward=_scatter_number,
    inputs=("self", "index"),
    inplace=True,
    vjp={
        "self": lambda ct, index, dim, value, reduce: (
            ct
            if reduce == "add"
            else ct
            * constant(_scale(shape_of(ct), array_of(index), dim, value, array_of(ct).dtype), ct)
        ),
        "index": None,
    },
    jvp=lambda self_t, index, dim, value, reduce: (
        self_t if reduce == "add" else OPS["scatter.with"](self_t, index, dim, value, reduce)
    ),
    method=False,
)


def _scale(shape: tuple[int, ...], index: Any, dim: int, value: Any, kind: Any) -> Any:
    return np.conj(_scatter_number(np.ones(shape, dtype=kind), index, dim, value, "multiply"))


define_function("scatter", scatter)
define_function("scatter_", scatter_)
define_function("scatter_add", lambda self, dim, index, src: scatter_add_op(self, index, src, dim))
define_function(
    "scatter_add_", lambda self, dim, index, src: OPS["scatter_add.src_"](self, index, src, dim)
)

# -- whole slices: index_* ---------------------------------------------------------------------------------------------


def _slices_at(shape: tuple[int, ...], dim: int, index: Any) -> tuple[Any, ...]:
    """The index expression of the slices that a 1-d index tells."""
    at = layout.one_dim(dim, len(shape))
    return (slice(None),) * at + (np.atleast_1d(np.asarray(array_of(index))),)


def _index_select_forward(self: Any, index: Any, dim: int) -> Any:
    index = np.atleast_1d(np.asarray(index))
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if self.ndim == 0:
        return np.array(self)
    at = layout.one_dim(dim, self.ndim)
    if index.size and (index.min() < 0 or index.max() >= self.shape[at]):
        raise IndexError("index out of range in self")
    return np.take(self, index, axis=at)


index_select_op: Any = define_op(
    "index_select.at",
    node="IndexSelectBackward0",
    forward=_index_select_forward,
    inputs=("self", "index"),
    vjp={
        "self": lambda ct, index, self_shape, dim: op(
            "index_add", zeros(self_shape, ct), dim, index, ct
        ),
        "index": None,
    },
    jvp=lambda self_t, index, dim: index_select_op(self_t, index, dim),
    method=False,
)
define_function("index_select", lambda self, dim, index: index_select_op(self, index, dim))


def _index_add_forward(self: Any, index: Any, source: Any, dim: int, alpha: Any = 1) -> Any:
    made = np.array(self)
    source = np.asarray(source) * made.dtype.type(alpha)
    if made.ndim == 0:
        return made + np.add.reduce(source.reshape(-1), dtype=made.dtype)
    if source.ndim == 0:
        source = source.reshape(1)
    np.add.at(made, _slices_at(made.shape, dim, index), source)
    return made


def _selected(ct: Any, index: Any, dim: int, shape: tuple[int, ...]) -> Any:
    return reshape(op("index_select", ct, dim, index), shape)


def _times(ct: Any, factor: Any) -> Any:
    return (
        ct if factor == 1 else ct * (factor.conjugate() if isinstance(factor, complex) else factor)
    )


index_add_op: Any = define_op(
    "index_add.source",
    node="IndexAddBackward0",
    forward=layout.in_rows(_index_add_forward),
    inputs=("self", "index", "source"),
    inplace=True,
    vjp={
        "self": lambda ct: ct,
        "index": None,
        "source": lambda ct, index, source_shape, dim, alpha: _times(
            _selected(ct, index, dim, source_shape), alpha
        ),
    },
    jvp=lambda self_t, index, source_t, dim, alpha: index_add_op(
        self_t, index, source_t, dim, alpha
    ),
    method=False,
)
define_function(
    "index_add",
    lambda self, dim, index, source, *, alpha=1: index_add_op(self, index, source, dim, alpha),
)
define_function(
    "index_add_",
    lambda self, dim, index, source, *, alpha=1: OPS["index_add.source_"](
        self, index, source, dim, alpha
    ),
)


def _index_copy_forward(self: Any, index: Any, source: Any, dim: int) -> Any:
    made = np.array(self)
    if made.ndim == 0:
        return np.array(np.reshape(source, ()))
    source = np.asarray(source)
    made[_slices_at(made.shape, dim, index)] = source.reshape(1) if source.ndim == 0 else source
    return made


def _slices_cleared(ct: Any, index: Any, dim: int) -> Any:
    return op("index_fill", ct, dim, index, 0.0)


index_copy_op: Any = define_op(
    "index_copy.source",
    node="IndexCopyBackward0",
    forward=_index_copy_forward,
    inputs=("self", "index", "source"),
    inplace=True,
    vjp={
        "self": lambda ct, index, dim: _slices_cleared(ct, index, dim),
        "index": None,
        "source": lambda ct, index, source_shape, dim: _selected(ct, index, dim, source_shape),
    },
    jvp=lambda self_t, index, source_t, dim: index_copy_op(self_t, index, source_t, dim),
    method=False,
)
define_function(
    "index_copy", lambda self, dim, index, source: index_copy_op(self, index, source, dim)
)
define_function(
    "index_copy_",
    lambda self, dim, index, source: OPS["index_copy.source_"](self, index, source, dim),
)


def _index_fill_forward(self: Any, index: Any, value: Any, dim: int) -> Any:
    made = np.array(self)
    if made.ndim == 0:
        return np.full((), value, dtype=made.dtype)
    made[_slices_at(made.shape, dim, index)] = value
    return made


index_fill_number = define_op(
    "index_fill.number",
    node="IndexFillBackward0",
    forward=lambda self, index, dim, value: _index_fill_forward(self, index, value, dim),
    inputs=("self", "index"),
    inplace=True,
    vjp={"self": lambda ct, index, dim: _slices_cleared(ct, index, dim), "index": None},
    jvp=lambda self_t, index, dim: _slices_cleared(self_t, index, dim),
    method=False,
)
index_fill_tensor: Any = define_op(
    "index_fill.tensor",
    node="IndexFillBackward1",
    forward=lambda self, index, value, dim: _index_fill_forward(self, index, value, dim),
    inputs=("self", "index", "value"),
    inplace=True,
    vjp={
        "self": lambda ct, index, dim: _slices_cleared(ct, index, dim),
        "index": None,
        "value": lambda ct, index, value_shape, dim: reshape(
            sum(op("index_select", ct, dim, _once(index))), value_shape
        ),
    },
    jvp=lambda self_t, index, value_t, dim: index_fill_tensor(self_t, index, value_t, dim),
    method=False,
)


def _once(index: Any) -> Any:
    """The index without repetitions: a slice named twice is filled once."""
    found = np.unique(array_of(index))
    return constant(found, index)


def _index_fill(suffix: str) -> Any:
    def call(self: Tensor, dim: int, index: Tensor, value: Any) -> Any:
        if isinstance(value, Tensor):
            return OPS[f"index_fill.tensor{suffix}"](self, index, value, dim)
        return OPS[f"index_fill.number{suffix}"](self, index, dim, value)

    call.__doc__ = f"``index_fill{suffix}``: one value in the slices that ``index`` tells."
    return call


define_function("index_fill", _index_fill(""))
define_function("index_fill_", _index_fill("_"))
