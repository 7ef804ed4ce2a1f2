"""Order: sort, topk, medians, quantiles, unique values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import array_of, constant, expand, op, shape_of, sum
from reference_impl.ops.reducing import pick_at_index, publish, spread_to_index
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor, make


def _order(x: Any, dim: int, descending: bool) -> Any:
    """Positions that sort ``x`` along ``dim``, equal elements in their first order; NaN counts as the largest."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    flipped = np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)
    return x.shape[dim] - 1 - flipped


def _sort_forward(self: Any, dim: int = -1, descending: bool = False) -> tuple[Any, Any]:
    self = np.asarray(self)
    if self.ndim == 0:
        return np.array(self), np.zeros((), dtype=np.int64)
    at = layout.one_dim(dim, self.ndim)
    index = _order(self, at, descending).astype(np.int64)
    return np.take_along_axis(self, index, at), index


def _scattered(ct: Any, indices: Any, shape: tuple[int, ...], dim: int) -> Any:
    return spread_to_index(ct, indices, shape, dim, keepdim=True)


sort_op = define_op(
    "sort.stable",
    node="SortBackward0",
    forward=_sort_forward,
    inputs=("self",),
    outputs=("values", "indices"),
    differentiable=("values",),
    vjp={"self": lambda ct, indices, self_shape, dim: _scattered(ct, indices, self_shape, dim)},
    jvp=lambda self_t, indices, dim: (pick_at_index(self_t, indices, dim, keepdim=True), None),
    method=False,
)
_sort = make_type("sort", "values", "indices")


def sort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """Values in order along ``dim``, and where they stood."""
    _ = stable
    return _sort(sort_op(self, dim, descending))


publish("sort", sort)
publish(
    "argsort",
    lambda self, dim=-1, descending=False, stable=False: sort_op(self.detach(), dim, descending)[1],
)
publish("msort", lambda self: sort_op(self, 0)[0])


def _topk_forward(
    self: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Any, Any]:
    _ = sorted
    self = np.asarray(self)
    at = layout.one_dim(dim, self.ndim)
    size = self.shape[at] if self.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError("selected index k out of range")
    if self.ndim == 0:
        return np.array(self), np.zeros((), dtype=np.int64)
    index = np.take(_order(self, at, largest), np.arange(k), axis=at).astype(np.int64)
    return np.take_along_axis(self, index, at), index


topk_op = define_op(
    "topk.dim",
    node="TopkBackward0",
    forward=_topk_forward,
    inputs=("self",),
    outputs=("values", "indices"),
    differentiable=("values",),
    vjp={"self": lambda ct, indices, self_shape, dim: _scattered(ct, indices, self_shape, dim)},
    jvp=lambda self_t, indices, dim: (pick_at_index(self_t, indices, dim, keepdim=True), None),
    method=False,
)
_topk = make_type("topk", "values", "indices")
publish(
    "topk",
    lambda self, k, dim=-1, largest=True, sorted=True: _topk(
        topk_op(self, k, dim, largest, sorted)
    ),
)

# -- one element of the order ------------------------------------------------------------------------------------------


def _one_of(self: Any, index: Any, at: int, keepdim: bool) -> tuple[Any, Any]:
    values = np.take_along_axis(self, index, at)
    return (values, index) if keepdim else (np.squeeze(values, at), np.squeeze(index, at))


