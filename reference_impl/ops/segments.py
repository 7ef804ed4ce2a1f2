"""Reductions of groups of elements: scatter_reduce, index_reduce, segment_reduce."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import array_of, constant, ones, op, reshape, shape_of, where, zeros
from reference_impl.ops.reducing import others_product
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make

# Below, `at` is the flat place in self to which each element of the source goes, as a bare array of the source's size.

START = {"sum": 0, "mean": 0, "prod": 1, "amax": -math.inf, "amin": math.inf}
HOW = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _scatter_places(shape: tuple[int, ...], index: Any, dim: int) -> Any:
    """Flat places for an index of the source's own shape."""
    index = np.asarray(array_of(index))
    if not shape:
        return np.zeros(index.size, dtype=np.int64)
    at = layout.one_dim(dim, len(shape))
    grids = list(np.indices(index.shape)) if index.ndim else [index]
    grids[at] = index
    return (
        np.ravel_multi_index(tuple(grids), shape).reshape(-1)
        if index.size
        else np.zeros(0, dtype=np.int64)
    )


def _slice_places(shape: tuple[int, ...], index: Any, dim: int) -> Any:
    """Flat places for an index that names slices along ``dim``."""
    if not shape:
        return np.zeros(np.size(array_of(index)), dtype=np.int64)
    flat = np.arange(math.prod(shape)).reshape(shape)
    return np.take(flat, np.atleast_1d(array_of(index)), axis=dim).reshape(-1)


def _start(kind: Any, reduce: str) -> Any:
    if kind.kind == "f" or reduce not in ("amax", "amin"):
        return kind.type(START[reduce])
    if kind.kind == "b":
        return reduce == "amin"
    info = np.iinfo(kind)
    return info.min if reduce == "amax" else info.max


def _group(self: Any, at: Any, values: Any, reduce: str, include_self: bool) -> Any:
    made = np.array(self, order="C")
    flat = made.reshape(-1)
    if not include_self:
        flat[at] = _start(made.dtype, reduce)
    HOW[reduce].at(flat, at, values)
    if reduce == "mean":
        number = np.bincount(at, minlength=flat.size) + (1 if include_self else 0)
        number = np.maximum(number, 1)
        flat[...] = (
            flat // number if made.dtype.kind in "iu" else flat / number.astype(made.real.dtype)
        )
    return made


def _source_of(src: Any, index: Any) -> Any:
    """The part of the source that the index covers, flat."""
    index = np.asarray(array_of(index))
    src = np.asarray(src)
    return (
        src if src.shape == index.shape else src[tuple(slice(0, n) for n in index.shape)]
    ).reshape(-1)


def _numbers(at: Any, shape: tuple[int, ...], include_self: bool) -> Any:
    return np.bincount(at, minlength=math.prod(shape)).reshape(shape) + (1 if include_self else 0)


def _self_vjp(
    ct: Any, self: Any, flat: Any, result: Any, at: Any, reduce: str, include_self: bool
) -> Any:
    """Cotangent of what stood in the tensor before; ``flat`` is the source."""
    shape = shape_of(self)
    hit = _numbers(at, shape, include_self=False) > 0
    if not include_self:
        return where(constant(hit, ct), zeros(shape, ct), ct)
    if reduce == "sum":
        return ct
    if reduce == "mean":
        return ct / constant(
            _numbers(at, shape, include_self=True).astype(array_of(ct).real.dtype), ct
        )
    if reduce == "prod":
        return ct * op(
            "conj", reshape(op("select", _product_of_others(self, flat, at), 0, 0), shape)
        )
    share, _ = _shares(self, flat, result, at, include_self)
    return ct * constant(share, ct)


def _source_vjp(
    ct: Any, self: Any, flat: Any, result: Any, at: Any, reduce: str, include_self: bool
) -> Any:
    """Cotangent of the source, flat."""
    found = op("take", ct, constant(at, ct))
    if reduce == "sum":
        return found
    if reduce == "mean":
        number = np.maximum(_numbers(at, shape_of(self), include_self), 1).reshape(-1)[at]
        return found / constant(number.astype(array_of(ct).real.dtype), ct)
    if reduce == "prod":
        others = _product_of_others(self if include_self else ones(shape_of(self), self), flat, at)
        rows = (_ranks(at) + 1) * math.prod(shape_of(self)) + at
        return found * op("conj", op("take", others, constant(rows, ct)))
    _, share = _shares(self, flat, result, at, include_self)
    return found * constant(share, ct)


