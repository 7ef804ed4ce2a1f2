"""Norms of vectors, and distances made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import (
    absolute,
    array_of,
    conj,
    constant,
    divide_or_zero,
    is_complex,
    ones,
    op,
    real,
    shape_of,
    sign,
    sum,
    sum_to,
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
        return total if ord == 1 else _root(total, kind.type(ord))


def _root(total: Any, order: Any) -> Any:
    """total^(1/order), for orders beyond 1 without what the rounding of 1/order costs: eps |log total| of the root.

    One step of Newton's method for r^order = total, where that power is a number with a reciprocal.
    """
    found = total ** (1 / order)
    if abs(order) <= 1:
        return found
    power = found**order
    fits = np.isfinite(power) & (power > np.finfo(power.dtype).tiny)
    off = np.where(fits, power - total, 0) / np.where(fits, power, 1)
    return np.where(fits, found - found * off / order, found).astype(total.dtype)


def _norm_vjp(ct: Any, self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    if ord == 0:
        return None  # a count: no gradient, rather than one of zeros
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
    if ord > 1 and not is_complex(self):
        ratio = _signed_power(self, wide, ord - 1)
    else:
        at_zero = constant(np.asarray((array_of(size) == 0) | (array_of(wide) == 0)), self)
        part = where(at_zero, ones(shape, size), size) / where(at_zero, ones(shape, size), wide)
        ratio = sign(self) * where(at_zero, zeros(shape, size), part ** (ord - 1))
    return ratio


def _signed_power(x: Any, norm: Any, exponent: float) -> Any:
    """sgn(x) |x / norm|^exponent, 0 where the norm is 0; recorded so that its slope at a single 0 is the limit there.

    The sign selects and is no factor, and x and the norm are powers of their own, over a norm that is a constant: none
    of the terms multiplies the infinite slope of |x|^exponent at 0 by the 0 of another.
    """
    shape, unit = shape_of(x), array_of(norm)
    at_origin, below = constant(unit == 0, x), constant(array_of(x) < 0, x)
    unit = constant(np.where(unit == 0, unit.dtype.type(1), unit), x)
    size = where(at_origin, ones(shape, x), where(below, -x, x))
    power = (size / unit) ** exponent / (where(at_origin, unit, norm) / unit) ** exponent
    return where(at_origin, zeros(shape, x), where(below, -power, power))


def _norm_jvp(self_t: Any, self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    slope = norm_slope(self, result, ord, dim, keepdim)
    return sum(real(self_t * slope.conj()), dim, keepdim=keepdim)


vector_norm_op = define_op(
    "linalg.vector_norm.dims",
    node="LinalgVectorNormBackward0",
    forward=layout.in_rows(_norm_forward),
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


def _dist_slope(self: Any, other: Any, result: Any, p: Any) -> Any:
    return norm_slope(self - other, result, p, None, keepdim=False)


dist_op: Any = define_op(
    "dist.pair",
    node="DistBackward0",
    forward=lambda self, other, p=2.0: _norm_forward(np.subtract(self, other), p),
    inputs=("self", "other"),
    promote="common",
    vjp={
        "self": lambda ct, self, other, result, self_shape, p: sum_to(
            ct * _dist_slope(self, other, result, p), self_shape
        ),
        "other": lambda ct, self, other, result, other_shape, p: sum_to(
            -ct * _dist_slope(self, other, result, p), other_shape
        ),
    },
    jvp=lambda self_t, other_t, self, other, result, p: sum(
        real((self_t - other_t) * conj(_dist_slope(self, other, result, p)))
    ),
    method=False,
)
define_function("dist", lambda self, other, p=2.0: dist_op(self, other, float(p)))

# -- slices made no longer than a bound --------------------------------------------------------------------------------


def _other_axes(ndim: int, dim: int) -> list[int]:
    return [i for i in range(ndim) if i != dim % ndim]


def _shrink(norms: Any, maxnorm: float) -> Any:
    """The factor of each slice; 1 for those that are short enough."""
    long = np.asarray(array_of(norms) > maxnorm)
    return where(constant(long, norms), maxnorm / (norms + 1e-7), ones(shape_of(norms), norms))


def _renorm_forward(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    norms = _norm_forward(self, float(p), _other_axes(self.ndim, dim), keepdim=True)
    return self * _shrink(norms, maxnorm).astype(self.dtype)


def _shrink_slope(self: Any, p: float, dim: int, maxnorm: float) -> tuple[Any, Any, Any]:
    """The factor f of each slice, its derivative by the norm n, and dn / dx."""
    rest = _other_axes(len(shape_of(self)), dim)
    norms = op("linalg.vector_norm", self, p, rest, keepdim=True)
    factor = _shrink(norms, maxnorm)
    long = constant((array_of(norms) > maxnorm).astype(array_of(norms).dtype), norms)
    by_norm = -long * factor / (norms + 1e-7)
    return factor, by_norm, norm_slope(self, norms, p, rest, keepdim=True)


def _renorm_vjp(ct: Any, self: Any, p: float, dim: int, maxnorm: float) -> Any:
    # y = f(n(x)) x, so dy = f dx + f' dn x.
    factor, by_norm, slope = _shrink_slope(self, float(p), dim, maxnorm)
    inner = sum(real(conj(self) * ct), _other_axes(len(shape_of(self)), dim), keepdim=True)
    return ct * factor + inner * by_norm * slope


def _renorm_jvp(self_t: Any, self: Any, p: float, dim: int, maxnorm: float) -> Any:
    factor, by_norm, slope = _shrink_slope(self, float(p), dim, maxnorm)
    longer = sum(real(self_t * conj(slope)), _other_axes(self.ndim, dim), keepdim=True)
    return self_t * factor + self * (by_norm * longer)


renorm_op = define_op(
    "renorm",
    node="RenormBackward0",
    forward=_renorm_forward,
    inputs=("self",),
    inplace=True,
    vjp={"self": _renorm_vjp},
    jvp=_renorm_jvp,
)
