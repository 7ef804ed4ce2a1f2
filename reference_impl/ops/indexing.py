"""Reading and writing parts: select, slice, index, unbind, split, and assignment to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import errors, layout, short_writes
from reference_impl.ops.lang import array_of, concatenate, sum_to, where, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make

# A cotangent that is spread into zeros: the transpose of reading a part.


def _at(self: Any, index: tuple[Any, ...]) -> Any:
    return self[(*index, ...)]


def put(ct: Any, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros of ``shape`` with ``ct`` at a basic index."""
    if isinstance(ct, Tensor):
        return embed(ct, shape, index)
    made = np.zeros(shape, dtype=ct.dtype)
    made[index] = ct
    return made


embed = define_op(
    "embed",
    node="SliceBackward0Backward0",
    forward=lambda self, shape, index: put(self, shape, index),
    inputs=("self",),
    vjp={"self": lambda ct, index: take_part(ct, index)},
    jvp="linear",
    method=False,
)


def take_part(x: Any, index: tuple[Any, ...]) -> Any:
    """Part of an array or tensor at a basic index, as a view."""
    return basic_index(x, index) if isinstance(x, Tensor) else _at(x, index)


basic_index = define_op(
    "basic_index",
    node="SliceBackward0",
    forward=_at,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct, self_shape, index: put(ct, self_shape, index)},
    jvp="linear",
    method=False,
)


def _one_place(self: Any, dim: int, index: int) -> tuple[Any, ...]:
    if self.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = layout.one_dim(dim, self.ndim)
    n = self.shape[at]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(self.shape)} at dimension {at}"
        )
    return (slice(None),) * at + (index,)


select = define_op(
    "select",
    node="SelectBackward0",
    forward=lambda self, dim, index: _at(self, _one_place(self, dim, int(index))),
    inputs=("self",),
    view=True,
    vjp={
        "self": lambda ct, self_shape, dim, index: put(
            ct, self_shape, _place(self_shape, dim, int(index))
        )
    },
    jvp="linear",
)


_row = short_writes.make_row(select.rule)  # type: ignore[attr-defined]


def _place(shape: tuple[int, ...], dim: int, index: int) -> tuple[Any, ...]:
    return (slice(None),) * layout.one_dim(dim, len(shape)) + (index,)


def _range(shape: tuple[int, ...], dim: int, start: Any, end: Any, step: int) -> tuple[Any, ...]:
    if step <= 0:
        raise ValueError("step must be greater than zero")
    return (slice(None),) * layout.one_dim(dim, len(shape)) + (slice(start, end, step),)


slice_op = define_op(
    "slice",
    node="SliceBackward0",
    forward=lambda self, dim=0, start=None, end=None, step=1: _at(
        self, _range(self.shape, dim, start, end, step)
    ),
    inputs=("self",),
    view=True,
    vjp={
        "self": lambda ct, self_shape, dim, start, end, step: put(
            ct, self_shape, _range(self_shape, dim, start, end, step)
        )
    },
    jvp="linear",
    method=False,
)


def narrow(self: Tensor, dim: int, start: Any, length: int) -> Any:
    """``length`` entries of axis ``dim`` from ``start`` on."""
    if self.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    n = self._data.shape[layout.one_dim(dim, self.ndim)]
    start = int(start)
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    begin = start + n if start < 0 else start
    if length < 0 or begin < 0 or begin + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return slice_op(self, dim, begin, begin + length)


define_function("narrow", narrow)

# -- several parts at once ---------------------------------------------------------------------------------------------


def _unstack(cts: Any, shape: tuple[int, ...], dim: int) -> Any:
    at = layout.one_dim(dim, len(shape))
    some = next(ct for ct in cts if ct is not None)
    part = shape[:at] + shape[at + 1 :]
    full = [zeros(part, some) if ct is None else ct for ct in cts]
    return OPS["stack"](full, at) if isinstance(some, Tensor) else np.stack(full, at)