def _ranks(at: Any) -> Any:
    """For each element, how many before it go to the same place."""
    order = np.argsort(at, kind="stable")
    sorted_at = at[order]
    starts = (
        np.flatnonzero(np.r_[True, sorted_at[1:] != sorted_at[:-1]])
        if at.size
        else np.zeros(0, dtype=np.int64)
    )
    lengths = np.diff(np.r_[starts, at.size])
    ranks = np.empty(at.size, dtype=np.int64)
    ranks[order] = np.arange(at.size) - np.repeat(starts, lengths)
    return ranks


def _product_of_others(self: Any, flat: Any, at: Any) -> Any:
    """Row 0 for ``self``, row k for the k-th source element of each place: the product of all other rows."""
    size = math.prod(shape_of(self))
    ranks = _ranks(at)
    depth = int(ranks.max(initial=-1)) + 2
    table = op("put", ones((depth * size,), self), constant((ranks + 1) * size + at, self), flat)
    table = op("put", table, constant(np.arange(size), self), reshape(self, (size,)))
    return others_product(reshape(table, (depth, size)), 0)


def _shares(self: Any, flat: Any, result: Any, at: Any, include_self: bool) -> tuple[Any, Any]:
    """Elements that tie for the extreme share evenly: the shares of ``self`` and of the source."""
    x, y, best = (np.asarray(array_of(a)) for a in (self, flat, result))
    number = np.zeros(x.size, dtype=best.dtype)
    ours = (x == best).reshape(-1).astype(best.dtype) * (1 if include_self else 0)
    theirs = (y == best.reshape(-1)[at]).astype(best.dtype)
    np.add.at(number, at, theirs)
    number = np.maximum(number + ours, 1)
    return (ours / number).reshape(x.shape), theirs / number[at]


