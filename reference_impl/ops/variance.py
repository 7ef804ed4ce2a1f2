"""Variance, standard deviation, logsumexp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import (
    array_of,
    conj,
    constant,
    divide_or_zero,
    op,
    real,
    shape_of,
    sum,
    where,
    zeros,
)
from reference_impl.ops.reducing import axes_of, count, publish, spread
from reference_impl.ops.rule import define_op
from reference_impl.tensor import Tensor

# -- variance ----------------------------------------------------------------------------------------------------------


def _distances(x: Any, axes: Any) -> Any:
    """Distances to the mean; exactly 0 where all elements are equal, since their first is taken off before."""
    if not x.size:
        return x
    along = range(x.ndim) if axes is None else axes
    along = (along,) if isinstance(along, int) else [axis % x.ndim for axis in along]
    apart = x - x[tuple(slice(0, 1) if i in along else slice(None) for i in range(x.ndim))]
    return apart - np.mean(apart, axis=axes, keepdims=True)


def _var_forward(self: Any, dim: Any = None, correction: Any = 1, keepdim: Any = False) -> Any:
    kind = self.real.dtype
    if self.dtype.kind not in "fc":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = axes_of(self, dim)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = _distances(self, axes)
        total = np.add.reduce(np.real(centred * centred.conj()), axis=axes, keepdims=keepdim)
        return np.true_divide(
            total, kind.type(max(count(self.shape, dim) - correction, 0)), dtype=kind
        )


def _var_factor(shape: tuple[int, ...], dim: Any, correction: Any) -> float:
    left = count(shape, dim) - correction
    return 2.0 / left if left > 0 else math.nan if left == 0 else math.inf


def _centred(x: Any, dim: Any) -> Any:
    shape = shape_of(x)
    return (
        x - sum(x, list(layout.dims(dim, len(shape))), keepdim=True) / max(count(shape, dim), 1)
        if shape
        else x - x
    )


def _var_vjp(ct: Any, self: Any, dim: Any, correction: Any, keepdim: Any) -> Any:
    # var = sum |x - mean|^2 / (n - c): the mean's own derivative drops out, for the deviations sum to 0.
    return (
        spread(ct, shape_of(self), dim, keepdim)
        * _var_factor(shape_of(self), dim, correction)
        * _centred(self, dim)
    )


def _var_jvp(self_t: Any, self: Any, dim: Any, correction: Any, keepdim: Any) -> Any:
    term = real(self_t * conj(_centred(self, dim)))
    return sum(term, dim, keepdim=keepdim) * _var_factor(shape_of(self), dim, correction)


var_op = define_op(
    "var.correction",
    node="VarBackward0",
    forward=layout.in_rows(_var_forward),
    inputs=("self",),
    vjp={"self": _var_vjp},
    jvp=_var_jvp,
    method=False,
)


def _std_forward(self: Any, dim: Any = None, correction: Any = 1, keepdim: Any = False) -> Any:
    return np.sqrt(_var_forward(self, dim, correction, keepdim))


def _std_vjp(ct: Any, self: Any, result: Any, dim: Any, correction: Any, keepdim: Any) -> Any:
    # By convention 0 where all elements are equal.
    return _var_vjp(divide_or_zero(ct, 2 * result), self, dim, correction, keepdim)


def _std_jvp(self_t: Any, self: Any, result: Any, dim: Any, correction: Any, keepdim: Any) -> Any:
    return divide_or_zero(_var_jvp(self_t, self, dim, correction, keepdim), 2 * result)


std_op = define_op(
    "std.correction",
    node="StdBackward0",
    forward=layout.in_rows(_std_forward),
    inputs=("self",),
    vjp={"self": _std_vjp},
    jvp=_std_jvp,
    method=False,
)


def _mean_of(x: Any, dim: Any, keepdim: Any) -> Any:
    """The mean in the dtype of ``x``."""
    total = np.add.reduce(x, axis=axes_of(x, dim), keepdims=keepdim)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.true_divide(total, x.real.dtype.type(count(x.shape, dim)), dtype=x.dtype)


def _both(spread_vjp: Any) -> Any:
    """VJP of a pair (spread, mean) from that of the spread alone."""

    def vjp(cts: Any, self: Any, *rest: Any) -> Any:
        dim, keepdim = rest[-3], rest[-1]
        parts = []
        if cts[0] is not None:
            parts.append(spread_vjp(cts[0], self, *rest))
        if cts[1] is not None:
            shape = shape_of(self)
            parts.append(spread(cts[1], shape, dim, keepdim) / max(count(shape, dim), 1))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    return vjp


_var_mean_vjp, _std_mean_vjp = _both(_var_vjp), _both(_std_vjp)
var_mean_op = define_op(
    "var_mean.correction",
    node="VarMeanBackward0",
    forward=lambda self, dim=None, correction=1, keepdim=False: (
        _var_forward(self, dim, correction, keepdim),
        _mean_of(self, dim, keepdim),
    ),
    inputs=("self",),
    outputs=("var", "mean"),
    vjp={
        "self": lambda cts, self, dim, correction, keepdim: _var_mean_vjp(
            cts, self, dim, correction, keepdim
        )
    },
    jvp=lambda self_t, self, dim, correction, keepdim: (
        _var_jvp(self_t, self, dim, correction, keepdim),
        op("mean", self_t, dim, keepdim),
    ),
    method=False,
)
std_mean_op = define_op(
    "std_mean.correction",
    node="StdMeanBackward0",
    forward=lambda self, dim=None, correction=1, keepdim=False: (
        _std_forward(self, dim, correction, keepdim),
        _mean_of(self, dim, keepdim),
    ),
    inputs=("self",),
    outputs=("std", "mean"),
    vjp={
        "self": lambda cts, self, std, dim, correction, keepdim: _std_mean_vjp(
            cts, self, std, dim, correction, keepdim
        )
    },
    jvp=lambda self_t, self, std, dim, correction, keepdim: (
        _std_jvp(self_t, self, std, dim, correction, keepdim),
        op("mean", self_t, dim, keepdim),
    ),
    method=False,
)


def _variance(name: str, row: Any) -> None:
    """Publish ``row`` with torch's three signatures: unbiased alone, dim and unbiased, or correction."""

    def call(
        self: Tensor,
        dim: Any = None,
        unbiased: Any = None,
        keepdim: Any = False,
        *,
        correction: Any = None,
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if unbiased is not None:
            correction = int(unbiased)
        return row(self, dim, 1 if correction is None else correction, keepdim)

    call.__doc__ = f"``{name}`` over ``dim``, with ``correction`` taken off the number of elements."
    publish(name, call)


for _name, _row in {
    "var": var_op,
    "std": std_op,
    "var_mean": var_mean_op,
    "std_mean": std_mean_op,
}.items():
    _variance(_name, _row)

# -- logsumexp ---------------------------------------------------------------------------------------------------------


def _logsumexp_forward(self: Any, dim: Any, keepdim: Any = False) -> Any:
    if self.dtype.kind not in "fc":
        self = self.astype(dtypes.default_numpy())
    axes = axes_of(self, dim)
    if self.size == 0:
        with np.errstate(divide="ignore"):
            return np.log(np.add.reduce(np.exp(self), axis=axes, keepdims=keepdim))
    top = np.max(self.real, axis=axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0).astype(self.real.dtype)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        total = np.log(np.add.reduce(np.exp(self - top), axis=axes, keepdims=True)) + top
    return total if keepdim else total.reshape(np.add.reduce(self, axis=axes).shape)


def _shares(self: Any, result: Any, dim: Any, keepdim: Any) -> Any:
    """exp(x - logsumexp(x)): each element's share of the sum; none where the sum is infinite or zero.

    The result was rounded, which is a relative error of all shares alike; that they add up to 1 takes it off.
    """
    wide = spread(result, shape_of(self), dim, keepdim)
    odd = constant(np.isneginf(np.real(array_of(wide))), wide)
    shares = op("exp", self - where(odd, zeros(shape_of(wide), wide), wide))
    total = sum(shares, dim, keepdim=True)
    none = constant(array_of(total) == 0, total)
    return shares / where(none, zeros(shape_of(total), total) + 1, total)


logsumexp_op = define_op(
    "logsumexp.dims",
    node="LogsumexpBackward0",
    forward=layout.in_rows(_logsumexp_forward),
    inputs=("self",),
    promote="float",
    vjp={
        "self": lambda ct, self, result, dim, keepdim: (
            spread(ct, shape_of(self), dim, keepdim) * conj(_shares(self, result, dim, keepdim))
        )
    },
    jvp=lambda self_t, self, result, dim, keepdim: sum(
        self_t * _shares(self, result, dim, keepdim), dim, keepdim=keepdim
    ),
    method=False,
)
publish(
    "logsumexp",
    lambda self, dim, keepdim=False: logsumexp_op(self, dim, keepdim),
    aliases=("special.logsumexp",),
)
