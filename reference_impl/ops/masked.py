"""torch.masked: reductions over the elements that a mask admits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import op
from reference_impl.ops.rule import define_function
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _filled(x: Tensor, mask: Any, value: Any) -> Any:
    """``x`` with what the mask leaves out replaced by a value that does not count."""
    if mask is None:
        return x
    wide = np.broadcast_to(
        np.asarray(mask._data), np.broadcast_shapes(tuple(x.shape), tuple(mask.shape))
    )
    return op("where", make(np.array(wide)), x, op("full_like", x, value))


def _as_dtype(x: Tensor, dtype: Any, *, sums: bool = False) -> Tensor:
    if dtype is None and sums and x._data.dtype.kind in "biu":
        dtype = dtypes.int64
    return x if dtype is None else op("to", x, dtype)


def _dims(x: Tensor, dim: Any) -> list[int]:
    return list(layout.dims(None if dim == () else dim, x.ndim)) if x.ndim else []


def _count(x: Tensor, mask: Any, dim: Any, keepdim: Any) -> Tensor:
    """How many elements count in each result."""
    counted = True if mask is None else mask._data
    found: Any = np.broadcast_to(counted, tuple(x.shape)).astype(np.int64)
    axes: Any = tuple(_dims(x, dim))
    return make(np.asarray(np.add.reduce(found, axis=axes, keepdims=keepdim)))


def _lowest(x: Tensor, *, highest: bool = False) -> Any:
    kind = x._data.dtype
    if kind.kind in "fc":
        return math.inf if highest else -math.inf
    info = np.iinfo(kind)
    return info.max if highest else info.min


def _sum(x: Tensor, dim: Any, keepdim: Any, mask: Any) -> Any:
    return (
        op("sum", _filled(x, mask, 0), _dims(x, dim), keepdim=bool(keepdim))
        if x.ndim
        else _filled(x, mask, 0)
    )


def masked_sum(
    input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Sum of the elements that count."""
    return _sum(_as_dtype(input, dtype, sums=True), dim, keepdim, mask)


