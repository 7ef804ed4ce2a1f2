"""Layers: linear maps, embeddings, dropout and changes of shape."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter
from reference_impl.tensor import Tensor


class Linear(Module):
    """``x @ weight.T + bias``; weight (out_features, in_features)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        self.in_features, self.out_features = in_features, out_features
        self.weight = new_parameter(out_features, in_features, dtype=dtype)
        if bias:
            self.bias = new_parameter(out_features, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-k, k) with k = 1 / sqrt(in_features)."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, x: Tensor) -> Any:
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """``x1^T A x2 + b`` per output feature."""

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        self.in1_features, self.in2_features = in1_features, in2_features
        self.out_features = out_features
        self.weight = new_parameter(out_features, in1_features, in2_features, dtype=dtype)
        self.register_parameter("bias", new_parameter(out_features, dtype=dtype) if bias else None)
        for p in self.parameters():
            init.uniform_(p, -1 / math.sqrt(in1_features), 1 / math.sqrt(in1_features))

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return functional.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Dropout(Module):
    """Zeroes entries at random while training."""

    fn = "dropout"

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, x: Tensor) -> Any:
        return getattr(functional, self.fn)(x, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Zeroes whole channels at random while training."""

    fn = "dropout1d"


class Dropout2d(Dropout):
    """Zeroes whole channels at random while training."""

    fn = "dropout2d"


class Dropout3d(Dropout):
    """Zeroes whole channels at random while training."""

    fn = "dropout3d"


class AlphaDropout(Dropout):
    """Sets entries at random to where SELU saturates; mean and variance stay."""

    fn = "alpha_dropout"


class FeatureAlphaDropout(Dropout):
    """Sets whole channels at random to where SELU saturates."""

    fn = "feature_alpha_dropout"


class Identity(Module):
    """The input; whatever it is built with is ignored."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x
