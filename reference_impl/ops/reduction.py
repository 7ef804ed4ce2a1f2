"""Reductions: sums, means, products, variances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import (
    array_of,
    conj,
    constant,
    expand,
    ones,
    op,
    reshape,
    shape_of,
    sum,
    where,
    zeros,
)  # fmt: skip
from reference_impl.ops.reducing import axes_of, count, kept_shape, others_product, publish, spread
from reference_impl.ops.rule import define_op
from reference_impl.short_paths import make_total
from reference_impl.tensor import Tensor


def _sum_dtype(x: Any, dtype: Any) -> Any:
    if dtype is not None:
        return dtypes.to_numpy(dtype)
    return np.dtype(np.int64) if x.dtype.kind in "biu" else x.dtype


def _sum_forward(self: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    return np.add.reduce(
        self, axis=axes_of(self, dim), keepdims=keepdim, dtype=_sum_dtype(self, dtype)
    )


sum_all: Any = define_op(
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
    forward=layout.in_rows(_sum_forward),
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, self_shape, dim, keepdim: spread(ct, self_shape, dim, keepdim)},
    jvp="linear",
    method=False,
)


_short_sum = make_total(sum_all.rule)


def sum_(self: Tensor, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Sum over ``dim``, or over everything."""
    if dim is None and not keepdim:
        found = _short_sum(self) if dtype is None else None
        return sum_all(self, dtype) if found is None else found
    return sum_dims(self, dim, keepdim, dtype)


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


def _mean_forward(self: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    kind = _check_mean(self, dtype)
    total = np.add.reduce(self, axis=axes_of(self, dim), keepdims=keepdim, dtype=kind)
    return np.true_divide(total, kind.type(count(self.shape, dim)), dtype=kind)


mean_all: Any = define_op(
    "mean.all",
    node="MeanBackward0",
    forward=lambda self, dtype=None: _mean_forward(self, None, dtype=dtype),
    inputs=("self",),
    promote="own",
    # Divided last: a gradient that repeats one number cannot be written to.
    vjp={"self": lambda ct, self_shape: expand(ct, self_shape) / max(math.prod(self_shape), 1)},
    jvp="linear",
    method=False,
)
mean_dims = define_op(
    "mean.dims",
    node="MeanBackward1",
    forward=layout.in_rows(_mean_forward),
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self_shape, dim, keepdim: (
            spread(ct, self_shape, dim, keepdim) / max(count(self_shape, dim), 1)
        )
    },
    jvp="linear",
    method=False,
)


_short_mean = make_total(mean_all.rule)


def mean(self: Tensor, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Mean over ``dim``, or over everything."""
    if dim is None and not keepdim:
        found = _short_mean(self) if dtype is None else None
        return mean_all(self, dtype) if found is None else found
    return mean_dims(self, dim, keepdim, dtype)


publish("mean", mean)


def _nansum_forward(self: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    return _sum_forward(np.where(np.isnan(self), 0, self).astype(self.dtype), dim, keepdim, dtype)


nansum_op = define_op(
    "nansum.dims",
    node="NansumBackward0",
    forward=layout.in_rows(_nansum_forward),
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self, dim, keepdim: _not_nan(
            spread(ct, shape_of(self), dim, keepdim), self
        )
    },
    jvp=lambda self_t, self, dim, keepdim, dtype: sum_(
        _not_nan(self_t, self), dim, keepdim, dtype=dtype
    ),
    method=False,
)


def _not_nan(x: Any, of: Any) -> Any:
    """``x`` where ``of`` is a number, 0 where it is NaN."""
    return where(constant(np.isnan(array_of(of)), x), zeros(shape_of(x), x), x)


def nansum(self: Tensor, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Sum in which NaN counts as 0."""
    return nansum_op(self, dim, keepdim, dtype)


def nanmean(self: Tensor, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Mean over the elements that are not NaN."""
    _check_mean(self._data, dtype)
    found = constant(np.asarray(~np.isnan(self._data)), self).to(self.dtype)
    return nansum_op(self, dim, keepdim, dtype) / sum_(found.detach(), dim, keepdim)


publish("nansum", nansum)
publish("nanmean", nanmean)

# -- products ----------------------------------------------------------------------------------------------------------


def _prod_forward(self: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    kind = _sum_dtype(self, dtype)
    return np.multiply.reduce(self, axis=axes_of(self, dim), keepdims=keepdim, dtype=kind)


def prod_vjp(ct: Any, x: Any, result: Any, dim: int) -> Any:
    """d prod(x) = sum_i dx_i prod_{j != i} x_j; by division where that is the same."""
    found = array_of(x)
    if found.size and (found != 0).all():
        return ct * conj(result / x)
    return ct * conj(others_product(x, dim))


def _flat_prod_vjp(ct: Any, self: Any, result: Any) -> Any:
    shape = shape_of(self)
    if not shape:
        return ct
    flat = reshape(self, (math.prod(shape),))
    return reshape(prod_vjp(ct, flat, result, 0), shape)


def _kept(x: Any, shape: tuple[int, ...], dim: Any, keepdim: Any) -> Any:
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
    forward=layout.in_rows(_prod_forward),
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self, result, dim, keepdim: prod_vjp(
            _kept(ct, shape_of(self), dim, keepdim),
            self,
            _kept(result, shape_of(self), dim, keepdim),
            dim,
        )
    },
    jvp=lambda self_t, self, dim, keepdim: sum(
        self_t * others_product(self, dim), dim, keepdim=keepdim
    ),
    method=False,
)


def prod(self: Tensor, dim: int | None = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Product over ``dim``, or over everything."""
    if dtype is not None:
        self = op("to", self, dtype)
    elif self._data.dtype.kind in "biu":
        self = op("to", self, dtypes.int64)
    if dim is None:
        return prod_all(self)
    return prod_dim(self, dim, keepdim)


publish("prod", prod)
