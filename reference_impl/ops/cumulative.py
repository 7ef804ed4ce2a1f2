"""Running sums, products and extrema along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import array_of, conj, constant, flip, op, part, shape_of, stack, zeros
from reference_impl.ops.reducing import before
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.special_values import log1p
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor


@layout.in_rows
def _run(self: Any, ufunc: Any, dim: int, dtype: Any = None) -> Any:
    at = layout.one_dim(dim, self.ndim)
    kind = (
        dtypes.to_numpy(dtype)
        if dtype is not None
        else np.dtype(np.int64)
        if self.dtype.kind in "biu"
        else self.dtype
    )
    if self.ndim == 0:
        return np.asarray(self).astype(kind)
    return ufunc.accumulate(self, axis=at, dtype=kind)


def cumsum_back(ct: Any, dim: int) -> Any:
    """Running sum from the other end: the transpose of a running sum."""
    return flip(op("cumsum", flip(ct, dim), dim), dim) if shape_of(ct) else ct


cumsum_op = define_op(
    "cumsum",
    node="CumsumBackward0",
    forward=lambda self, dim, dtype=None: _run(self, np.add, dim, dtype),
    inputs=("self",),
    promote="own",
    inplace=True,
    vjp={"self": lambda ct, dim: cumsum_back(ct, dim)},
    jvp="linear",
)


def _slices(x: Any, dim: int) -> list[Any]:
    if isinstance(x, Tensor):
        return list(op("unbind", x, dim))
    return list(np.moveaxis(x, dim, 0))


def cumprod_vjp(ct: Any, x: Any, dim: int) -> Any:
    """y_k = x_0 ... x_k, so ct_x_i = y_(i-1) * sum over k >= i of ct_k x_(i+1) ... x_k.

    The inner sum obeys g_i = ct_i + x_(i+1) g_(i+1): a recurrence without division, which holds at zeros too.
    """
    shape = shape_of(x)
    if not shape or 0 in shape:
        return ct
    x = conj(x)
    cts, xs = _slices(ct, dim), _slices(x, dim)
    sums = [cts[-1]]
    for i in range(len(cts) - 2, -1, -1):
        sums.append(cts[i] + xs[i + 1] * sums[-1])
    return before(x, dim) * stack(sums[::-1], dim % len(shape))


def _cumprod_jvp(x: Any, x_t: Any, dim: int) -> Any:
    if not shape_of(x) or 0 in shape_of(x):
        return x_t
    xs, ts = _slices(x, dim), _slices(x_t, dim)
    y, made = xs[0], [ts[0]]
    for i in range(1, len(xs)):
        made.append(made[-1] * xs[i] + y * ts[i])
        y = y * xs[i]
    return stack(made, dim % x.ndim)


cumprod_op = define_op(
    "cumprod",
    node="CumprodBackward0",
    forward=lambda self, dim, dtype=None: _run(self, np.multiply, dim, dtype),
    inputs=("self",),
    promote="own",
    inplace=True,
    vjp={"self": lambda ct, self, dim: cumprod_vjp(ct, self, dim)},
    jvp=lambda self, self_t, dim: _cumprod_jvp(self, self_t, dim),
)


def _logcumsumexp_forward(self: Any, dim: int) -> Any:
    at = layout.one_dim(dim, self.ndim)
    if self.ndim == 0 or self.size == 0:
        return np.array(self)
    if self.dtype.kind == "c":
        return _logcumsumexp_complex(self, at)
    return np.logaddexp.accumulate(self, axis=at)


def _logcumsumexp_complex(x: Any, at: int) -> Any:
    made = np.array(x)
    view = np.moveaxis(made, at, 0)
    for i in range(1, len(view)):
        # The imaginary part follows that of the larger term, beyond pi if need be.
        ahead = view[i - 1].real > view[i].real
        large, small = np.where(ahead, view[i - 1], view[i]), np.where(ahead, view[i], view[i - 1])
        difference = np.where(np.isneginf(small.real), -np.inf, small - large)
        view[i] = large + log1p(np.exp(difference))
    return made


def _logcumsumexp_vjp(ct: Any, x: Any, dim: int) -> Any:
    """ct_x_i = exp(x_i) * sum over k >= i of ct_k exp(-y_k).

    As a recurrence that does not overflow: with g_i the sum times exp(y_i),
    g_i = ct_i + exp(y_i - y_(i+1)) g_(i+1), and ct_x_i = exp(x_i - y_i) g_i.
    """
    shape = shape_of(x)
    if not shape or 0 in shape:
        return ct
    cts = _slices(ct, dim)
    new, old = _shares(_slices(conj(x), dim))
    sums = [cts[-1]]
    for i in range(len(cts) - 2, -1, -1):
        sums.append(cts[i] + old[i + 1] * sums[-1])
    return stack([g * share for g, share in zip(sums[::-1], new, strict=True)], dim % len(shape))


def _shares(xs: list[Any]) -> tuple[list[Any], list[Any]]:
    """The shares exp(x_i - y_i) and exp(y_(i-1) - y_i) that the new term and those before have in a sum so far.

    With y_i = m_i + l_i, m_i the largest x so far and l_i between 0 and log i: of large numbers y_i itself has no
    digits left behind the point, and its rounding would be a relative error of the shares.
    """
    tops = [np.real(array_of(x)) for x in xs]
    tops = [constant(np.where(np.isfinite(m), m, 0.0), xs[0]) for m in np.maximum.accumulate(tops)]
    rest = xs[0] - tops[0]
    new, old = [op("exp", _difference(rest, rest))], [zeros(shape_of(xs[0]), xs[0])]
    for x, below, top in zip(xs[1:], tops, tops[1:], strict=False):
        term, before = x - top, rest + (below - top)
        rest = op("logaddexp", before, term)
        new.append(op("exp", _difference(term, rest)))
        old.append(op("exp", _difference(before, rest)))
    return new, old


def _difference(a: Any, b: Any) -> Any:
    """``a - b``, where minus infinity less itself counts as 0 times a share of nothing: minus infinity."""
    same = np.isneginf(np.real(array_of(b)))
    if not same.any():
        return a - b
    return op("where", op("isneginf", op("real", b)), zeros(shape_of(a), a) - np.inf, a - b)


def _logcumsumexp_jvp(x: Any, x_t: Any, dim: int) -> Any:
    if not shape_of(x) or 0 in shape_of(x):
        return x_t
    ts = _slices(x_t, dim)
    new, old = _shares(_slices(x, dim))
    made = [ts[0]]
    for i in range(1, len(ts)):
        made.append(made[-1] * old[i] + ts[i] * new[i])
    return stack(made, dim % x.ndim)


logcumsumexp_op = define_op(
    "logcumsumexp",
    node="LogcumsumexpBackward0",
    forward=layout.in_rows(_logcumsumexp_forward),
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, self, dim: _logcumsumexp_vjp(ct, self, dim)},
    jvp=lambda self, self_t, dim: _logcumsumexp_jvp(self, self_t, dim),
)

# -- running extrema ---------------------------------------------------------------------------------------------------


@layout.in_rows
def _running(self: Any, better: Any, dim: int) -> tuple[Any, Any]:
    """Extremes so far and where they stand; the latest among equals, and NaN once one was seen."""
    at = layout.one_dim(dim, self.ndim)
    index = np.zeros(self.shape, dtype=np.int64)
    if self.ndim == 0 or self.size == 0:
        return np.array(self), index
    values, places = np.array(self), np.moveaxis(index, at, 0)
    rows = np.moveaxis(values, at, 0)
    for i in range(1, len(rows)):
        new = (
            better(rows[i], rows[i - 1]) | np.isnan(rows[i])
            if self.dtype.kind == "f"
            else better(rows[i], rows[i - 1])
        )
        places[i] = np.where(new, i, places[i - 1])
        rows[i] = np.where(new, rows[i], rows[i - 1])
    return values, index


def _running_row(name: str, node: str, better: Any) -> Any:
    row = define_op(
        f"{name}.dim",
        node=node,
        forward=lambda self, dim: _running(self, better, dim),
        inputs=("self",),
        outputs=("values", "indices"),
        differentiable=("values",),
        vjp={
            "self": lambda ct, indices, self_shape, dim: op(
                "scatter_add", zeros(self_shape, ct), dim, indices, ct
            )
        },
        jvp=lambda self_t, indices, dim: (op("gather", self_t, dim, indices), None),
        method=False,
    )
    kind = make_type(name, "values", "indices")
    define_function(name, lambda self, dim: kind(row(self, dim)))
    return row


cummax_op = _running_row("cummax", "CummaxBackward0", np.greater_equal)
cummin_op = _running_row("cummin", "CumminBackward0", np.less_equal)

# -- differences and areas ---------------------------------------------------------------------------------------------


def diff(self: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The ``n``-th difference of neighbours along ``dim``."""
    if self.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return op("copy_", op("zeros_like", self), self)
    parts = [p for p in (prepend, self, append) if p is not None]
    x = op("cat", parts, dim) if len(parts) > 1 else self
    if x.shape[dim] == 0:
        return op("zeros_like", x)
    for _ in range(min(n, x.shape[dim])):
        longer, shorter = part(x, dim, 1, None), part(x, dim, 0, -1)
        x = op("logical_xor", longer, shorter) if x._data.dtype.kind == "b" else longer - shorter
    return x


define_function("diff", diff)
