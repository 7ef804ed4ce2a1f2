"""Convolutions as modules."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter

_MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}


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
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        _check(in_channels, out_channels, groups, padding_mode)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = self._each(kernel_size), self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation, self.padding_mode = self._each(dilation), padding_mode
        self.output_padding = (0,) * self.n
        self.weight = new_parameter(*self._weight_shape(), dtype=dtype)
        self.register_parameter("bias", new_parameter(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def _each(self, value: Any) -> tuple[int, ...]:
        return (value,) * self.n if isinstance(value, int) else tuple(value)

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-k, k) with k^2 = groups / (in_channels * size of the kernel)."""
        fan = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(fan) if fan else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def forward(self, x: Any) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            x = functional.pad(x, self._sides(), _MODES[self.padding_mode])
            padding = (0,) * self.n
        fn = getattr(functional, f"conv{self.n}d")
        return fn(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _sides(self) -> list[Any]:
        """Padding before and behind each dimension, the last dimension first."""
        if self.padding == "valid":
            return [0, 0] * self.n
        sides: list[Any] = []
        for i in reversed(range(self.n)):
            total = self.dilation[i] * (self.kernel_size[i] - 1)
            same = self.padding == "same"
            sides += [total // 2, total - total // 2] if same else [self.padding[i]] * 2
        return sides

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        zeros, ones = (0,) * self.n, (1,) * self.n
        usual = {"padding": zeros, "dilation": ones, "output_padding": zeros, "groups": 1}
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        text += ", bias=False" if self.bias is None else ""
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


def _check(in_channels: int, out_channels: int, groups: int, padding_mode: str) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(f"{name} must be divisible by groups")
    if padding_mode not in _MODES:
        raise ValueError(
            f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{padding_mode}'"
        )


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

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        place = (stride, padding, dilation, groups, bias, padding_mode)
        super().__init__(in_channels, out_channels, kernel_size, *place, device, dtype)
        self.output_padding = self._each(output_padding)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def forward(self, x: Any, output_size: Any = None) -> Any:
        extra = self.output_padding if output_size is None else self._missing(x, output_size)
        fn = getattr(functional, f"conv_transpose{self.n}d")
        place = (self.stride, self.padding, extra, self.groups, self.dilation)
        return fn(x, self.weight, self.bias, *place)

    def _missing(self, x: Any, output_size: Any) -> tuple[int, ...]:
        """What must be added behind each dimension so that the output has the size asked for."""
        sizes = list(output_size)[-self.n :]
        found = []
        for i, wanted in enumerate(sizes):
            span = self.dilation[i] * (self.kernel_size[i] - 1) + 1
            least = (x.shape[i - self.n] - 1) * self.stride[i] - 2 * self.padding[i] + span
            if not least <= wanted < least + self.stride[i]:
                raise ValueError(
                    f"requested an output size of {sizes}, but dimension {i} may only be from {least} to "
                    f"{least + self.stride[i] - 1}"
                )
            found.append(wanted - least)
        return tuple(found)


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences."""


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of images."""

    n = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes."""

    n = 3
