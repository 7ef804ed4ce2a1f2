"""Softmax and its logarithm."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import exp, sum
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _shifted(self: Any, dim: int) -> tuple[Any, Any]:
    """e^(x - max) and the shifted numbers: the largest is 0, so that nothing overflows."""
    x = np.asarray(self)
    if x.size == 0 or x.ndim == 0:
        low = x - x
        return np.exp(low), low
    low = x - x.max(axis=layout.one_dim(dim, x.ndim), keepdims=True)
    return np.exp(low), low


def _total(powers: Any, dim: int) -> Any:
    return (
        powers.sum(axis=layout.one_dim(dim, powers.ndim), keepdims=True) if powers.ndim else powers
    )


def _softmax(self: Any, dim: int) -> Any:
    powers, _ = _shifted(self, dim)
    return powers / _total(powers, dim)


def _log_softmax(self: Any, dim: int) -> Any:
    powers, low = _shifted(self, dim)
    return low - np.log(_total(powers, dim))


def softmax_slope(ct: Any, result: Any, dim: int) -> Any:
    """J = diag(p) - p p^T, which is symmetric."""
    weighted = ct * result
    return weighted - result * sum(weighted, dim, keepdim=True)


softmax_op = define_op(
    "softmax.dim",
    node="SoftmaxBackward0",
    forward=layout.in_rows(_softmax),
    inputs=("self",),
    vjp={"self": lambda ct, result, dim: softmax_slope(ct, result, dim)},
    jvp=lambda result, self_t, dim: softmax_slope(self_t, result, dim),
    method=False,
)
# J = 1 - 1 p^T
log_softmax_op = define_op(
    "log_softmax.dim",
    node="LogSoftmaxBackward0",
    forward=layout.in_rows(_log_softmax),
    inputs=("self",),
    vjp={"self": lambda ct, result, dim: ct - exp(result) * sum(ct, dim, keepdim=True)},
    jvp=lambda result, self_t, dim: self_t - sum(exp(result) * self_t, dim, keepdim=True),
    method=False,
)


def _axis(name: str, dim: int | None, ndim: int) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """Powers of e as shares of their sum along ``dim``."""
    x = input if dtype is None else OPS["to"](input, dtype)
    return softmax_op(x, _axis("softmax", dim, x.ndim))


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Any:
    """Logarithm of ``softmax``, without rounding a share to 0."""
    x = input if dtype is None else OPS["to"](input, dtype)
    return log_softmax_op(x, _axis("log_softmax", dim, x.ndim))


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """``softmax`` of the negative numbers."""
    x = -input if dtype is None else OPS["to"](-input, dtype)
    return softmax_op(x, _axis("softmin", dim, x.ndim))


def _safe_softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    """``softmax`` that is 0 in rows where all numbers are -inf."""
    x = self if dtype is None else self.astype(dtypes.to_numpy(dtype))
    made = _softmax(x, dim)
    empty = np.isneginf(x)
    if x.ndim:
        empty = empty.all(axis=layout.one_dim(dim, x.ndim), keepdims=True)
    return np.where(empty, x.dtype.type(0), made)


define_op(
    "torch.ops.aten._safe_softmax.default",
    node="SafeSoftmaxBackward0",
    forward=_safe_softmax,
    inputs=("self",),
    promote="own",
    vjp={"self": lambda ct, result, dim: softmax_slope(ct, result, dim)},
    jvp=lambda result, self_t, dim: softmax_slope(self_t, result, dim),
    method=False,
)
define_function("nn.functional.softmax", softmax, method=False, aliases=("special.softmax",))
define_function(
    "nn.functional.log_softmax", log_softmax, method=False, aliases=("special.log_softmax",)
)
define_function("nn.functional.softmin", softmin, method=False)
define_function("softmax", lambda input, dim=None, dtype=None: softmax(input, dim, dtype=dtype))
define_function(
    "log_softmax", lambda input, dim=None, dtype=None: log_softmax(input, dim, dtype=dtype)
)
# Linear in the cotangent, and in the result twice: p (ct - <ct, p>).
define_op(
    "_softmax_backward_data",
    node="SoftmaxBackwardDataBackward0",
    forward=lambda grad_output, output, dim, input_dtype: softmax_slope(grad_output, output, dim),
    inputs=("grad_output", "output"),
    vjp={
        "grad_output": lambda ct, output, dim: softmax_slope(ct, output, dim),
        "output": lambda ct, grad_output, output, dim: (
            ct * grad_output
            - ct * sum(grad_output * output, dim, keepdim=True)
            - grad_output * sum(ct * output, dim, keepdim=True)
        ),
    },
    jvp=lambda grad_output, output, grad_output_t, output_t, dim: (
        softmax_slope(grad_output_t, output, dim)
        + output_t * (grad_output - sum(grad_output * output, dim, keepdim=True))
        - output * sum(grad_output * output_t, dim, keepdim=True)
    ),
    method=False,
)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Any:
    """Softmax of logits with Gumbel noise; ``hard`` gives one-hot vectors with the gradient of the soft ones.

    The noise is minus the logarithm of exponential draws.
    """
    _ = eps
    noise = -OPS["log"](OPS["exponential_"](OPS["empty_like"](logits.detach())))
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = OPS["max"](soft, dim, keepdim=True)[1]
    one_hot = OPS["scatter"](OPS["zeros_like"](soft.detach()), dim, chosen, 1.0)
    return one_hot - soft.detach() + soft


define_function("nn.functional.gumbel_softmax", gumbel_softmax, method=False)