def masked_prod(
    input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Product of the elements that count."""
    x = _filled(_as_dtype(input, dtype, sums=True), mask, 1)
    for d in sorted(_dims(x, dim), reverse=True):
        x = op("prod", x, d, bool(keepdim))
    return x


def masked_mean(
    input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Mean of the elements that count."""
    x = _as_dtype(input, dtype)
    return _sum(x, dim, keepdim, mask) / _count(x, mask, dim, keepdim)


def _extreme(name: str, *, highest: bool) -> Any:
    def call(
        input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
    ) -> Any:
        x = _as_dtype(input, dtype)
        x = _filled(x, mask, _lowest(x, highest=highest))
        return OPS[name](x, _dims(x, dim), bool(keepdim)) if x.ndim else op("clone", x)

    call.__doc__ = f"``{name}`` of the elements that count."
    return call


def _arg(name: str, *, highest: bool) -> Any:
    def call(
        input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
    ) -> Any:
        x = _as_dtype(input, dtype)
        found = OPS[name](_filled(x, mask, _lowest(x, highest=highest)), dim, bool(keepdim))
        return op("to", found, x.dtype)

    call.__doc__ = f"``{name}`` among the elements that count."
    return call


def masked_median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Median of the elements that count."""
    x = _as_dtype(input, dtype)
    return OPS["nanmedian"](_filled(x, mask, math.nan), dim, keepdim)[0]


def masked_norm(
    input: Tensor,
    ord: float = 2.0,
    dim: Any = None,
    *,
    keepdim: Any = False,
    dtype: Any = None,
    mask: Any = None,
) -> Any:
    """The ord-norm of the elements that count."""
    x = _as_dtype(input, dtype)
    neutral = math.inf if ord == -math.inf or ord < 0 else 0.0
    return OPS["linalg.vector_norm"](_filled(x, mask, neutral), ord, _dims(x, dim), bool(keepdim))


def _moments(input: Tensor, dim: Any, keepdim: Any, dtype: Any, mask: Any, correction: Any) -> Any:
    """Variance: the mean square distance from the mean, with ``correction`` taken off the count."""
    x = _as_dtype(input, dtype)
    if x._data.dtype.kind not in "fc":
        x = op("to", x, dtypes.get_default_dtype())
    number = _count(x, mask, dim, keepdim=True)
    mean = _sum(x, dim, keepdim=True, mask=mask) / number
    away = x - mean
    square = away * op("conj", away) if away._data.dtype.kind == "c" else away * away
    total = _sum(square, dim, keepdim, mask)
    left = _count(x, mask, dim, keepdim)._data - correction
    return total / make(np.asarray(np.maximum(left, 0), dtype=square._data.dtype))


def masked_var(
    input: Tensor, dim: Any = None, unbiased: Any = None, *, correction: Any = None, keepdim: Any = False,
    dtype: Any = None, mask: Any = None,
) -> Any:  # fmt: skip
    """Variance of the elements that count."""
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return _moments(input, dim, keepdim, dtype, mask, correction)


def masked_std(input: Tensor, dim: Any = None, unbiased: Any = None, **options: Any) -> Any:
    """Standard deviation of the elements that count."""
    return op("sqrt", masked_var(input, dim, unbiased, **options))


def _running(name: str, neutral: Any) -> Any:
    def call(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
        return op(name, _filled(_as_dtype(input, dtype, sums=True), mask, neutral), dim)

    call.__doc__ = f"``{name}`` in which masked elements do not count."
    return call


def _softened(name: str, neutral: float) -> Any:
    def call(input: Tensor, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
        x = _as_dtype(input, dtype)
        return OPS[name](_filled(x, mask, neutral), dim)

    call.__doc__ = f"``{name}`` over the elements that count."
    return call


def masked_normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Any = None
) -> Any:
    """The elements that count, divided by their norm."""
    x = _as_dtype(input, dtype)
    length = masked_norm(x, ord, dim, keepdim=True, mask=mask)
    return _filled(x, mask, 0.0) / op("clamp_min", length, eps)


def masked_logsumexp(
    input: Tensor, dim: Any = None, *, keepdim: Any = False, dtype: Any = None, mask: Any = None
) -> Any:
    """Logarithm of the sum of the exponentials of the elements that count."""
    x = _as_dtype(input, dtype)
    return OPS["logsumexp"](_filled(x, mask, _lowest(x)), _dims(x, dim), bool(keepdim))


def masked_logaddexp(
    input: Tensor,
    other: Tensor,
    *,
    dtype: Any = None,
    input_mask: Any = None,
    other_mask: Any = None,
) -> Any:
    """logaddexp in which masked elements are minus infinity."""
    a, b = _as_dtype(input, dtype), _as_dtype(other, dtype)
    return op("logaddexp", _filled(a, input_mask, -math.inf), _filled(b, other_mask, -math.inf))


for _name, _fn in {
    "sum": masked_sum, "prod": masked_prod, "mean": masked_mean, "median": masked_median, "norm": masked_norm,
    "var": masked_var, "std": masked_std, "normalize": masked_normalize, "logsumexp": masked_logsumexp,
    "logaddexp": masked_logaddexp, "amax": _extreme("amax", highest=False), "amin": _extreme("amin", highest=True),
    "argmax": _arg("argmax", highest=False), "argmin": _arg("argmin", highest=True), "cumsum": _running("cumsum", 0),
    "cumprod": _running("cumprod", 1), "softmax": _softened("softmax", -math.inf),
    "log_softmax": _softened("log_softmax", -math.inf), "softmin": _softened("nn.functional.softmin", math.inf),
}.items():  # fmt: skip
    define_function(f"masked.{_name}", _fn, method=False)
