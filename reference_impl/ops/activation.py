"""Activations of nn.functional."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import array_of, where
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

relu_op = define_op(
    "relu",
    node="ReluBackward0",
    forward=lambda self: np.maximum(self, self.dtype.type(0)),
    inputs=("self",),
    pointwise=True,
    vjp={"self": lambda ct, result: where(array_of(result) <= 0, 0.0, ct)},
    jvp=lambda result, self_t: where(array_of(result) <= 0, 0.0, self_t),
)


def _functional(name: str, row: str | None = None) -> None:
    """``nn.functional.<name>(input, inplace=False)`` of an op of that name."""

    def op(input: Tensor, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:  # noqa: A002 - torch's name
        return OPS[f"{row or name}{'_' if inplace else ''}"](input, *args, **kwargs)

    define_function(f"nn.functional.{name}", op, method=False)


_functional("relu")
