"""torch.autograd._functions: what is left of the functions that were written in Python."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.function import Function

__all__ = ["Resize"]


class Resize(Function):
    """The same elements in another shape."""

    @staticmethod
    def forward(ctx: Any, tensor: Any, sizes: Any) -> Any:
        if math.prod(sizes) != tensor.numel():
            wanted, found = ("x".join(map(str, s)) for s in (sizes, tensor.shape))
            raise RuntimeError(
                f"requested resize to {wanted} ({math.prod(sizes)} elements in total), but the given tensor has a "
                f"size of {found} ({tensor.numel()} elements). autograd's resize can only change the shape of a given "
                "tensor, while preserving the number of elements."
            )
        ctx.input_size = tensor.shape
        return (
            tensor.contiguous().view(*sizes) if tensor.is_contiguous() else tensor.reshape(*sizes)
        )

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad.contiguous().view(ctx.input_size), None
