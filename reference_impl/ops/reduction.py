"""Reductions: sums, means, products, variances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import (
    absolute, array_of, concatenate, conj, constant, divide_or_zero, expand, flip, op, ones, part, permute, real, reshape,
    shape_of, sum, where, zeros,
)  # fmt: skip
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor

# ruff: noqa: FBT001, FBT002 - torch's signatures


def kept_shape(shape: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    """``shape`` with the reduced axes kept as ones."""
    gone = layout.dims(dim, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def spread(ct: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """The transpose of a sum: ``ct`` repeated along the axes that were summed."""
    if not shape:
        return ct
    return expand(ct if keepdim else reshape(ct, kept_shape(shape, dim)), shape)


def count(shape: tuple[int, ...], dim: Any) -> int:
    """Number of elements that go into each result."""
    return math.prod(shape[i] for i in layout.dims(dim, len(shape))) if shape else 1


def axes_of(x: Any, dim: Any) -> Any:
    """``dim`` as NumPy's ``axis``; a 0-d array has none."""
    found = layout.dims(dim, x.ndim)
    return found if x.ndim else None


def _sum_dtype(x: Any, dtype: Any) -> Any:
    if dtype is not None:
        return dtypes.to_numpy(dtype)
    return np.dtype(np.int64) if x.dtype.kind in "biu" else x.dtype


def _sum_forward(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return np.add.reduce(self, axis=axes_of(self, dim), keepdims=keepdim, dtype=_sum_dtype(self, dtype))


sum_all = define_op(
    "sum.all",
    node="SumBackward0",
    forward=lambda self, dtype=None: np.add.reduce(self, axis=None, dtype=_sum_dtype(self, dtype)),
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape: expand(ct, self_shape) if self_shape else ct},
    jvp="linear",
    method=False,
)
sum_dims = define_op(
    "sum.dims",
    node="SumBackward1",
    forward=_sum_forward,
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape, dim, keepdim: spread(ct, self_shape, dim, keepdim)},
    jvp="linear",
    method=False,
)