unbind = define_op(
    "unbind",
    node="UnbindBackward0",
    forward=lambda self, dim=0: tuple(
        _at(self, _place(self.shape, dim, i))
        for i in range(self.shape[layout.one_dim(dim, self.ndim)])
    ),
    inputs=("self",),
    view=True,
    many=True,
    vjp={
        "self": lambda cts, self_shape, dim: (
            None if all(ct is None for ct in cts) else _unstack(cts, self_shape, dim)
        )
    },
    jvp="linear",
)


def _cuts(shape: tuple[int, ...], sizes: tuple[int, ...], dim: int) -> list[tuple[Any, ...]]:
    at, begin, found = layout.one_dim(dim, len(shape)), 0, []
    for n in sizes:
        found.append((slice(None),) * at + (slice(begin, begin + n),))
        begin += n
    if begin != shape[at]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {shape[at]} (input tensor's size "
            f"at dimension {dim}), "
            f"but got split_sizes={list(sizes)}"
        )
    return found


def _join(cts: Any, shape: tuple[int, ...], sizes: tuple[int, ...], dim: int) -> Any:
    at = layout.one_dim(dim, len(shape))
    some = next((ct for ct in cts if ct is not None), None)
    if some is None:
        return None
    full = [
        zeros((*shape[:at], n, *shape[at + 1 :]), some) if ct is None else ct
        for n, ct in zip(sizes, cts, strict=True)
    ]
    return concatenate(full, at)


def _split_row(name: str, node: str, *, view: bool) -> Any:
    return define_op(
        name,
        node=node,
        forward=lambda self, sizes, dim=0: tuple(
            _at(self, c) if view else np.array(_at(self, c))
            for c in _cuts(self.shape, tuple(sizes), dim)
        ),
        inputs=("self",),
        view=view,
        many=True,
        vjp={"self": lambda cts, self_shape, sizes, dim: _join(cts, self_shape, tuple(sizes), dim)},
        jvp="linear",
        method=False,
    )


split_sizes_op = _split_row("split.sizes", "SplitWithSizesBackward0", view=True)
split_op = _split_row("split.even", "SplitBackward0", view=True)
unsafe_split_op = _split_row("unsafe_split.even", "UnsafeSplitBackward0", view=False)
unsafe_split_sizes_op = _split_row(
    "unsafe_split.sizes", "UnsafeSplitWithSizesBackward0", view=False
)


def _even(n: int, size: int) -> tuple[int, ...]:
    if size < 0 or (size == 0 and n):
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if n == 0:
        return (0,)
    return tuple(min(size, n - i) for i in range(0, n, size))


def split(self: Tensor, split_size_or_sections: Any, dim: int = 0) -> Any:
    """Parts of one size along ``dim``, or of the sizes given."""
    if isinstance(split_size_or_sections, int):
        return split_op(self, _even(self.shape[dim], split_size_or_sections), dim)
    return split_sizes_op(self, tuple(split_size_or_sections), dim)


def unsafe_split(self: Tensor, split_size: Any, dim: int = 0) -> Any:
    """Like split, with results that are no views."""
    return unsafe_split_op(self, _even(self.shape[dim], split_size), dim)


