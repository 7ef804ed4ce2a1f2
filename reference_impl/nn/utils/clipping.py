"""Gradients clipped, by their norm or entry by entry."""

from __future__ import annotations

import warnings
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _with_grad(parameters: Any) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p for p in given if p.grad is not None]


def get_total_norm(
    tensors: Any,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:
    """The norm of all tensors together, as of one vector.

    Raises:
        RuntimeError: it is not finite, and that was to be an error.
    """
    _ = foreach
    each = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not each:
        return OPS["tensor"](0.0)
    norms = [OPS["linalg.vector_norm"](x, norm_type) for x in each]
    total = OPS["linalg.vector_norm"](OPS["stack"](norms), norm_type)
    if error_if_nonfinite and not OPS["isfinite"](total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None
) -> None:
    """Scale all gradients down so that their norm, which is ``total_norm``, is at most ``max_norm``."""
    _ = foreach
    with no_grad():
        factor = OPS["clamp"](max_norm / (total_norm + 1e-6), max=1.0)
        for p in _with_grad(parameters):
            p.grad.mul_(factor)  # type: ignore[union-attr]


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Any:
    """The norm of all gradients together; they are scaled down so that it is at most ``max_norm``."""
    found = _with_grad(parameters)
    with no_grad():
        grads = [p.grad for p in found]
        total = get_total_norm(grads, float(norm_type), error_if_nonfinite, foreach)
    clip_grads_with_norm_(found, float(max_norm), total, foreach)
    return total


def clip_grad_norm(parameters: Any, max_norm: float, norm_type: float = 2.0) -> Any:
    """The old name of ``clip_grad_norm_``."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Cut every entry of every gradient to [-clip_value, clip_value]."""
    _ = foreach
    with no_grad():
        for p in _with_grad(parameters):
            p.grad.clamp_(-clip_value, clip_value)  # type: ignore[union-attr]