def sum_(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum over ``dim``, or over everything."""
    if dim is None and not keepdim:
        return sum_all(self, dtype)
    return sum_dims(self, dim, keepdim, dtype)


# Every reduction of the family takes torch's other names for its options too.
def publish(name: str, fn: Any, *, method: bool = True, aliases: tuple[str, ...] = ()) -> None:
    """Enter a function that takes ``axis`` for ``dim`` and ``keepdims`` for ``keepdim``."""
    spellings = {"axis": "dim", "keepdims": "keepdim", "input": "self"}

    def called(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **{spellings.get(k, k): v for k, v in kwargs.items()})

    called.__doc__ = fn.__doc__
    define_function(name, called, method=method, aliases=aliases)


publish("sum", sum_)

# -- mean --------------------------------------------------------------------------------------------------------------


def _check_mean(x: Any, dtype: Any) -> Any:
    kind = x.dtype if dtype is None else dtypes.to_numpy(dtype)
    if kind.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {dtypes.OF_NUMPY[x.dtype].short}"
        )
    return kind


def _mean_forward(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    kind = _check_mean(self, dtype)
    total = np.add.reduce(self, axis=axes_of(self, dim), keepdims=keepdim, dtype=kind)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.true_divide(total, kind.type(count(self.shape, dim)), dtype=kind)


mean_all = define_op(
    "mean.all",
    node="MeanBackward0",
    forward=lambda self, dtype=None: _mean_forward(self, None, dtype=dtype),
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape: expand(ct / max(math.prod(self_shape), 1), self_shape)},
    jvp="linear",
    method=False,
)
mean_dims = define_op(
    "mean.dims",
    node="MeanBackward1",
    forward=_mean_forward,
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self_shape, dim, keepdim: spread(ct, self_shape, dim, keepdim) / max(count(self_shape, dim), 1)
    },
    jvp="linear",
    method=False,
)


def mean(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean over ``dim``, or over everything."""
    if dim is None and not keepdim:
        return mean_all(self, dtype)
    return mean_dims(self, dim, keepdim, dtype)


publish("mean", mean)


def _nansum_forward(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    return _sum_forward(np.where(np.isnan(self), 0, self).astype(self.dtype), dim, keepdim, dtype)


nansum_op = define_op(
    "nansum.dims",
    node="NansumBackward0",
    forward=_nansum_forward,
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self, dim, keepdim: _not_nan(spread(ct, shape_of(self), dim, keepdim), self)},
    jvp=lambda self_t, self, dim, keepdim, dtype: sum_(_not_nan(self_t, self), dim, keepdim, dtype=dtype),
    method=False,
)


def _not_nan(x: Any, of: Any) -> Any:
    """``x`` where ``of`` is a number, 0 where it is NaN."""
    return where(constant(np.isnan(array_of(of)), x), zeros(shape_of(x), x), x)


def nansum(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Sum in which NaN counts as 0."""
    return nansum_op(self, dim, keepdim, dtype)


def nanmean(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Mean over the elements that are not NaN."""
    _check_mean(self._data, dtype)
    found = constant(np.asarray(~np.isnan(self._data)), self).to(self.dtype)
    return nansum_op(self, dim, keepdim, dtype) / sum_(found.detach(), dim, keepdim)


publish("nansum", nansum)
publish("nanmean", nanmean)

# -- products ----------------------------------------------------------------------------------------------------------


def _prod_forward(self: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    kind = _sum_dtype(self, dtype)
    return np.multiply.reduce(self, axis=axes_of(self, dim), keepdims=keepdim, dtype=kind)


def others_product(x: Any, dim: int) -> Any:
    """At each place the product of all the other elements along ``dim``: what stands before times what stands after.

    It holds with zeros in any number, and so do its own derivatives.
    """
    if not shape_of(x):
        return ones((), x)
    return before(x, dim) * flip(before(flip(x, dim), dim), dim)


def before(x: Any, dim: int) -> Any:
    """At each place the product of the elements that stand before it along ``dim``."""
    shape = shape_of(x)
    dim = dim % len(shape)
    if shape[dim] == 0:
        return x
    first = ones((*shape[:dim], 1, *shape[dim + 1 :]), x)
    return concatenate([first, op("cumprod", part(x, dim, 0, -1), dim)], dim)


def prod_vjp(ct: Any, x: Any, result: Any, dim: int) -> Any:
    """d prod(x) = sum_i dx_i prod_{j != i} x_j; by division where that is the same."""
    found = array_of(x)
    if found.size and (found != 0).all():
        return ct * conj(result / x)
    return ct * conj(others_product(x, dim))


def _flat_prod_vjp(ct: Any, self: Any, result: Any) -> Any:
    shape = shape_of(self)
    flat = reshape(self, (math.prod(shape),))
    return reshape(prod_vjp(ct, flat, result, 0), shape)


def _kept(x: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """A result of a reduction with the reduced axes as ones."""
    return x if keepdim or not shape else reshape(x, kept_shape(shape, dim))


prod_all = define_op(
    "prod.all",
    node="ProdBackward0",
    forward=lambda self, dtype=None: _prod_forward(self, None, dtype=dtype),
    inputs=("self",),
    promote="own",
    vjp={"self": _flat_prod_vjp},
    jvp=lambda self_t, self, result: sum(
        self_t * conj(reshape(_flat_prod_vjp(ones((), self), self, result), shape_of(self)))
    ),
    method=False,
)
prod_dim = define_op(
    "prod.dim",
    node="ProdBackward1",
    forward=_prod_forward,
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self, result, dim, keepdim: prod_vjp(
            _kept(ct, shape_of(self), dim, keepdim), self, _kept(result, shape_of(self), dim, keepdim), dim
        )
    },
    jvp=lambda self_t, self, dim, keepdim: sum(self_t * others_product(self, dim), dim, keepdim=keepdim),
    method=False,
)


def prod(self: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Product over ``dim``, or over everything."""
    if dtype is not None:
        self = op("to", self, dtype)
    elif self._data.dtype.kind in "biu":
        self = op("to", self, dtypes.int64)
    if dim is None:
        return prod_all(self)
    return prod_dim(self, dim, keepdim)


publish("prod", prod)

# -- variance ----------------------------------------------------------------------------------------------------------


def _var_forward(self: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    kind = self.real.dtype
    if self.dtype.kind not in "fc":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    axes = axes_of(self, dim)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = self - np.mean(self, axis=axes, keepdims=True) if self.size else self
        total = np.add.reduce(np.real(centred * centred.conj()), axis=axes, keepdims=keepdim)
        return np.true_divide(total, kind.type(max(count(self.shape, dim) - correction, 0)), dtype=kind)


def _var_factor(shape: tuple[int, ...], dim: Any, correction: Any) -> float:
    left = count(shape, dim) - correction
    return 2.0 / left if left > 0 else math.nan if left == 0 else math.inf


def _centred(x: Any, dim: Any) -> Any:
    shape = shape_of(x)
    return x - sum(x, list(layout.dims(dim, len(shape))), keepdim=True) / max(count(shape, dim), 1) if shape else x - x


def _var_vjp(ct: Any, self: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    # var = sum |x - mean|^2 / (n - c): the mean's own derivative drops out, for the deviations sum to 0.
    return spread(ct, shape_of(self), dim, keepdim) * _var_factor(shape_of(self), dim, correction) * _centred(self, dim)


def _var_jvp(self_t: Any, self: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    term = real(self_t * conj(_centred(self, dim)))
    return sum(term, dim, keepdim=keepdim) * _var_factor(shape_of(self), dim, correction)


var_op = define_op(
    "var.correction",
    node="VarBackward0",
    forward=_var_forward,
    inputs=("self",),
    vjp={"self": _var_vjp},
    jvp=_var_jvp,
    method=False,
)


def _std_forward(self: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    return np.sqrt(_var_forward(self, dim, correction, keepdim))


def _std_vjp(ct: Any, self: Any, result: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    # By convention 0 where all elements are equal.
    return _var_vjp(divide_or_zero(ct, 2 * result), self, dim, correction, keepdim)


def _std_jvp(self_t: Any, self: Any, result: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    return divide_or_zero(_var_jvp(self_t, self, dim, correction, keepdim), 2 * result)


std_op = define_op(
    "std.correction",
    node="StdBackward0",
    forward=_std_forward,
    inputs=("self",),
    vjp={"self": _std_vjp},
    jvp=_std_jvp,
    method=False,
)


def _or_zeros(ct: Any, like: Any) -> Any:
    return zeros(shape_of(like), like) if ct is None else ct


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
        _var_forward(self, dim, correction, keepdim), _mean_forward(self, dim, keepdim)
    ),  # fmt: skip
    inputs=("self",),
    outputs=("var", "mean"),
    vjp={"self": lambda cts, self, dim, correction, keepdim: _var_mean_vjp(cts, self, dim, correction, keepdim)},
    jvp=lambda self_t, self, dim, correction, keepdim: (
        _var_jvp(self_t, self, dim, correction, keepdim), mean_dims(self_t, dim, keepdim)
    ),  # fmt: skip
    method=False,
)
std_mean_op = define_op(
    "std_mean.correction",
    node="StdMeanBackward0",
    forward=lambda self, dim=None, correction=1, keepdim=False: (
        _std_forward(self, dim, correction, keepdim), _mean_forward(self, dim, keepdim)
    ),  # fmt: skip
    inputs=("self",),
    outputs=("std", "mean"),
    vjp={
        "self": lambda cts, self, std, dim, correction, keepdim: _std_mean_vjp(cts, self, std, dim, correction, keepdim)
    },
    jvp=lambda self_t, self, std, dim, correction, keepdim: (
        _std_jvp(self_t, self, std, dim, correction, keepdim), mean_dims(self_t, dim, keepdim)
    ),  # fmt: skip
    method=False,
)


def _variance(name: str, row: Any) -> None:
    """Publish ``row`` with torch's three signatures: unbiased alone, dim and unbiased, or correction."""

    def call(
        self: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if unbiased is not None:
            correction = int(unbiased)
        return row(self, dim, 1 if correction is None else correction, keepdim)

    call.__doc__ = f"``{name}`` over ``dim``, with ``correction`` taken off the number of elements."
    publish(name, call)


for _name, _row in {"var": var_op, "std": std_op, "var_mean": var_mean_op, "std_mean": std_mean_op}.items():
    _variance(_name, _row)

# -- logsumexp ---------------------------------------------------------------------------------------------------------


def _logsumexp_forward(self: Any, dim: Any, keepdim: bool = False) -> Any:
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


def _shares(self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """exp(x - logsumexp(x)): each element's share of the sum; none where the sum is infinite or zero."""
    wide = spread(result, shape_of(self), dim, keepdim)
    odd = constant(np.isneginf(np.real(array_of(wide))), wide)
    return op("exp", self - where(odd, zeros(shape_of(wide), wide), wide))


logsumexp_op = define_op(
    "logsumexp.dims",
    node="LogsumexpBackward0",
    forward=_logsumexp_forward,
    inputs=("self",),
    promote="float",
    vjp={
        "self": lambda ct, self, result, dim, keepdim: spread(ct, shape_of(self), dim, keepdim)
        * conj(_shares(self, result, dim, keepdim))
    },
    jvp=lambda self_t, self, result, dim, keepdim: sum(
        self_t * _shares(self, result, dim, keepdim), dim, keepdim=keepdim
    ),
    method=False,
)
publish("logsumexp", lambda self, dim, keepdim=False: logsumexp_op(self, dim, keepdim), aliases=("special.logsumexp",))
