"""Sparse: an array that keeps its nonzero elements only, by their coordinates (COO)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import kinds
from reference_impl.bfloat16_array import cast
from reference_impl.kinds import Unreadable

# Note [Sparse arrays]
# ``indices`` has a row per sparse dimension and a column per element; ``values`` has the elements along its first
# axis, and dense dimensions behind it. An index may occur more than once: the elements add up. A coalesced array has
# each index once, in order. NumPy sees neither: it hands every function of its own to the array, which answers for
# those that leave zero zero, for sums and for products with numbers, and refuses the others as torch does.


class Sparse(np.lib.mixins.NDArrayOperatorsMixin, Unreadable):
    """An array by coordinates. See Note [Sparse arrays]."""

    why_not_numpy = "can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first."
    kind = "sparse"
    layout = "sparse_coo"
    base = None
    strides = ()
    __array_priority__ = 100

    def __init__(self, indices: Any, values: Any, shape: Any, *, coalesced: bool = False) -> None:
        kinds.note("sparse")
        self.indices, self.values = indices, values
        self.shape = tuple(int(n) for n in shape)
        self.coalesced = coalesced

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        return self.values.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """Sparse and dense dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements, zeros included."""
        return math.prod(self.shape)

    @property
    def real(self) -> Sparse:
        """The real parts."""
        return self.with_values(self.values.real)

    def with_values(self, values: Any) -> Sparse:
        """Other values at the same places."""
        return Sparse(self.indices, values, self.shape, coalesced=self.coalesced)

    def copy(self, order: Any = "C") -> Sparse:  # noqa: ARG002 - see Unreadable
        """The same elements elsewhere."""
        made = self.with_values(self.values.copy())
        made.indices = self.indices.copy()
        return made

    def astype(self, dtype: Any) -> Sparse:
        """The same elements in another dtype."""
        return self.with_values(cast(self.values, np.dtype(dtype)))

    def conj(self) -> Sparse:
        """The complex conjugates."""
        return self.with_values(self.values.conj())

    conjugate = conj

    def dense(self) -> Any:
        """An array with the zeros."""
        made = np.zeros_like(self.values, shape=self.shape)
        self.add_to(made)
        return made

    def add_to(self, target: Any) -> None:
        """Add the elements to a dense array, in place."""
        np.add.at(target, tuple(self.indices), self.values)

    def coalesce(self) -> Sparse:
        """The same array with each index once, in order."""
        if self.coalesced:
            return self
        flat = self._flat_indices()
        order, places = np.unique(flat, return_inverse=True)
        sums = np.zeros_like(self.values, shape=(order.size, *self.values.shape[1:]))
        np.add.at(sums, places, self.values)
        shape = self.shape[: len(self.indices)]
        indices = np.array(np.unravel_index(order, shape), dtype=np.int64).reshape(len(shape), -1)
        return Sparse(indices, sums, self.shape, coalesced=True)

    def _flat_indices(self) -> Any:
        shape = self.shape[: len(self.indices)]
        if not shape:
            return np.zeros(self.indices.shape[1], dtype=np.int64)
        return np.ravel_multi_index(tuple(self.indices), shape)

    def same_places(self, other: Sparse) -> bool:
        """True if both keep the same indices in the same order."""
        return self.indices.shape == other.indices.shape and bool(
            (self.indices == other.indices).all()
        )

    def take(self, source: Any) -> Sparse:
        """The elements that a dense or sparse array has at these places."""
        whole = source.dense() if isinstance(source, Sparse) else source
        return self.with_values(whole[tuple(self.indices)])

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if method == "reduce" and ufunc is np.add:
            return summed(self, **options)
        found = _UFUNCS.get(ufunc) if method == "__call__" else None
        if found is None:
            return refuse(ufunc.__name__)
        if out is None:
            return found(ufunc, *inputs)
        write(out[0], found(ufunc, *inputs))
        return out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = _FUNCTIONS.get(func)
        return refuse(func.__name__) if found is None else found(*args, **kwargs)


def refuse(name: str) -> Any:
    """There is no such function of sparse arrays."""
    raise NotImplementedError(
        f"Could not run 'aten::{name}' with arguments from the 'SparseCPU' backend."
    )


def empty(like: Sparse) -> Sparse:
    """Zeros: no elements at all."""
    shape = (0, *like.values.shape[1:])
    none = np.zeros((len(like.indices), 0), dtype=np.int64)
    return Sparse(none, np.zeros_like(like.values, shape=shape), like.shape, coalesced=True)


def of_dense(x: Any, dims: int | None = None) -> Sparse:
    """The nonzero elements of a dense array, or the rows with one, where fewer dimensions are to be sparse."""
    dims = x.ndim if dims is None else dims
    hit = (x != 0).any(axis=tuple(range(dims, x.ndim))) if dims < x.ndim else x != 0
    indices = np.array(np.nonzero(np.asarray(hit)), dtype=np.int64).reshape(dims, -1)
    return Sparse(indices, x[tuple(indices)], x.shape, coalesced=True)


def write(target: Any, source: Any) -> None:
    """``np.copyto`` where one of the two is sparse."""
    if not isinstance(target, Sparse):
        target[...] = source.dense() if isinstance(source, Sparse) else source
        return
    made = source if isinstance(source, Sparse) else of_dense(source)
    target.indices, target.values = made.indices, made.values.astype(target.dtype)
    target.coalesced = made.coalesced


def summed(
    x: Sparse, axis: Any = None, dtype: Any = None, keepdims: Any = False, **_rest: Any
) -> Any:
    """Over the sparse dimensions named, a sparse array; over all of them, a dense one."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = sorted(i % x.ndim for i in axes)
    count = len(x.indices)
    over = tuple(i - count + 1 for i in gone if i >= count)
    values = (
        np.add.reduce(x.values, axis=over, dtype=dtype)
        if over
        else x.values.astype(dtype or x.dtype)
    )
    kept = [i for i in range(count) if i not in gone]
    if keepdims:
        refuse("sum.keepdim")
    if not kept:
        return np.add.reduce(values, axis=0)
    shape = [n for i, n in enumerate(x.shape) if i not in gone]
    return Sparse(x.indices[kept], values, shape).coalesce()


