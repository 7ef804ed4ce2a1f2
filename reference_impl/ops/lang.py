"""The words rules are written in: each takes arrays or tensors, so that one formula serves both speeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.kinds import SEEN, Unreadable
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, ``y`` elsewhere; numbers keep the other's dtype."""
    if isinstance(condition, Tensor) or isinstance(x, Tensor) or isinstance(y, Tensor):
        return OPS["where"](condition, x, y)
    made = np.where(condition, x, y)
    kinds = [v.dtype for v in (x, y) if hasattr(v, "dtype")]
    return made.astype(kinds[0], copy=False) if len(kinds) == 1 else made


def exp(x: Any) -> Any:
    """e to the ``x``."""
    return OPS["exp"](x) if isinstance(x, Tensor) else np.exp(x)


def log(x: Any) -> Any:
    """Natural logarithm."""
    return OPS["log"](x) if isinstance(x, Tensor) else np.log(x)


def sin(x: Any) -> Any:
    """Sine."""
    return OPS["sin"](x) if isinstance(x, Tensor) else np.sin(x)


def cos(x: Any) -> Any:
    """Cosine."""
    return OPS["cos"](x) if isinstance(x, Tensor) else np.cos(x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return OPS["tanh"](x) if isinstance(x, Tensor) else np.tanh(x)


def sinh(x: Any) -> Any:
    """Hyperbolic sine."""
    return OPS["sinh"](x) if isinstance(x, Tensor) else np.sinh(x)


def cosh(x: Any) -> Any:
    """Hyperbolic cosine."""
    return OPS["cosh"](x) if isinstance(x, Tensor) else np.cosh(x)


def sqrt(x: Any) -> Any:
    """Square root."""
    return OPS["sqrt"](x) if isinstance(x, Tensor) else np.sqrt(x)


def sign(x: Any) -> Any:
    """Sign; of a complex number x / |x|; 0 of 0 and of NaN."""
    if isinstance(x, Tensor):
        return OPS["sgn"](x)
    made = np.sign(x)
    return made if (made == made).all() else np.where(made == made, made, 0).astype(made.dtype)  # noqa: PLR0124 - not NaN


def absolute(x: Any) -> Any:
    """Absolute value."""
    return OPS["abs"](x) if isinstance(x, Tensor) else np.abs(x)


def real(x: Any) -> Any:
    """Real part; ``x`` itself if it is real."""
    if not is_complex(x):
        return x
    return OPS["real"](x) if isinstance(x, Tensor) else x.real


def imag(x: Any) -> Any:
    """Imaginary part; 0 of what is real."""
    if not is_complex(x):
        return zeros_like(x)
    return OPS["imag"](x) if isinstance(x, Tensor) else x.imag


def is_complex(x: Any) -> bool:
    """True for complex data."""
    data = x._data if isinstance(x, Tensor) else x
    return isinstance(data, complex) or getattr(getattr(data, "dtype", None), "kind", "f") == "c"


_REAL = frozenset({np.float64, np.float32, np.float16, float, int, bool, np.int64, np.bool_})


def conj(x: Any) -> Any:
    """Complex conjugate; ``x`` itself if it is real."""
    kind = type(x)
    if kind in _REAL:
        return x
    if kind is np.ndarray:
        return x.conj()  # of real numbers: x itself
    if isinstance(x, Tensor):
        return OPS["conj"](x) if x._data.dtype.kind == "c" else x
    return x.conjugate()


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """Sum over broadcast axes back to ``shape``."""
    return OPS["sum_to_size"](x, shape) if isinstance(x, Tensor) else layout.sum_to(x, shape)


def sum(x: Any, dim: Any = None, *, keepdim: Any = False) -> Any:
    """Sum over ``dim`` (a number, several, None for all)."""
    if isinstance(x, Tensor):
        return OPS["sum"](x, dim, keepdim)
    axes = layout.dims(dim, x.ndim) if x.ndim else ()
    return np.add.reduce(x, axis=axes, keepdims=keepdim, dtype=x.dtype) if axes else x


def expand(x: Any, shape: tuple[int, ...]) -> Any:
    """``x`` repeated to ``shape``, as a view."""
    if isinstance(x, Tensor):
        return OPS["expand"](x, shape)
    return layout.repeated(x, shape) if x.ndim == 0 else np.broadcast_to(x, shape)


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """The same elements in another shape."""
    return OPS["reshape"](x, shape) if isinstance(x, Tensor) else np.reshape(x, shape)


def permute(x: Any, dims: tuple[int, ...]) -> Any:
    """Axes in another order."""
    return OPS["permute"](x, dims) if isinstance(x, Tensor) else np.transpose(x, dims)


def swap(x: Any, dim0: int = -2, dim1: int = -1) -> Any:
    """Two axes exchanged; by default those of a matrix."""
    if type(x) is np.ndarray:
        return x.swapaxes(dim0, dim1)
    return OPS["transpose"](x, dim0, dim1) if isinstance(x, Tensor) else np.swapaxes(x, dim0, dim1)


def unsqueeze(x: Any, dim: int) -> Any:
    """A new axis of one."""
    return OPS["unsqueeze"](x, dim) if isinstance(x, Tensor) else np.expand_dims(x, dim)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product."""
    if isinstance(x, Tensor) or isinstance(y, Tensor):
        return OPS["matmul"](x, y)
    return np.matmul(x, y)


def zeros(shape: tuple[int, ...], like: Any) -> Any:
    """Zeros of the kind and dtype of ``like``."""
    if isinstance(like, Tensor):
        return (
            OPS["zeros_like"](like) if shape == like._data.shape else OPS["new_zeros"](like, shape)
        )
    if SEEN and isinstance(like, Unreadable):
        return np.zeros_like(like, shape=shape)
    return np.zeros(shape, dtype=like.dtype)


def zeros_like(x: Any) -> Any:
    """Zeros of the same shape."""
    return zeros(shape_of(x), x)


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape as a plain tuple."""
    return tuple(x._data.shape) if isinstance(x, Tensor) else tuple(np.shape(x))


def array_of(x: Any) -> Any:
    """The bare array: for values that only steer (indices, masks) and are not differentiated."""
    return x._data if isinstance(x, Tensor) else x


def bounded(x: Any, limit: float | None = None) -> Any:
    """Infinities cut to large numbers of their sign, that of complex numbers as they are.

    Infinity times 0, or over infinity, is no number, where a function has a limit that it reaches at large numbers.

    Args:
        x: an array, a tensor or a number.
        limit: the numbers instead; half the root of the largest one of the dtype if not given, whose square is finite.
    """
    array = np.float64(x) if isinstance(x, float) else array_of(x)
    if isinstance(array, int) or array.dtype.kind != "f" or not np.isinf(array).any():
        return x
    least = math.sqrt(float(np.finfo(array.dtype).max)) / 2 if limit is None else limit
    return where(np.isinf(array), np.copysign(array.dtype.type(least), array), x)


def concatenate(parts: list[Any], dim: int) -> Any:
    """Parts behind each other along ``dim``."""
    if any(isinstance(p, Tensor) for p in parts):
        return OPS["cat"](parts, dim)
    return np.concatenate(parts, axis=dim)


def op(name: str, *args: Any, **options: Any) -> Any:
    """The op ``name`` of the table, on tensors or on bare arrays: for what has no word of its own."""
    fn = OPS[name]
    if _has_tensor(args) or _has_tensor(tuple(options.values())):
        return fn(*args, **options)
    made = fn(*[_as_constant(a) for a in args], **{k: _as_constant(a) for k, a in options.items()})
    return tuple([array_of(m) for m in made]) if isinstance(made, tuple | list) else array_of(made)


def _has_tensor(args: tuple[Any, ...]) -> bool:
    return any(
        isinstance(a, Tensor) or (isinstance(a, tuple | list) and _has_tensor(tuple(a)))
        for a in args
    )


def _as_constant(x: Any) -> Any:
    if isinstance(x, np.ndarray | np.generic | Unreadable):
        return make(x)
    return type(x)([_as_constant(i) for i in x]) if type(x) in (list, tuple) else x


def either(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    """A word of a family's own: the op ``name`` on tensors, ``fn`` on arrays."""

    def word(*args: Any) -> Any:
        return OPS[name](*args) if any(isinstance(a, Tensor) for a in args) else fn(*args)

    return word


def constant(x: Any, like: Any) -> Any:
    """An array that is not differentiated, as the kind of thing ``like`` is."""
    return make(x) if isinstance(like, Tensor) and not isinstance(x, Tensor) else x


def stack(parts: list[Any], dim: int) -> Any:
    """Parts of one shape along a new axis."""
    if any(isinstance(p, Tensor) for p in parts):
        return OPS["stack"](parts, dim)
    return np.stack(parts, axis=dim)


def flip(x: Any, dim: int) -> Any:
    """The other way round along ``dim``."""
    return OPS["flip"](x, (dim,)) if isinstance(x, Tensor) else np.flip(x, dim)


def part(x: Any, dim: int, start: int | None, end: int | None) -> Any:
    """Entries ``start`` to ``end`` along ``dim``."""
    if isinstance(x, Tensor):
        return OPS["slice"](x, dim, start, end)
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end),)]


def adjoint(x: Any) -> Any:
    """Conjugate transpose of matrices, ``x^H``."""
    return conj(swap(x))


def ones(shape: tuple[int, ...], like: Any) -> Any:
    """Ones of the kind and dtype of ``like``."""
    return zeros(shape, like) + 1


def divide_or_zero(x: Any, y: Any) -> Any:
    """``x / y``, and 0 with derivative 0 where ``y`` is 0."""
    mask = array_of(y) == 0
    return where(
        constant(mask, y), zeros_like(y), x / where(constant(mask, y), ones(shape_of(y), y), y)
    )


def undefined(name: str) -> Callable[..., Any]:
    """A formula for an op whose derivative is not defined: the op is recorded, and refused when backward reaches it."""

    def refuse(ct: Any) -> Any:
        raise NotImplementedError(f"derivative for aten::{name} is not implemented")

    return refuse