def chunk(self: Tensor, chunks: int, dim: int = 0) -> Any:
    """About ``chunks`` parts of equal size along ``dim``."""
    n = self.shape[dim]
    return split_op(self, _even(n, max(-(-n // chunks), 1)), dim)


def unsafe_chunk(self: Tensor, chunks: int, dim: int = 0) -> Any:
    """Like chunk, with results that are no views."""
    n = self.shape[dim]
    return unsafe_split_op(self, _even(n, max(-(-n // chunks), 1)), dim)


define_function("split", split)
define_function(
    "split_with_sizes",
    lambda self, split_sizes, dim=0: split_sizes_op(self, tuple(split_sizes), dim),
)
define_function("unsafe_split", unsafe_split)
define_function(
    "unsafe_split_with_sizes",
    lambda self, split_sizes, dim=0: unsafe_split_sizes_op(self, tuple(split_sizes), dim),
)
define_function("chunk", chunk)
define_function("unsafe_chunk", unsafe_chunk)

# -- index expressions -------------------------------------------------------------------------------------------------


def _add_at(ct: Any, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    """Zeros of ``shape`` to which ``ct`` is added at an index, once per occurrence."""
    if isinstance(ct, Tensor):
        return scatter_index(ct, shape, index)
    made = np.zeros(shape, dtype=ct.dtype)
    np.add.at(made, index, ct)
    return made


advanced_index = define_op(
    "index",
    node="IndexBackward0",
    forward=lambda self, index: np.array(self[index]),
    inputs=("self",),
    vjp={"self": lambda ct, self_shape, index: _add_at(ct, self_shape, index)},
    jvp="linear",
    method=False,
)
scatter_index = define_op(
    "scatter_index",
    node="IndexPutBackward0",
    forward=lambda self, shape, index: _add_at(self, shape, index),
    inputs=("self",),
    vjp={"self": lambda ct, index: _read_at(ct, index)},
    jvp="linear",
    method=False,
)


def _read_at(x: Any, index: tuple[Any, ...]) -> Any:
    """Entries at an index with arrays or masks."""
    return OPS["index"](x, index) if isinstance(x, Tensor) else x[index]


def _is_advanced(i: Any) -> bool:
    return isinstance(i, Tensor | np.ndarray | list) and not (
        isinstance(i, Tensor) and _is_plain_int(i)
    )


def _is_plain_int(i: Tensor) -> bool:
    return i._data.ndim == 0 and i._data.dtype.kind in "iu"


def _normal_index(index: Any) -> tuple[Any, ...]:
    """An index expression as a tuple of ints, slices, None, Ellipsis and arrays."""
    parts = index if isinstance(index, tuple) else (index,)
    made: list[Any] = []
    for i in parts:
        if isinstance(i, Tensor):
            made.append(int(i._data) if _is_plain_int(i) else i._data)
        elif isinstance(i, list):
            made.append(np.array([array_of(k) for k in i]))
        elif isinstance(i, slice):
            made.append(slice(*[None if v is None else int(v) for v in (i.start, i.stop, i.step)]))
        elif i is None or i is Ellipsis or hasattr(i, "__index__") or isinstance(i, np.ndarray):
            made.append(i)
        elif isinstance(i, str):
            raise TypeError("new(): invalid data type 'str'")
        else:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
                f"{type(i).__name__})"
            )
    return tuple(made)


def get_item(self: Tensor, index: Any) -> Any:
    """``x[index]``: a chain of views for a basic index, a copy for one with arrays or masks."""
    if type(index) is int and self._data.ndim:
        n = self._data.shape[0]
        if -n <= index < n:
            found = _row(self, index)
            return select(self, 0, index) if found is None else found
    parts = index if isinstance(index, tuple) else (index,)
    if any(_is_advanced(i) or isinstance(i, bool) for i in parts):
        return advanced_index(self, _normal_index(index))
    return _views_of(self, _normal_index(index))


def _check_count(x: Tensor, parts: tuple[Any, ...]) -> None:
    """Refuse more indices than there are dimensions."""
    given = sum(1 for p in parts if p is not None and p is not Ellipsis)
    if given and x.ndim == 0:
        raise IndexError(
            "slice() cannot be applied to a 0-dim tensor."
            if any(isinstance(p, slice) for p in parts)
            else "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
        )
    if given > x.ndim:
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")


def _views_of(x: Tensor, parts: tuple[Any, ...]) -> Tensor:
    """One view op per part of a basic index, as torch records them."""
    _check_count(x, parts)
    dim, viewed = 0, False
    for p in parts:
        if p is Ellipsis:
            dim += (
                x.ndim - dim - sum(1 for q in parts[parts.index(Ellipsis) + 1 :] if q is not None)
            )
        elif p is None:
            x, dim, viewed = OPS["unsqueeze"](x, dim), dim + 1, True
        elif isinstance(p, slice):
            if p != slice(None):
                x, viewed = slice_op(x, dim, p.start, p.stop, 1 if p.step is None else p.step), True
            dim += 1
        else:
            n = x._data.shape[dim]
            if not -n <= int(p) < n:
                raise IndexError(
                    f"index {int(p)} is out of bounds for dimension {dim} with size {n}"
                )
            x, viewed = select(x, dim, int(p)), True
    return x if viewed else OPS["alias"](x)


define_function("__getitem__", get_item, method=False)


def _index_put(self: Any, values: Any, index: tuple[Any, ...], accumulate: bool = False) -> Any:
    made = np.array(self)
    if accumulate:
        np.add.at(made, index, values)
    else:
        made[index] = values
    return made


index_put_op = define_op(
    "index_put.values",
    node="IndexPutBackward0",
    forward=_index_put,
    inputs=("self", "values"),
    inplace=True,
    vjp={
        "self": lambda ct, index, accumulate: ct if accumulate else _cleared(ct, index),
        "values": lambda ct, values_shape, index: sum_to(_read_at(ct, index), values_shape),
    },
    jvp="linear",
    method=False,
)


def _cleared(ct: Any, index: tuple[Any, ...]) -> Any:
    mask = np.ones(ct.shape, dtype=bool)
    mask[index] = False
    return where(make(mask) if isinstance(ct, Tensor) else mask, ct, 0.0)


def _index_arrays(indices: Any) -> tuple[Any, ...]:
    return tuple(slice(None) if i is None else array_of(i) for i in indices)


define_function(
    "index_put",
    lambda self, indices, values, accumulate=False: index_put_op(
        self, values, _index_arrays(indices), accumulate
    ),
)
define_function(
    "index_put_",
    lambda self, indices, values, accumulate=False: OPS["index_put.values_"](
        self, values, _index_arrays(indices), accumulate
    ),
)


def set_item(self: Tensor, index: Any, value: Any) -> None:
    """``x[index] = value``: a write through a view, or ``index_put_`` for an index with arrays or masks."""
    if not isinstance(value, Tensor | bool | int | float | complex | np.generic):
        raise TypeError(
            f"can't assign a {errors.type_name(value)} to a torch.{self.dtype.short}Tensor"
        )
    parts = index if isinstance(index, tuple) else (index,)
    if not isinstance(value, Tensor):
        value = make(np.array(value, dtype=self._data.dtype))
    if any(_is_advanced(i) or isinstance(i, bool) for i in parts):
        if value._data.dtype != self._data.dtype:
            value = OPS["to"](value, self.dtype)
        OPS["index_put.values_"](self, value, _normal_index(index))
        return
    if _is_everything(parts, self._data.shape):
        value = _spread_over(value, self)
        alike = value._data.ndim == 0 and value._data.dtype == self._data.dtype
        OPS["fill_" if alike else "copy_"](self, value)
        return
    part = _views_of(self, _normal_index(index))
    OPS["copy_"](part, _spread_over(value, part))


def _spread_over(value: Tensor, target: Tensor) -> Tensor:
    """A value that is assigned, in the shape of what it is assigned to; leading ones more than that do not count."""
    shape, wanted = value._data.shape, target._data.shape
    if not shape or shape == wanted:
        return value
    lead = max(len(shape) - len(wanted), 0)
    if lead and set(shape[:lead]) == {1}:
        value = OPS["view"](value, shape[lead:])
    return value if value._data.shape == wanted else OPS["expand"](value, wanted)


def _is_everything(parts: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether an index leaves nothing out and moves nothing, so that the tensor itself is written."""
    if any(i is None for i in parts) or sum(i is ... for i in parts) > 1:
        return False
    slices = [i for i in parts if i is not ...]
    lead = parts.index(...) if ... in parts else len(parts)
    sizes = (*shape[:lead], *shape[len(shape) - (len(slices) - lead) :])
    return len(slices) <= len(shape) and all(
        isinstance(i, slice) and i.indices(n) == (0, n, 1)
        for i, n in zip(slices, sizes, strict=False)
    )


define_function("__setitem__", set_item, method=False)
