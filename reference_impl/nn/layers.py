"""Layers: linear maps, embeddings, dropout and changes of shape."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.grad_mode import no_grad
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
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, x: Tensor) -> Any:
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """``x1^T A x2 + b`` per output feature."""

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = new_parameter(out_features, in1_features, in2_features)
        self.bias = new_parameter(out_features) if bias else None
        for p in self.parameters():
            init.uniform_(p, -1 / math.sqrt(in1_features), 1 / math.sqrt(in1_features))

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return functional.bilinear(x1, x2, self.weight, self.bias)


class Embedding(Module):
    """Rows of a matrix by index."""

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx, self.options = padding_idx, options
        self.weight = init.normal_(new_parameter(num_embeddings, embedding_dim))
        if padding_idx is not None:
            with no_grad():
                self.weight[padding_idx].fill_(0)

    def forward(self, index: Tensor) -> Any:
        return functional.embedding(index, self.weight, self.padding_idx, **self.options)

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"


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


class Flatten(Module):
    """Axes from ``start_dim`` to ``end_dim`` as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Any:
        return x.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several."""

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, x: Tensor) -> Any:
        return x.unflatten(self.dim, self.unflattened_size)


class Identity(Module):
    """The input; whatever it is built with is ignored."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x
