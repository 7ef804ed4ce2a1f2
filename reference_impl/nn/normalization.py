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
    ) -> None:
        super().__init__()
        one = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if one else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        shape, affine = self.normalized_shape, elementwise_affine
        self.register_parameter("weight", init.ones_(new_parameter(*shape)) if affine else None)
        self.register_parameter(
            "bias", init.zeros_(new_parameter(*shape)) if affine and bias else None
        )

    def forward(self, x: Tensor) -> Any:
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Normalisation over groups of channels."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True
    ) -> None:
        super().__init__()
        self.num_groups, self.num_channels, self.eps, self.affine = (
            num_groups,
            num_channels,
            eps,
            affine,
        )
        self.register_parameter(
            "weight", init.ones_(new_parameter(num_channels)) if affine else None
        )
        self.register_parameter(
            "bias", init.zeros_(new_parameter(num_channels)) if affine else None
        )

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
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine = self.affine_default if affine is None else affine
        self.track_running_stats = (
            self.track_default if track_running_stats is None else track_running_stats
        )
        n, affine, track = num_features, self.affine, self.track_running_stats
        self.register_parameter("weight", init.ones_(new_parameter(n)) if affine else None)
        self.register_parameter("bias", init.zeros_(new_parameter(n)) if affine else None)
        self.register_buffer("running_mean", OPS["zeros"](n) if track else None)
        self.register_buffer("running_var", OPS["ones"](n) if track else None)
        zero = OPS["zeros"](dtype=OPS["dtype_of"](int)) if track else None
        self.register_buffer("num_batches_tracked", zero)

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
