"""Covariance, numerical gradients and integrals, counts: compositions of other ops."""

# ruff: noqa: N803 - torch's signatures

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import array_of, op, part
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.tensor import Tensor, make

# -- covariance --------------------------------------------------------------------------------------------------------


def cov(self: Tensor, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """Covariance of the rows, with frequency weights and weights of importance."""
    rows = self if self.ndim > 1 else op("reshape", self, (1, -1))
    weights = fweights
    if aweights is not None:
        weights = aweights if weights is None else weights * aweights
    total = rows.shape[1] if weights is None else op("sum", weights)
    number: Any = rows.shape[1]
    if weights is not None and total._data == 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    average = op("sum", rows if weights is None else rows * weights, 1) / total
    if weights is not None:
        number = total
        if aweights is not None and correction:
            number = total - correction * op("sum", weights * aweights) / total
        elif correction:
            number = total - correction
    else:
        number = rows.shape[1] - correction
    # Without degrees of freedom the scale is 0, whatever the weights are.
    least = (
        number
        if isinstance(number, Tensor) and number._data > 0
        else max(float(array_of(number)), 0.0)
    )
    centred = rows - op("unsqueeze", average, 1)
    other = centred if weights is None else centred * weights
    made = op("mm", centred, op("conj", op("t", other)))
    scale = (
        least if isinstance(least, Tensor) else make(np.asarray(least, dtype=made._data.real.dtype))
    )
    return op("squeeze", op("true_divide", made, scale))


def corrcoef(self: Tensor) -> Any:
    """Correlation of the rows: the covariance over the standard deviations, kept within -1 and 1."""
    c = cov(self)
    if c.ndim == 0:
        return c / c
    deviation = op("sqrt", op("diagonal", c))
    c = c / op("unsqueeze", deviation, 1) / op("unsqueeze", deviation, 0)
    if c._data.dtype.kind == "c":
        return op("complex", op("clamp", op("real", c), -1, 1), op("clamp", op("imag", c), -1, 1))
    return op("clamp", c, -1, 1)


define_function("cov", cov)
define_function("corrcoef", corrcoef)


# -- numerical gradient ------------------------------------------------------------------------------------------------


def gradient(self: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> Any:
    """Differences of neighbours over their distance: central inside, one-sided at the edges."""
    dims = range(self.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    dims = [layout.one_dim(d, self.ndim) for d in dims]
    steps = (
        list(spacing)
        if isinstance(spacing, list | tuple)
        else [1.0 if spacing is None else spacing] * len(dims)
    )
    return tuple([_slope(self, d, step, edge_order) for d, step in zip(dims, steps, strict=True)])


def _slope(x: Tensor, dim: int, spacing: Any, edge_order: int) -> Any:
    n = x.shape[dim]
    if n <= edge_order:
        raise RuntimeError(
            "torch.gradient expected each dimension size to be at least edge_order+1"
        )
    places = (
        np.asarray(array_of(spacing))
        if isinstance(spacing, Tensor)
        else np.arange(n) * float(spacing)
    )
    kind = x._data.real.dtype
    h = np.diff(places).astype(kind if kind.kind == "f" else dtypes.default_numpy())
    along = [1] * x.ndim
    along[dim] = n - 2
    left, right = make(h[:-1].reshape(along)), make(h[1:].reshape(along))

    def at(a: int, b: int | None) -> Any:
        return part(x, dim, a, b)

    # The parabola through three points: weights for unequal distances.
    inner = (
        at(0, -2) * (-right / (left * (left + right)))
        + at(1, -1) * ((right - left) / (left * right))
        + at(2, None) * (left / (right * (left + right)))
    )
    return op(
        "cat", [_edge(x, dim, h, edge_order), inner, _edge(x, dim, h, edge_order, last=True)], dim
    )


def _edge(x: Tensor, dim: int, h: Any, edge_order: int, *, last: bool = False) -> Any:
    """One-sided difference at an end: through two points, or three."""
    pick = [-1, -2, -3] if last else [0, 1, 2]
    ends = [op("narrow", x, dim, p % x.shape[dim], 1) for p in pick[: edge_order + 1]]
    a = float(h[-1] if last else h[0]) * (-1 if last else 1)
    if edge_order == 1:
        return (ends[1] - ends[0]) / a
    b = float(h[-2] if last else h[1]) * (-1 if last else 1)
    return (
        ends[0] * (-(2 * a + b) / (a * (a + b)))
        + ends[1] * ((a + b) / (a * b))
        + ends[2] * (-a / (b * (a + b)))
    )


define_function("gradient", gradient, method=False)

# -- integrals ---------------------------------------------------------------------------------------------------------


def _panels(y: Tensor, x: Any, dx: Any, dim: int) -> Any:
    """Twice the area of each trapezoid between neighbours."""
    heights = part(y, dim, 1, None) + part(y, dim, 0, -1)
    if x is None:
        return heights * dx if dx != 1 else heights
    if x.ndim == 1 and y.ndim > 1 and y.shape[dim] == x.shape[0]:
        shape = [1] * y.ndim
        shape[dim] = x.shape[0]
        x = op("reshape", x, tuple(shape))
    elif x.ndim < y.ndim:
        x = op("reshape", x, (1,) * (y.ndim - x.ndim) + tuple(x.shape))
    return heights * (part(x, dim, 1, None) - part(x, dim, 0, -1))


def trapezoid(y: Tensor, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """Integral along ``dim`` by trapezoids, at the places ``x`` or with the distance ``dx``."""
    if y.shape[dim] == 0:
        return op("new_zeros", y, tuple(n for i, n in enumerate(y.shape) if i != dim % y.ndim))
    return op("sum", _panels(y, x, dx, dim), dim) / 2.0


define_function("trapezoid", trapezoid, method=False, aliases=("trapz",))
define_function(
    "cumulative_trapezoid",
    lambda y, x=None, *, dx=1, dim=-1: op("cumsum", _panels(y, x, dx, dim), dim) / 2.0,
    method=False,
)


def vander(x: Tensor, N: int | None = None, *, increasing: bool = True) -> Any:
    """Powers 0 to N - 1 of each element, one row each."""
    x = x if x.ndim else op("reshape", x, (1,))
    n = x.shape[-1] if N is None else N
    if n < 0:
        raise RuntimeError("N must be greater than 1")
    one = op("new_ones", x, (*x.shape, 1))
    if n > 1:
        wide = op("expand", op("unsqueeze", x, -1), (*x.shape, n - 1))
        one = op("cat", [one, op("cumprod", wide, -1)], -1)
    return one if increasing else op("flip", one, (-1,))


define_function("linalg.vander", lambda x, *, N=None: vander(x, N), method=False)
define_function(
    "vander", lambda x, N=None, increasing=False: vander(x, N, increasing=increasing), method=False
)

# -- counts, without derivative ----------------------------------------------------------------------------------------


def _histc(self: Any, bins: int = 100, min: Any = 0, max: Any = 0) -> Any:
    low, high = float(min), float(max)
    if low == high and self.size:
        low, high = float(np.min(self)), float(np.max(self))
    if low == high:
        low, high = low - 1, high + 1
    return np.histogram(self, bins, (low, high))[0].astype(self.dtype)


define_op("histc", forward=_histc, inputs=("self",), vjp=NOT_DIFFERENTIABLE, jvp=None, promote=None)


def bincount(self: Tensor, weights: Any = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs, or the sum of the weights of its occurrences."""
    found = np.bincount(self._data, None if weights is None else weights._data, minlength)
    return make(
        found if weights is None or weights._data.dtype != np.float32 else found.astype(np.float64)
    )


define_function("bincount", bincount)
