"""Layers, activations and losses as modules."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import Parameter
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _parameter(*size: int, dtype: Any = None) -> Parameter:
    made: Parameter = Parameter(OPS["empty"](*size, dtype=dtype))
    return made


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
        self.weight = _parameter(out_features, in_features, dtype=dtype)
        if bias:
            self.bias = _parameter(out_features, dtype=dtype)
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

    def __init__(self, in1_features: int, in2_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = _parameter(out_features, in1_features, in2_features)
        self.bias = _parameter(out_features)
        for p in self.parameters():
            init.uniform_(p, -1 / math.sqrt(in1_features), 1 / math.sqrt(in1_features))

    def forward(self, x1: Tensor, x2: Tensor) -> Any:
        return functional.bilinear(x1, x2, self.weight, self.bias)


class Embedding(Module):
    """Rows of a matrix by index."""

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.weight = init.normal_(_parameter(num_embeddings, embedding_dim))

    def forward(self, index: Tensor) -> Any:
        return functional.embedding(index, self.weight)


class LayerNorm(Module):
    """Normalisation over the last dimensions."""

    def __init__(self, normalized_shape: Any, eps: float = 1e-5) -> None:
        super().__init__()
        self.normalized_shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.eps = eps
        self.weight = init.ones_(_parameter(*self.normalized_shape))
        self.bias = init.zeros_(_parameter(*self.normalized_shape))

    def forward(self, x: Tensor) -> Any:
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class BatchNorm1d(Module):
    """Normalisation over the batch."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = init.ones_(_parameter(num_features))
        self.bias = init.zeros_(_parameter(num_features))
        self.register_buffer("running_mean", OPS["zeros"](num_features))
        self.register_buffer("running_var", OPS["ones"](num_features))

    def forward(self, x: Tensor) -> Any:
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.eps,
        )


class Dropout(Module):
    """Zeroes entries at random while training."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.p, self.inplace = p, inplace

    def forward(self, x: Tensor) -> Any:
        return functional.dropout(x, self.p, self.training)


class Flatten(Module):
    """Axes from ``start_dim`` to ``end_dim`` as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Any:
        return x.flatten(self.start_dim, self.end_dim)


class Identity(Module):
    """The input."""

    def forward(self, x: Any) -> Any:
        return x


class _Pointwise(Module):
    """An activation without parameters: ``fn`` names it in nn.functional."""

    fn = ""

    def __init__(self, *args: Any, inplace: bool = False, **kwargs: Any) -> None:
        super().__init__()
        self.args, self.kwargs, self.inplace = args, kwargs, inplace

    def forward(self, x: Tensor) -> Any:
        if self.inplace:
            return OPS[f"{self.fn}_"](x, *self.args, **self.kwargs)
        return getattr(functional, self.fn)(x, *self.args, **self.kwargs)


class ReLU(_Pointwise):
    """max(x, 0)."""

    fn = "relu"


class LeakyReLU(_Pointwise):
    """x, or a small multiple of it below 0."""

    fn = "leaky_relu"


class Sigmoid(_Pointwise):
    """1 / (1 + exp(-x))."""

    fn = "sigmoid"


class Tanh(_Pointwise):
    """Hyperbolic tangent."""

    fn = "tanh"


class GELU(_Pointwise):
    """x times the normal distribution function of x."""

    fn = "gelu"


class SiLU(_Pointwise):
    """x times its sigmoid."""

    fn = "silu"


class Softplus(_Pointwise):
    """log(1 + exp(x))."""

    fn = "softplus"


class Softmax(Module):
    """Exponentials divided by their sum."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Any:
        return functional.softmax(x, self.dim)


class LogSoftmax(Softmax):
    """Logarithm of softmax."""

    def forward(self, x: Tensor) -> Any:
        return functional.log_softmax(x, self.dim)


class _Loss(Module):
    """A loss: ``fn`` names it in nn.functional."""

    fn = ""

    def __init__(self, weight: Any = None, reduction: str = "mean", **kwargs: Any) -> None:
        super().__init__()
        self.kwargs = {"reduction": reduction, **kwargs} | (
            {} if weight is None else {"weight": weight}
        )

    def forward(self, x: Tensor, target: Tensor) -> Any:
        return getattr(functional, self.fn)(x, target, **self.kwargs)


class MSELoss(_Loss):
    """Mean squared difference."""

    fn = "mse_loss"


class L1Loss(_Loss):
    """Mean absolute difference."""

    fn = "l1_loss"


class NLLLoss(_Loss):
    """Negative log likelihood of classes."""

    fn = "nll_loss"


class CrossEntropyLoss(_Loss):
    """Negative log softmax of classes."""

    fn = "cross_entropy"


class BCELoss(_Loss):
    """Binary cross entropy of probabilities."""

    fn = "binary_cross_entropy"


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of logits."""

    fn = "binary_cross_entropy_with_logits"