def _map(ufunc: Any, x: Sparse) -> Sparse:
    """A function that leaves zero zero; what is there more than once has to be added up first."""
    once = x if ufunc in _LINEAR else x.coalesce()
    return once.with_values(ufunc(once.values))


def _add(ufunc: Any, x: Any, y: Any) -> Any:
    if not isinstance(x, Sparse) or not isinstance(y, Sparse):
        if _is_number(x) or _is_number(y):
            refuse(f"{ufunc.__name__}.Scalar")
        return ufunc(*[v.dense() if isinstance(v, Sparse) else v for v in (x, y)])
    if x.shape != y.shape:
        raise RuntimeError(
            f"{ufunc.__name__}: expected sizes of 'self' and 'other' to match, but {list(x.shape)} != {list(y.shape)}"
        )
    if x.same_places(y):
        made = x.with_values(ufunc(x.values, y.values))
        made.coalesced = x.coalesced and y.coalesced
        return made
    joined = np.concatenate([x.values, ufunc(np.zeros_like(y.values), y.values)])
    made = Sparse(np.concatenate([x.indices, y.indices], axis=1), joined, x.shape)
    return made.coalesce() if x.coalesced and y.coalesced else made


def _is_number(x: Any) -> bool:
    return not isinstance(x, Sparse) and np.ndim(x) == 0


def _multiply(ufunc: Any, x: Any, y: Any) -> Any:
    if _is_number(y):
        return x.with_values(ufunc(x.values, y))
    if _is_number(x):
        return y.with_values(ufunc(x, y.values))
    if not isinstance(x, Sparse):
        return y.with_values(ufunc(y.take(x).values, y.values))
    once = x.coalesce()
    if not isinstance(y, Sparse):
        return once.with_values(ufunc(once.values, once.take(y).values))
    other = y.coalesce()
    both = np.isin(once._flat_indices(), other._flat_indices())
    picked = Sparse(once.indices[:, both], once.values[both], x.shape, coalesced=True)
    return picked.with_values(ufunc(picked.values, picked.take(other).values))