def _kth_forward(self: Any, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    self = np.asarray(self)
    if self.ndim == 0:
        return np.array(self), np.zeros((), dtype=np.int64)
    at = layout.one_dim(dim, self.ndim)
    if not 1 <= k <= self.shape[at]:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {at}")
    index = np.take(_order(self, at, descending=False), [k - 1], axis=at).astype(np.int64)
    return _one_of(self, index, at, keepdim)


def _median_place(ordered: Any, at: int, *, skip_nan: bool) -> Any:
    """Where the lower median stands in sorted values; NaN if there is one, unless those are skipped."""
    size = ordered.shape[at]
    numbers = (
        np.sum(~np.isnan(ordered), axis=at, keepdims=True) if ordered.dtype.kind == "f" else size
    )
    if skip_nan:
        return np.broadcast_to(
            np.maximum(numbers - 1, 0) // 2, (*ordered.shape[:at], 1, *ordered.shape[at + 1 :])
        )
    place = np.where(np.asarray(numbers) < size, numbers, (size - 1) // 2)
    return np.broadcast_to(place, (*ordered.shape[:at], 1, *ordered.shape[at + 1 :]))


def _median_forward(self: Any, dim: int, keepdim: bool, *, skip_nan: bool) -> tuple[Any, Any]:
    self = np.asarray(self)
    if self.ndim == 0:
        return np.array(self), np.zeros((), dtype=np.int64)
    at = layout.one_dim(dim, self.ndim)
    if self.shape[at] == 0:
        raise IndexError(f"median(): Expected reduction dim {at} to have non-zero size.")
    order = _order(self, at, descending=False)
    place = _median_place(np.take_along_axis(self, order, at), at, skip_nan=skip_nan)
    return _one_of(self, np.take_along_axis(order, place, at).astype(np.int64), at, keepdim)


def _mode_forward(self: Any, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    self = np.asarray(self)
    if self.ndim == 0:
        return np.array(self), np.zeros((), dtype=np.int64)
    at = layout.one_dim(dim, self.ndim)
    rows = np.moveaxis(self, at, -1)
    index = np.empty((*rows.shape[:-1], 1), dtype=np.int64)
    for place in np.ndindex(*rows.shape[:-1]):
        row = rows[place]
        values, counts = np.unique(row, return_counts=True)
        index[place] = np.flatnonzero(row == values[np.argmax(counts)])[-1]
    return _one_of(self, np.moveaxis(index, -1, at), at, keepdim)


def _selecting_row(name: str, node: str, forward: Any) -> Any:
    """An op that returns one element along ``dim`` and its position; the cotangent goes there."""
    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=("self",),
        outputs=("values", "indices"),
        differentiable=("values",),
        vjp={
            "self": lambda ct, indices, self_shape, dim, keepdim: spread_to_index(
                ct, indices, self_shape, dim, keepdim
            )
        },
        jvp=lambda self_t, indices, dim, keepdim: (
            pick_at_index(self_t, indices, dim, keepdim),
            None,
        ),
        method=False,
    )


kth_op = _selecting_row("kthvalue.dim", "KthvalueBackward0", _kth_forward)
mode_op = _selecting_row("mode.dim", "ModeBackward0", _mode_forward)
median_dim = _selecting_row(
    "median.dim",
    "MedianBackward1",
    lambda self, dim, keepdim=False: _median_forward(self, dim, keepdim, skip_nan=False),
)
nanmedian_dim = _selecting_row(
    "nanmedian.dim",
    "NanmedianBackward1",
    lambda self, dim, keepdim=False: _median_forward(self, dim, keepdim, skip_nan=True),
)
_kthvalue, _mode = (
    make_type("kthvalue", "values", "indices"),
    make_type("mode", "values", "indices"),
)
publish("kthvalue", lambda self, k, dim=-1, keepdim=False: _kthvalue(kth_op(self, k, dim, keepdim)))
publish("mode", lambda self, dim=-1, keepdim=False: _mode(mode_op(self, dim, keepdim)))


def _flat_median(self: Any, *, skip_nan: bool) -> Any:
    if self.size == 0:
        return self.dtype.type(np.nan)
    return _median_forward(np.reshape(self, -1), 0, keepdim=False, skip_nan=skip_nan)[0]


def _even_among_equals(ct: Any, self: Any, result: Any) -> Any:
    # Convention: without dim, all elements equal to the median get equal parts.
    mask = _equals(self, result)
    return expand(ct, shape_of(self)) * constant(mask / max(mask.sum(), 1), ct)


def _equals(self: Any, result: Any) -> Any:
    x, y = np.asarray(array_of(self)), array_of(result)
    return (np.isnan(x) if np.isnan(y) else x == y).astype(x.dtype)


def _equals_mean(self_t: Any, self: Any, result: Any) -> Any:
    mask = _equals(self, result)
    return sum(self_t * constant(mask / max(mask.sum(), 1), self_t))


def _median_row(name: str, node: str, *, skip_nan: bool) -> Any:
    return define_op(
        f"{name}.all",
        node=node,
        forward=lambda self: _flat_median(self, skip_nan=skip_nan),
        inputs=("self",),
        vjp={"self": _even_among_equals},
        jvp=_equals_mean,
        method=False,
    )


def _two_forms(name: str, everything: Any, over_dim: Any) -> None:
    kind = make_type(name, "values", "indices")

    def call(self: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        return everything(self) if dim is None else kind(over_dim(self, dim, keepdim))

    call.__doc__ = f"``{name}`` of everything, or along ``dim`` with positions; the lower of two middle elements."
    publish(name, call)


_two_forms("median", _median_row("median", "MedianBackward0", skip_nan=False), median_dim)
_two_forms(
    "nanmedian", _median_row("nanmedian", "NanmedianBackward0", skip_nan=True), nanmedian_dim
)

# -- quantiles ---------------------------------------------------------------------------------------------------------


def _quantile(
    self: Tensor, q: Any, dim: int | None, keepdim: bool, how: str, *, skip_nan: bool
) -> Any:
    """Sorted values at fractional places, read by linear interpolation or as ``how`` says."""
    points = np.asarray(array_of(q), dtype=self._data.dtype)
    if points.size and (points.min() < 0 or points.max() > 1):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    flat = (
        op("reshape", self, (-1,))
        if dim is None
        else op("movedim", self, dim, -1)
        if self.ndim
        else op("reshape", self, (1,))
    )
    values = sort_op(flat, -1)[0]
    numbers = np.sum(~np.isnan(values._data), axis=-1, keepdims=True)
    last = (
        np.maximum(numbers - 1, 0)
        if skip_nan
        else np.where(numbers < flat.shape[-1], flat.shape[-1] - 1, numbers - 1)
    )
    row = op("reshape", q, (-1,)) if isinstance(q, Tensor) else make(points.reshape(-1))
    places = row * make(last.astype(points.dtype))
    if not skip_nan:
        places = op(
            "where",
            make(np.asarray(numbers < flat.shape[-1])),
            make(last.astype(points.dtype)),
            places,
        )
    made = _read_between(values, places, how)
    made = op("movedim", made, -1, 0) if points.ndim else op("squeeze_", made, -1)
    return _with_kept_dims(made, self, dim, points.ndim) if keepdim else made


def _read_between(values: Tensor, places: Tensor, how: str) -> Any:
    rule = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}.get(how)
    if rule is not None:
        return op("gather", values, -1, make(rule(places._data).astype(np.int64)))
    below = np.floor(places._data)
    low = op("gather", values, -1, make(below.astype(np.int64)))
    high = op("gather", values, -1, make(np.ceil(places._data).astype(np.int64)))
    return op(
        "lerp",
        low,
        high,
        make(np.full_like(below, 0.5)) if how == "midpoint" else places - make(below),
    )


def _with_kept_dims(made: Tensor, self: Tensor, dim: int | None, lead: int) -> Any:
    if dim is None:
        return op("reshape", made, (*made.shape[:lead], *([1] * self.ndim)))
    return op("unsqueeze", made, layout.one_dim(dim, self.ndim) + lead) if self.ndim else made


def _quantile_function(name: str, *, skip_nan: bool) -> None:
    def call(
        self: Tensor,
        q: Any,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
    ) -> Any:
        return _quantile(self, q, dim, keepdim, interpolation, skip_nan=skip_nan)

    call.__doc__ = f"``{name}``: values below which a share ``q`` of the elements lies."
    publish(name, call)


_quantile_function("quantile", skip_nan=False)
_quantile_function("nanquantile", skip_nan=True)

# -- without derivative ------------------------------------------------------------------------------------------------


def _unique_forward(self: Any, dim: int | None = None) -> tuple[Any, Any, Any]:
    x = np.asarray(self)
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=dim)
    return (
        values,
        inverse.astype(np.int64).reshape(x.shape if dim is None else -1),
        counts.astype(np.int64),
    )


unique_op = define_op(
    "unique.all",
    forward=_unique_forward,
    inputs=("self",),
    outputs=("values", "inverse", "counts"),
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
    method=False,
)


def unique(
    self: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different values, in order."""
    _ = sorted
    values, inverse, counts = unique_op(self, dim)
    found = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return found if len(found) > 1 else values


define_function("unique", unique)


def unique_consecutive(
    self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The values without immediate repetitions."""
    x = np.asarray(self._data)
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, dim, 0)
    flat = (
        rows.reshape(len(rows), -1)
        if rows.size
        else rows.reshape(len(rows), math.prod(rows.shape[1:]))
    )
    starts = np.ones(len(rows), dtype=bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
    inverse = (np.cumsum(starts) - 1).reshape(x.shape if dim is None else -1)
    counts = np.diff(np.flatnonzero(np.append(starts, True)))
    made = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    found = tuple([make(np.array(m)) for m in made])
    return found if len(found) > 1 else found[0]


define_function("unique_consecutive", unique_consecutive)


def searchsorted(
    sorted_sequence: Tensor,
    self: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Tensor:
    """Where each value would stand in a sorted sequence."""
    rows, values = np.asarray(array_of(sorted_sequence)), np.asarray(array_of(self))
    if sorter is not None:
        rows = np.take_along_axis(rows, array_of(sorter), -1)
    way: Any = "right" if right or side == "right" else "left"
    kind = np.int32 if out_int32 else np.int64
    if rows.ndim == 1:
        return make(np.searchsorted(rows, values, way).astype(kind))
    made = np.empty(values.shape, dtype=kind)
    for place in np.ndindex(*rows.shape[:-1]):
        made[place] = np.searchsorted(rows[place], values[place], way)
    return make(made)


define_function("searchsorted", searchsorted, method=False)
define_function(
    "bucketize",
    lambda input, boundaries, **options: searchsorted(boundaries, input, **options),
    method=False,
)
