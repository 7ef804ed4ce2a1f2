"""Arrays without values: what a tensor on the device ``meta`` has for data."""

from __future__ import annotations

import math
import mmap
from typing import Any

import numpy as np

from reference_impl import kinds
from reference_impl.bfloat16_array import DTYPE
from reference_impl.devices import CPU, META, device, resolve
from reference_impl.errors import LinAlgError
from reference_impl.kinds import Unreadable

# Note [Arrays without values]
# A Meta array has shape, strides and dtype over memory that the system has promised and nobody ever touches, so that it
# costs nothing; views of it are ordinary views. What an op makes of it is worked out from the shapes where NumPy would
# have to compute or fill: ufuncs, sums, matrix products, joins. Any other function of NumPy runs on the zeros that the
# memory reads as, and what it returns has the shape that is wanted.

_SMALL = 1 << 20
_NO_RESERVE = 0x4000  # mmap's MAP_NORESERVE on Linux
NO_DATA = "Cannot copy out of meta tensor; no data!"


def _promised(count: int, dtype: np.dtype[Any]) -> Any:
    """Memory for so many elements; a large piece is promised only, where the system can do that."""
    size = count * dtype.itemsize
    if size < _SMALL or not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.zeros(count, dtype=dtype)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NO_RESERVE
    return np.frombuffer(mmap.mmap(-1, size, flags=flags), dtype=dtype, count=count)