def _divide(ufunc: Any, x: Any, y: Any) -> Any:
    if isinstance(y, Sparse) or np.ndim(y):
        raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
    return x.with_values(ufunc(x.values, y))


def _power(ufunc: Any, x: Any, y: Any) -> Any:
    if isinstance(y, Sparse) or np.ndim(y):
        refuse("pow")
    once = x.coalesce()
    return once.with_values(ufunc(once.values, y))


_LINEAR = (np.negative, np.positive, np.conjugate)
_MAPPED = (
    *_LINEAR, np.absolute, np.sqrt, np.sin, np.tan, np.arcsin, np.arctan, np.sinh, np.tanh, np.arcsinh, np.arctanh,
    np.expm1, np.log1p, np.floor, np.ceil, np.trunc, np.rint, np.sign, np.square,
)  # fmt: skip
_UFUNCS: dict[Any, Any] = {
    **dict.fromkeys(_MAPPED, _map),
    np.add: _add, np.subtract: _add, np.multiply: _multiply, np.true_divide: _divide, np.power: _power,
    np.float_power: _power,
}  # fmt: skip


def product(x: Any, y: Any) -> Any:
    """The matrix product of a sparse matrix and a dense matrix or vector, or of two sparse ones."""
    if isinstance(y, Sparse):
        left = x if isinstance(x, Sparse) else of_dense(x)
        whole = np.matmul(left.dense(), y.dense())
        there = np.matmul(_marks(left), _marks(y)) > 0
        indices = np.array(np.nonzero(there), dtype=np.int64)
        return Sparse(indices, whole[tuple(indices)], whole.shape, coalesced=True)
    if x.shape[-1] != y.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[-1]})"
        )
    made = np.zeros((x.shape[0], *y.shape[1:]), dtype=np.result_type(x.dtype, y.dtype))
    weights = x.values.reshape(-1, *(1,) * (y.ndim - 1))
    np.add.at(made, x.indices[0], weights * y[x.indices[1]])
    return made


def _marks(x: Sparse) -> Any:
    made = np.zeros(x.shape)
    made[tuple(x.indices)] = 1
    return made


def transposed(x: Sparse, dims: Any) -> Sparse:
    """Sparse dimensions in another order."""
    count = len(x.indices)
    if sorted(dims[:count]) != list(range(count)) or list(dims[count:]) != list(
        range(count, x.ndim)
    ):
        refuse("permute")
    shape = [x.shape[i] for i in dims]
    return Sparse(x.indices[list(dims[:count])], x.values, shape)


def turned(x: Sparse, first: Any = None, second: int | None = None) -> Sparse:
    """``np.transpose`` with the order of the dimensions, or ``np.swapaxes`` with two of them."""
    dims = list(range(x.ndim))
    if second is None:
        return transposed(x, dims[::-1] if first is None else list(first))
    dims[first], dims[second] = dims[second], dims[first]
    return transposed(x, dims)


def select(x: Sparse, dim: int, index: int) -> Any:
    """The part with one index along a sparse dimension; dense when no sparse dimension is left."""
    at = index % x.shape[dim]
    hit = x.indices[dim] == at
    rest = np.delete(x.indices, dim, axis=0)[:, hit]
    if not len(rest):
        return np.add.reduce(x.values[hit], axis=0)
    shape = [n for i, n in enumerate(x.shape) if i != dim]
    return Sparse(rest, x.values[hit], shape, coalesced=x.coalesced)


_FUNCTIONS: dict[Any, Any] = {
    np.copyto: lambda target, source, **_options: write(target, source),
    np.zeros_like: lambda x, **_options: empty(x),
    np.empty_like: lambda x, **_options: empty(x),
    np.shape: lambda x: x.shape,
    np.swapaxes: turned,
    np.transpose: turned,
    np.sum: summed,
}
