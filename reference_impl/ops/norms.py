"""Norms of vectors, and distances made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.lang import (
    absolute,
    array_of,
    constant,
    divide_or_zero,
    ones,
    op,
    real,
    shape_of,
    sign,
    sum,
    where,
    zeros,
)
from reference_impl.ops.reducing import axes_of, publish, spread
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _norm_forward(
    self: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    if dtype is not None:
        self = self.astype(dtypes.to_numpy(dtype))
    axes = axes_of(self, dim)
    size = np.abs(self)
    kind = size.dtype
    keep = {"axis": axes, "keepdims": keepdim}
    if ord == 0:
        return np.add.reduce((self != 0).astype(kind), **keep)
    if math.isinf(ord):
        best = np.maximum if ord > 0 else np.minimum
        return best.reduce(size, **keep, initial=0) if ord > 0 else best.reduce(size, **keep)
    if ord == 2:
        return np.sqrt(np.add.reduce(size * size, **keep))
    with np.errstate(divide="ignore", over="ignore"):
        total = np.add.reduce(size if ord == 1 else size ** kind.type(ord), **keep)
        return total if ord == 1 else total ** kind.type(1 / ord)


def _norm_vjp(ct: Any, self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    return spread(ct, shape_of(self), dim, keepdim) * norm_slope(self, result, ord, dim, keepdim)


def norm_slope(self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    """d norm / d x, element by element; 0 where the norm has a kink at 0."""
    shape = shape_of(self)
    if ord == 0:
        return zeros(shape, self)
    if ord == 1:
        return sign(self)
    wide = spread(result, shape, dim, keepdim)
    if ord == 2:
        return divide_or_zero(self, wide)
    size = absolute(self)
    if math.isinf(ord):
        # Elements that tie for the largest get equal parts.
        ties = (array_of(size) == array_of(wide)).astype(array_of(size).dtype)
        number = np.add.reduce(ties, axis=axes_of(ties, dim), keepdims=True)
        return sign(self) * constant(np.asarray(ties / np.maximum(number, 1)), self)
    # d (sum |x|^p)^(1/p) = sgn(x) |x|^(p-1) / norm^(p-1)
    at_zero = constant(np.asarray((array_of(size) == 0) | (array_of(wide) == 0)), self)
    ratio = where(at_zero, ones(shape, size), size) / where(at_zero, ones(shape, size), wide)
    return sign(self) * where(at_zero, zeros(shape, size), ratio ** (ord - 1))


def _norm_jvp(self_t: Any, self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    slope = norm_slope(self, result, ord, dim, keepdim)
    return sum(real(self_t * slope.conj()), dim, keepdim=keepdim)


vector_norm_op = define_op(
    "linalg.vector_norm.dims",
    node="LinalgVectorNormBackward0",
    forward=_norm_forward,
    inputs=("self",),
    promote="own",
    vjp={"self": _norm_vjp},
    jvp=_norm_jvp,
    method=False,
)


def vector_norm(
    x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The ``ord``-norm of the elements along ``dim``."""
    if x._data.dtype.kind not in "fc":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype.short}"
        )
    if dtype is not None:
        x = op("to", x, dtype)
    return vector_norm_op(x, float(ord), dim, keepdim)


publish("linalg.vector_norm", vector_norm, method=False)


def norm(
    self: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    """torch's older norm: the Frobenius norm, the nuclear norm, or the p-norm of the elements."""
    if p == "nuc":
        return OPS["linalg.matrix_norm"](
            self, "nuc", dim if dim is not None else (-2, -1), keepdim, dtype=dtype
        )
    return vector_norm(self, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


publish("norm", norm)


def dist(self: Tensor, other: Tensor, p: Any = 2) -> Any:
    """The p-norm of the difference."""
    return vector_norm(self - other, p)


define_function("dist", dist)