class Meta(np.ndarray[Any, Any], Unreadable):
    """An array without values. See Note [Arrays without values]."""

    why_not_numpy = (
        "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory "
        "first."
    )

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if method == "at" or out is not None:
            return None if out is None else out[0] if len(out) == 1 else out
        if options.get("dtype") == DTYPE:
            options["dtype"] = np.dtype(np.float32)
        if method == "__call__" and ufunc is np.matmul:
            return _product(*inputs)
        if method == "__call__" and ufunc.signature is None:
            return _elementwise(inputs, ufunc(*[_one(x) for x in inputs], **options))
        if method == "reduce":
            return _reduced(ufunc, inputs[0], options)
        return wrap(getattr(ufunc, method)(*bare(inputs), **options))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = _FUNCTIONS.get(func)
        if found is not None:
            return found(*args, **kwargs)
        return wrap(func(*bare(args), **{k: bare(v) for k, v in kwargs.items()}))

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(i, Meta) and i.dtype.kind == "b" for i in parts):
            _no_positions(self)
        return wrap(self.view(np.ndarray)[bare(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        """Nothing: there is nothing to write to."""

    def astype(self, dtype: Any, *_args: Any, **_options: Any) -> Any:
        """The same without values in another dtype."""
        return empty(self.shape, np.dtype(dtype), common_order((self,), self.shape))

    def adopt(self, x: Any) -> Any:
        """Without values, too."""
        return wrap(x)

    def copy(self, order: Any = "C") -> Any:
        """Another one of the same shape; laid out the same way unless the order is C."""
        kept = None if order == "C" else common_order((self,), self.shape)
        return empty(self.shape, self.dtype, kept)

    def item(self, *_args: Any) -> Any:
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")

    def tolist(self) -> Any:
        raise NotImplementedError(NO_DATA)


def empty(shape: Any, dtype: Any, order: tuple[int, ...] | None = None) -> Meta:
    """An array without values; ``order``: its axes from the slowest to the fastest, None for the usual."""
    kinds.note("meta")
    shape = tuple(shape)
    inner = shape if order is None else tuple(shape[i] for i in order)
    made: Meta = _promised(math.prod(shape), np.dtype(dtype)).reshape(inner).view(Meta)
    return made if order is None else made.transpose(np.argsort(order))


def common_order(arrays: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The order of axes in memory that all arrays of the full shape share; None: the usual, or they differ."""
    orders = set()
    for x in arrays:
        if np.shape(x) == shape and isinstance(x, np.ndarray):
            steps = [abs(s) for s in x.strides]
            orders.add(tuple(sorted(range(x.ndim), key=lambda i: -steps[i])))
    usual = tuple(range(len(shape)))
    return orders.pop() if len(orders) == 1 and orders != {usual} else None


def bare(x: Any) -> Any:
    """The same memory as a plain array; in lists as well."""
    if isinstance(x, Meta):
        return x.view(np.ndarray)
    return type(x)([bare(i) for i in x]) if type(x) in (list, tuple) else x


def wrap(x: Any) -> Any:
    """What NumPy made of it, without values."""
    if isinstance(x, np.ndarray | np.generic):
        return np.asarray(x).view(Meta)
    return type(x)([wrap(i) for i in x]) if type(x) in (list, tuple) else x


def _one(x: Any) -> Any:
    """One element in place of an array; bfloat16 computes as float32."""
    if not hasattr(x, "dtype"):
        return x
    return np.ones((), np.float32 if x.dtype == DTYPE else x.dtype)


def _elementwise(inputs: Any, found: Any) -> Any:
    """Arrays of the shape that the inputs broadcast to, of the dtypes of what was found for one element."""
    shape = np.broadcast_shapes(*[np.shape(x) for x in inputs])
    order = common_order(inputs, shape)
    many = isinstance(found, tuple | list)
    made = tuple(empty(shape, f.dtype, order) for f in (found if many else (found,)))
    return made if many else made[0]


def _reduced(ufunc: Any, x: Any, options: dict[str, Any]) -> Meta:
    """A sum or the like: the shape without the axes it runs over."""
    kind = ufunc.reduce(np.ones(1, _one(x).dtype), dtype=options.get("dtype")).dtype
    keep, axis = options.get("keepdims"), options.get("axis", 0)
    over = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {i % max(x.ndim, 1) for i in over}
    shape = [1 if i in gone else n for i, n in enumerate(x.shape) if keep or i not in gone]
    return empty(shape, kind)


def _product(x: Any, y: Any) -> Meta:
    """A matrix product; NumPy itself looks at the shapes, of matrices without rows or without columns."""
    a = (*x.shape[:-2], 0, x.shape[-1]) if x.ndim > 1 else x.shape
    b = (*y.shape[:-1], 0) if y.ndim > 1 else y.shape
    found = np.matmul(np.empty(a, _one(x).dtype), np.empty(b, _one(y).dtype))
    ends = ([x.shape[-2]] if x.ndim > 1 else []) + ([y.shape[-1]] if y.ndim > 1 else [])
    return empty((*found.shape[: found.ndim - len(ends)], *ends), found.dtype)


def _no_positions(*_args: Any, **_kwargs: Any) -> Any:
    raise NotImplementedError(
        "torch.nonzero() of a meta tensor: how many elements are not zero depends on values, and it has none"
    )


def _no_values(*_args: Any, **_kwargs: Any) -> Any:
    raise NotImplementedError("torch.equal() of meta tensors: they have no values to compare")


def _like(x: Any, *_args: Any, dtype: Any = None, shape: Any = None, **_options: Any) -> Meta:
    return empty(x.shape if shape is None else shape, x.dtype if dtype is None else dtype)


def _where(condition: Any, *branches: Any) -> Any:
    if not branches:
        return _no_positions(condition)
    kind = np.where(True, *[_one(b) for b in branches]).dtype
    return empty(np.broadcast_shapes(*[np.shape(x) for x in (condition, *branches)]), kind)


def _joined(arrays: Any, axis: int = 0, **_options: Any) -> Meta:
    hollow = [np.broadcast_to(_one(x), x.shape) for x in arrays]
    length = sum(x.shape[axis] for x in hollow)
    first = np.concatenate([np.moveaxis(x, axis, 0)[:0] for x in hollow], axis=0)
    shape = list(first.shape[1:])
    shape.insert(axis % hollow[0].ndim, length)
    return empty(shape, first.dtype)


_FUNCTIONS: dict[Any, Any] = {
    np.copyto: lambda *_args, **_options: None,
    np.zeros_like: _like, np.ones_like: _like, np.empty_like: _like, np.full_like: _like,
    np.where: _where, np.nonzero: _no_positions, np.flatnonzero: _no_positions, np.argwhere: _no_positions,
    np.concatenate: _joined, np.array_equal: _no_values,
}  # fmt: skip


def compute(rule: Any, arrays: list[Any], params: tuple[Any, ...], on_values: Any) -> Any:
    """What an op makes of arrays of which some have no values; ``on_values`` computes with those that have.

    Raises:
        RuntimeError: others are on the CPU, and are no single numbers.
    """
    if rule.view:
        return wrap(rule.forward(*rule.shape_args(bare(arrays)), *params))
    if rule.name == "copy":
        return _written(*arrays)
    for x in arrays:
        if isinstance(x, np.ndarray) and x.ndim and not isinstance(x, Meta):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, meta and cpu! "
                f"(in {rule.name})"
            )
    if rule.pointwise:
        found = on_values(
            [np.ones((1,) * np.ndim(x), x.dtype) if hasattr(x, "dtype") else x for x in arrays]
        )
        return _elementwise([x for x in arrays if x is not None], found)
    try:
        return wrap(rule.forward(*rule.shape_args(arrays), *params))
    except (np.linalg.LinAlgError, LinAlgError):  # zeros are singular: the identity stands for them
        return wrap(rule.forward(*rule.shape_args([_regular(x) for x in arrays]), *params))


def _written(target: Any, _source: Any) -> Any:
    if not isinstance(target, Meta):
        raise NotImplementedError(NO_DATA)
    return target


def _regular(x: Any) -> Any:
    square = isinstance(x, Meta) and x.ndim > 1 and x.shape[-1] == x.shape[-2]
    return np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape) if square else x


def placed(data: Any, wanted: Any) -> Any:
    """The data on the wanted device: as it is, or without its values."""
    target = resolve(wanted)
    if target.type == "meta" and not isinstance(data, Meta):
        return empty(data.shape, data.dtype, common_order((data,), data.shape))
    return data


def device_of(data: Any) -> device:
    """Where the data of a tensor is."""
    return META if isinstance(data, Meta) else CPU
