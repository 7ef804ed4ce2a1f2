"""Shape, stride and offset arithmetic on arrays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from reference_impl.kinds import Unreadable

# (wide shape, narrow shape) -> (axes, keep the reduced axes, reshape afterwards); bounded, so that odd programs do not
# grow it for ever.
_plans: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Any, bool, bool]] = {}
_MOST_PLANS = 10_000
_add_up: Any = np.add.reduce  # by position: keywords cost as much as a small sum


def _row_by_row(made: Any) -> Any:
    """The array with its last axis nearest in memory; what is no plain array stays as it is."""
    if type(made) is not np.ndarray or made.flags.c_contiguous:
        return made
    return np.ascontiguousarray(made)


def in_rows(forward: Any) -> Any:
    """``forward`` with results row by row in memory, whatever the strides of its input.

    NumPy's results follow the input's strides; torch's do so for pointwise operations, but not for reductions, running
    sums or softmax, and ``view`` on a result shows which it is.
    """

    @functools.wraps(forward)
    def computed(*args: Any, **kwargs: Any) -> Any:
        made = forward(*args, **kwargs)
        if type(made) is tuple:
            return tuple(_row_by_row(x) for x in made)
        return _row_by_row(made)

    return computed


def _plan_sum(wide: tuple[int, ...], narrow: tuple[int, ...]) -> tuple[Any, bool, bool]:
    lead = len(wide) - len(narrow)
    inner = tuple(lead + i for i, n in enumerate(narrow) if n == 1 and wide[lead + i] != 1)
    axes = (*range(lead), *inner)
    if len(_plans) > _MOST_PLANS:
        _plans.clear()
    plan = (axes[0] if len(axes) == 1 else axes, lead == 0, lead > 0 and bool(inner))
    _plans[wide, narrow] = plan
    return plan


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The transpose of broadcasting ``shape`` to ``x.shape``: sum over the axes along which values were repeated."""
    wide = x.shape
    if wide == shape:
        return x
    axes, keep, again = _plans.get((wide, shape)) or _plan_sum(wide, shape)
    if axes == ():
        return np.reshape(x, shape)
    summed = _add_up(x, axes, x.dtype, None, keep)
    return summed.reshape(shape) if again else summed


def repeated(x: Any, shape: tuple[int, ...]) -> Any:
    """One number everywhere in ``shape``, for reading: what ``np.broadcast_to`` makes, in a fifth of its time."""
    if isinstance(x, Unreadable):
        found: Any = np.broadcast_to(x, shape)  # type: ignore[call-overload]
        return found
    made = np.ndarray(shape, x.dtype, np.asarray(x), 0, (0,) * len(shape))
    made.setflags(write=False)
    return made


def copy_of_repeated(x: Any) -> Any:
    """The same in memory of its own that can be written to: what is repeated stands there once, as in ``x``."""
    once = tuple(slice(0, 1) if stride == 0 else slice(None) for stride in x.strides)
    kept = np.array(x[once])
    strides = [
        0 if old == 0 and size != 1 else new
        for old, new, size in zip(x.strides, kept.strides, x.shape, strict=True)
    ]
    return np.ndarray(x.shape, x.dtype, kept, 0, strides)


def memory_order(array: Any) -> tuple[int, ...] | None:
    """Axes from the slowest to the fastest, None for a C-contiguous array."""
    if array.flags.c_contiguous:
        return None
    strides = array.strides
    return tuple(sorted(range(array.ndim), key=lambda i: (-abs(strides[i]), i)))


def copy_in_order(x: Any, order: tuple[int, ...] | None) -> Any:
    """A dense copy whose axes lie in memory in ``order``."""
    if order is None:
        return x.copy() if isinstance(x, Unreadable) else np.array(x, order="C")
    inverse = np.argsort(order)
    made = np.empty([x.shape[i] for i in order], dtype=x.dtype).transpose(inverse)
    if type(x) is not np.ndarray:
        made = made.view(type(x))
    made[...] = x
    return made


def is_dense(array: Any) -> bool:
    """True if the elements fill their memory without gaps or overlaps, in any order."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return True
    expected = array.itemsize
    for stride, n in sorted(zip(array.strides, array.shape, strict=True)):
        if n == 1:
            continue
        if stride != expected:
            return False
        expected *= n
    return True


def dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """``dim`` (a number, several, or None for all) as axes from 0.

    Raises:
        IndexError: out of range.
        RuntimeError: a dimension is named twice.
    """
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(ndim))
    wanted = dim if isinstance(dim, list | tuple) else (dim,)
    found = tuple(one_dim(d, ndim) for d in wanted)
    if len(set(found)) != len(found):
        raise RuntimeError(f"dim {found[-1]} appears multiple times in the list of dims")
    return found


def one_dim(dim: int, ndim: int) -> int:
    """``dim`` counted from 0; a 0-d tensor has one dimension for this purpose."""
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})"
        )
    return dim % span


def owner_of(array: Any) -> Any:
    """The array that owns the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def geometry(array: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shape, strides and offset from the start of the memory, in elements."""
    start = array.__array_interface__["data"][0] - owner_of(array).__array_interface__["data"][0]
    size = array.itemsize
    return tuple(array.shape), tuple(s // size for s in array.strides), int(start // size)


def positions(size: Any, stride: Any, offset: int) -> Any:
    """Place in memory of each element, in elements."""
    places = np.full(tuple(size), offset, dtype=np.int64)
    for axis, (n, s) in enumerate(zip(size, stride, strict=True)):
        places += (np.arange(n) * s).reshape((-1,) + (1,) * (len(size) - axis - 1))
    return places