def _padded(flat: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """A flat cotangent in the source's shape; zeros for what the index did not cover."""
    covered = shape_of(index)
    found = reshape(flat, covered)
    if covered == shape:
        return found
    widths = [n for a, b in reversed(list(zip(covered, shape, strict=True))) for n in (0, b - a)]
    return op("constant_pad_nd", found, widths, 0.0)


def _covered(src: Any, index: Any) -> Any:
    """The part of the source that the index covers, flat; array or tensor."""
    for axis, n in enumerate(shape_of(index)):
        if n != shape_of(src)[axis]:
            src = op("narrow", src, axis, 0, n)
    return reshape(src, (math.prod(shape_of(src)),))


def scatter_reduce_vjp_self(
    ct: Any, self: Any, index: Any, src: Any, result: Any, dim: int, reduce: str, include_self: bool
) -> Any:
    """Cotangent of the tensor that was scattered into."""
    at = _scatter_places(shape_of(self), index, dim)
    return _self_vjp(ct, self, _covered(src, index), result, at, reduce, include_self)


def scatter_reduce_vjp_src(
    ct: Any, self: Any, index: Any, src: Any, result: Any, dim: int, reduce: str, include_self: bool
) -> Any:
    """Cotangent of the source."""
    at = _scatter_places(shape_of(self), index, dim)
    flat = _source_vjp(ct, self, _covered(src, index), result, at, reduce, include_self)
    return _padded(flat, index, shape_of(src))


def _group_jvp(
    self_t: Any,
    flat_t: Any,
    self: Any,
    flat: Any,
    result: Any,
    at: Any,
    reduce: str,
    include_self: bool,
) -> Any:
    """Each operand's tangent times the factor its cotangent would get, added up per place."""
    one = ones(shape_of(result), result)
    of_self = op("conj", _self_vjp(one, self, flat, result, at, reduce, include_self))
    of_source = op("conj", _source_vjp(one, self, flat, result, at, reduce, include_self))
    return op("put", self_t * of_self, constant(at, result), flat_t * of_source, accumulate=True)


scatter_reduce_op = define_op(
    "scatter_reduce.source",
    node="ScatterReduceBackward0",
    forward=lambda self, index, src, dim, reduce, include_self=True: _group(
        self, _scatter_places(np.shape(self), index, dim), _source_of(src, index), reduce, include_self
    ),
    inputs=("self", "index", "src"),
    inplace=True,
    vjp={"self": scatter_reduce_vjp_self, "index": None, "src": scatter_reduce_vjp_src},
    jvp=lambda self_t, src_t, self, index, src, result, dim, reduce, include_self: _group_jvp(
        self_t, _covered(src_t, index), self, _covered(src, index), result,
        _scatter_places(shape_of(self), index, dim), reduce, include_self,
    ),
    method=False,
)  # fmt: skip


def index_reduce_vjp_self(
    ct: Any,
    self: Any,
    index: Any,
    source: Any,
    result: Any,
    dim: int,
    reduce: str,
    include_self: bool,
) -> Any:
    """Cotangent of the tensor that was written into."""
    at = _slice_places(shape_of(self), index, dim)
    return _self_vjp(ct, self, reshape(source, (at.size,)), result, at, reduce, include_self)


def index_reduce_vjp_source(
    ct: Any,
    self: Any,
    index: Any,
    source: Any,
    result: Any,
    dim: int,
    reduce: str,
    include_self: bool,
) -> Any:
    """Cotangent of the source."""
    at = _slice_places(shape_of(self), index, dim)
    flat = _source_vjp(ct, self, reshape(source, (at.size,)), result, at, reduce, include_self)
    return reshape(flat, shape_of(source))


index_reduce_op = define_op(
    "index_reduce.source",
    node="IndexReduceBackward0",
    forward=lambda self, index, source, dim, reduce, include_self=True: _group(
        self, _slice_places(np.shape(self), index, dim), np.reshape(source, -1), reduce, include_self
    ),
    inputs=("self", "index", "source"),
    inplace=True,
    vjp={"self": index_reduce_vjp_self, "index": None, "source": index_reduce_vjp_source},
    jvp=lambda self_t, source_t, self, index, source, result, dim, reduce, include_self: _group_jvp(
        self_t, op("reshape", source_t, (-1,)), self, op("reshape", source, (-1,)), result,
        _slice_places(shape_of(self), index, dim), reduce, include_self,
    ),
    method=False,
)  # fmt: skip


def _two_forms(name: str, row: str) -> None:
    for suffix in ("", "_"):

        def call(
            self: Tensor,
            dim: int,
            index: Tensor,
            source: Tensor,
            reduce: str,
            *,
            include_self: bool = True,
            _row: str = row + suffix,
        ) -> Any:
            return OPS[_row](self, index, source, dim, reduce, include_self)

        call.__doc__ = (
            f"``{name}``: groups of source elements, as the index tells, reduced into the tensor."
        )
        define_function(name + suffix, call)


_two_forms("scatter_reduce", "scatter_reduce.source")
_two_forms("index_reduce", "index_reduce.source")

# -- segments ----------------------------------------------------------------------------------------------------------


def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Any = None,
    indices: Any = None,
    offsets: Any = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: Any = None,
) -> Any:
    """Runs of entries along ``axis`` reduced to one each; their lengths, or their bounds, are given."""
    _ = indices, unsafe
    spans = np.asarray(lengths._data) if lengths is not None else np.diff(offsets._data, axis=-1)
    axis = layout.one_dim(axis, data.ndim)
    rows = op("reshape", data, (math.prod(data.shape[:axis]), *data.shape[axis:]))
    spans = spans.reshape(rows.shape[0], -1)
    made = []
    for r in range(rows.shape[0]):
        begin, row = 0, op("select", rows, 0, r)
        for n in spans[r]:
            made.append(_segment(op("narrow", row, 0, begin, int(n)), reduce, initial))
            begin += int(n)
    return op(
        "reshape",
        op("stack", made, 0),
        (*data.shape[:axis], spans.shape[1], *data.shape[axis + 1 :]),
    )


def _segment(x: Tensor, reduce: str, initial: Any) -> Any:
    """One segment; ``initial`` stands before it, or for it if it is empty."""
    empty = {"sum": 0.0, "prod": 1.0, "mean": math.nan, "max": -math.inf, "min": math.inf}[reduce]
    if x.shape[0] == 0:
        return op("new_full", x, tuple(x.shape[1:]), empty if initial is None else initial)
    if reduce == "mean":
        return (op("sum", x, 0) + (initial or 0.0)) / x.shape[0]
    found = op({"max": "amax", "min": "amin"}.get(reduce, reduce), x, 0)
    if initial is None:
        return found
    first = op("new_full", x, tuple(x.shape[1:]), initial)
    if reduce in {"sum", "prod"}:
        return found + first if reduce == "sum" else found * first
    # At a tie with the start, which is a constant, the whole gradient goes to the entries.
    keeps = found._data >= initial if reduce == "max" else found._data <= initial
    return op("where", make(keeps), found, first)


define_function("_segment_reduce", segment_reduce, method=False, aliases=("segment_reduce",))
_ = zeros
