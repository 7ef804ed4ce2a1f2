"""Convolutions and pooling as modules."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter
from reference_impl.tensor import Tensor


class _Conv(Module):
    """A convolution over ``n`` dimensions."""

    n = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        unknown = options.keys() - {"dilation", "groups", "bias", "dtype", "device"}
        if unknown:
            raise NotImplementedError(
                f"the reference does not have {sorted(unknown)} of {type(self).__name__}"
            )
        size = (kernel_size,) * self.n if isinstance(kernel_size, int) else tuple(kernel_size)
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, size
        self.stride, self.padding = stride, padding
        self.dilation, self.groups = options.get("dilation", 1), options.get("groups", 1)
        self.weight = new_parameter(*self._weight_shape(), dtype=options.get("dtype"))
        with_bias = options.get("bias", True)
        bias = new_parameter(out_channels, dtype=options.get("dtype")) if with_bias else None
        self.register_parameter("bias", bias)
        bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def forward(self, x: Tensor) -> Any:
        fn = getattr(functional, f"conv{self.n}d")
        return fn(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        stride = (self.stride,) * self.n if isinstance(self.stride, int) else self.stride
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={stride}"
        padding = (self.padding,) * self.n if isinstance(self.padding, int) else self.padding
        return text if padding == (0,) * self.n else f"{text}, padding={padding}"


class Conv1d(_Conv):
    """Convolution of sequences."""


class Conv2d(_Conv):
    """Convolution of images."""

    n = 2


class Conv3d(_Conv):
    """Convolution of volumes."""

    n = 3


class _ConvTranspose(_Conv):
    """The transpose of a convolution."""

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, x: Tensor) -> Any:
        fn = getattr(functional, f"conv_transpose{self.n}d")
        return fn(
            x, self.weight, self.bias, self.stride, self.padding, 0, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences."""


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of images."""

    n = 2


class _Pool(Module):
    """A pooling: ``fn`` names it in nn.functional, ``names`` what it is built with."""

    fn = ""
    names: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "padding")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        self.options = dict(zip(self.names, args, strict=False)) | options
        self.__dict__.update(self.options)

    def forward(self, x: Tensor) -> Any:
        return getattr(functional, self.fn)(x, **self.options)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.options.items())


class MaxPool1d(_Pool):
    """Largest value in each window of sequences."""

    fn = "max_pool1d"


class MaxPool2d(_Pool):
    """Largest value in each window of images."""

    fn = "max_pool2d"


class AvgPool1d(_Pool):
    """Mean of each window of sequences."""

    fn = "avg_pool1d"


class AvgPool2d(_Pool):
    """Mean of each window of images."""

    fn = "avg_pool2d"


class AdaptiveAvgPool1d(_Pool):
    """Means of as many windows as asked for, of sequences."""

    fn = "adaptive_avg_pool1d"
    names = ("output_size",)


class AdaptiveAvgPool2d(_Pool):
    """Means of as many windows as asked for, of images."""

    fn = "adaptive_avg_pool2d"
    names = ("output_size",)


class AdaptiveMaxPool2d(_Pool):
    """Largest values of as many windows as asked for, of images."""

    fn = "adaptive_max_pool2d"
    names = ("output_size",)


class Upsample(_Pool):
    """Images of another size."""

    fn = "interpolate"
    names = ("size", "scale_factor", "mode", "align_corners")
