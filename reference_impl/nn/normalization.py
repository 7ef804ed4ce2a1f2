"""Normalisations as modules."""

from __future__ import annotations

from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class LayerNorm(Module):
    """Normalisation over the last dimensions."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        one = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if one else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            made = new_parameter(*self.normalized_shape, dtype=dtype) if wanted else None
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0."""
        _set_affine(self.weight, self.bias)

    def forward(self, x: Tensor) -> Any:
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Division by the root of the mean square over the last dimensions."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        one = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if one else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        made = new_parameter(*self.normalized_shape, dtype=dtype) if elementwise_affine else None
        self.register_parameter("weight", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1."""
        _set_affine(self.weight, None)

    def forward(self, x: Tensor) -> Any:
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """Division by a power of the mean square of neighbouring channels."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Any:
        return functional.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _set_affine(weight: Any, bias: Any) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


class GroupNorm(Module):
    """Normalisation over groups of channels."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        _ = device
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(
                name, new_parameter(num_channels, dtype=dtype) if wanted else None
            )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0."""
        _set_affine(self.weight, self.bias)

    def forward(self, x: Tensor) -> Any:
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={bias}"


class _OverBatch(Module):
    """Normalisation of channels, with running moments."""

    dims: tuple[int, ...] = ()  # how many dimensions an input may have
    affine_default = track_default = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool | None = None,
        track_running_stats: bool | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine = self.affine_default if affine is None else affine
        self.track_running_stats = (
            self.track_default if track_running_stats is None else track_running_stats
        )
        for name in ("weight", "bias"):
            made = new_parameter(num_features, dtype=dtype) if self.affine else None
            self.register_parameter(name, made)
        track, n = self.track_running_stats, num_features
        self.register_buffer("running_mean", OPS["zeros"](n, dtype=dtype) if track else None)
        self.register_buffer("running_var", OPS["ones"](n, dtype=dtype) if track else None)
        zero = OPS["zeros"](dtype=OPS["dtype_of"](int)) if track else None
        self.register_buffer("num_batches_tracked", zero)
        _set_affine(self.weight, self.bias)

    def reset_running_stats(self) -> None:
        """Means 0, variances 1, no batch seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weights 1, biases 0, and the running moments as at first."""
        self.reset_running_stats()
        _set_affine(self.weight, self.bias)

    def _check(self, x: Tensor) -> None:
        if x.ndim not in self.dims:
            wanted = " or ".join(f"{n}D" for n in self.dims)
            raise ValueError(f"expected {wanted} input (got {x.ndim}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(_OverBatch):
    """Normalisation over the batch."""

    def forward(self, x: Tensor) -> Any:
        self._check(x)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain average of all batches
                momentum = 1.0 / self.num_batches_tracked.item()
        by_batch = self.training or self.running_mean is None
        keeps = not self.training or self.track_running_stats
        return functional.batch_norm(
            x,
            self.running_mean if keeps else None,
            self.running_var if keeps else None,
            self.weight,
            self.bias,
            by_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(BatchNorm):
    """Normalisation over the batch, of vectors or sequences."""

    dims = (2, 3)


class BatchNorm2d(BatchNorm):
    """Normalisation over the batch, of images."""

    dims = (4,)


class BatchNorm3d(BatchNorm):
    """Normalisation over the batch, of volumes."""

    dims = (5,)


class _InstanceNorm(_OverBatch):
    affine_default = track_default = False

    def forward(self, x: Tensor) -> Any:
        self._check(x)
        alone = x.ndim == self.dims[0]
        made = functional.instance_norm(
            x.unsqueeze(0) if alone else x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return made.squeeze(0) if alone else made


class InstanceNorm1d(_InstanceNorm):
    """Normalisation of each channel of each example, of sequences."""

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalisation of each channel of each example, of images."""

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalisation of each channel of each example, of volumes."""

    dims = (4, 5)
