"""torch.nn.utils: gradients clipped, parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _with_grad(parameters: Any) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p for p in given if p.grad is not None]


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0) -> Any:
    """The norm of all gradients together; they are scaled down so that it is at most ``max_norm``."""
    found = _with_grad(parameters)
    if not found:
        return OPS["tensor"](0.0)
    with no_grad():
        norms = [OPS["linalg.vector_norm"](p.grad, norm_type) for p in found]
        total = OPS["linalg.vector_norm"](OPS["stack"](norms), norm_type)
        factor = OPS["clamp"](max_norm / (total + 1e-6), max=1.0)
        for p in found:
            p.grad.mul_(factor)  # type: ignore[union-attr]
    return total


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Cut every entry of every gradient to [-clip_value, clip_value]."""
    with no_grad():
        for p in _with_grad(parameters):
            p.grad.clamp_(-clip_value, clip_value)  # type: ignore[union-attr]


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """All parameters behind one another."""
    return OPS["cat"]([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Any]) -> None:
    """Give the parameters the values that lie behind one another in ``vec``."""
    start = 0
    for p in parameters:
        p.data = vec[start : start + p.numel()].view_as(p).data
        start += p.numel()
