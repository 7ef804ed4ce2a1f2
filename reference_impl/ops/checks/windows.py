"""Convolutions and pooling: how many dimensions, one number per axis, and which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reference_impl.ops.checks.table import before, refuse

_F = "nn.functional."
_SIZES = {1: "1D", 2: "2D", 3: "3D", 4: "4D", 5: "5D"}


def _listed(value: Any, d: int) -> Sequence[int]:
    """One number for each axis."""
    if not isinstance(value, tuple | list):
        return (int(value),) * d
    return tuple(map(int, value)) if len(value) != 1 else tuple(map(int, value)) * d


def _fits(name: str, what: str, value: Any, d: int, *, least: int) -> None:
    """Refuse another count of numbers than one, or one per axis, and smaller ones than ``least``."""
    numbers = _listed(value, d)
    refuse(
        len(numbers) != d,
        f"{name}: {what} must either be a single int, or a tuple of {d} ints, got {list(numbers)}",
    )
    wanted = "greater than zero" if least else "non-negative"
    refuse(
        any(n < least for n in numbers),
        f"{name}() {what} must be {wanted}, but got {what}: {list(numbers)}",
    )


def _has_dims(name: str, x: Any, d: int) -> None:
    """Refuse what is neither one sample nor a batch of them."""
    refuse(
        "pool" in name and x.ndim > d and 0 in x.shape[-d - 1 :],
        f"{name}: Expected input's non-batch dimensions to have positive length, but input has {list(x.shape)}",
    )
    refuse(
        x.ndim not in {d + 1, d + 2},
        f"Expected {_SIZES[d + 1]} (unbatched) or {_SIZES[d + 2]} (batched) input to {name}, but got input of size: "
        f"{list(x.shape)}",
    )


def _same_dtype(x: Any, weight: Any, bias: Any) -> None:
    for what, other in (("weight", weight), ("bias", bias)):
        refuse(
            other is not None and other.dtype != x.dtype,
            f"Input type ({x.dtype}) and {what} type ({None if other is None else other.dtype}) should be the same",
        )


def _check_convolution(d: int) -> None:
    name = f"conv{d}d"

    @before(_F + name)
    def check(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> None:
        _has_dims(name, input, d)
        _check_weight(name, weight, bias, d, channels=weight.shape[0] if weight.ndim else 0)
        _same_dtype(input, weight, bias)
        _fits(name, "stride", stride, d, least=1)
        _fits(name, "dilation", dilation, d, least=1)
        refuse(groups < 1, f"{name}: non-positive groups is not supported")
        if not isinstance(padding, str):
            _fits(name, "padding", padding, d, least=0)
            return
        refuse(padding not in {"same", "valid"}, f"Invalid padding string: '{padding}'")
        refuse(
            padding == "same" and any(s != 1 for s in _listed(stride, d)),
            "padding='same' is not supported for strided convolutions",
        )

    @before(f"{_F}conv_transpose{d}d")
    def check_transposed(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
        groups: int = 1, dilation: Any = 1,
    ) -> None:  # fmt: skip
        name = f"conv_transpose{d}d"
        _has_dims(name, input, d)
        refuse(groups < 1, f"{name}: non-positive groups is not supported")
        _check_weight(
            name, weight, bias, d, channels=weight.shape[1] * groups if weight.ndim > 1 else 0
        )
        _same_dtype(input, weight, bias)
        _fits(name, "stride", stride, d, least=1)
        _fits(name, "padding", padding, d, least=0)
        _fits(name, "output_padding", output_padding, d, least=0)
        _fits(name, "dilation", dilation, d, least=1)
        for o, s, e in zip(
            _listed(output_padding, d), _listed(stride, d), _listed(dilation, d), strict=True
        ):
            refuse(
                o >= s and o >= e,
                f"output padding must be smaller than either stride or dilation, but got {o}",
            )
        made = [
            (n - 1) * s - 2 * p + e * (k - 1) + o + 1
            for n, s, p, e, k, o in zip(
                input.shape[-d:], _listed(stride, d), _listed(padding, d), _listed(dilation, d), weight.shape[2:],
                _listed(output_padding, d), strict=True,
            )
        ]  # fmt: skip
        refuse(
            min(made) < 1,
            f"Given input size per channel: {list(input.shape[-d:])}. Calculated output size per channel: {made}. "
            "Output size is too small",
        )


def _check_weight(name: str, weight: Any, bias: Any, d: int, *, channels: int) -> None:
    refuse(
        weight.ndim != d + 2,
        f"{name}: expected {d + 2}-dimensional weight, but got weight of size {list(weight.shape)}",
    )
    refuse(
        0 in weight.shape[2:],
        f"{name}: kernel size should be greater than zero, got {list(weight.shape)}",
    )
    refuse(
        bias is not None and tuple(bias.shape) != (channels,),
        f"{name}: expected bias to be 1-dimensional with {channels} elements",
    )


def _check_pooling(d: int) -> None:
    @before(f"{_F}max_pool{d}d")
    def check_max(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        *_options: Any,
        **_: Any,
    ) -> None:
        name = f"max_pool{d}d"
        _has_dims(name, input, d)
        _fits(name, "kernel_size", kernel_size, d, least=1)
        _check_stride(name, stride, d)
        _fits(name, "padding", padding, d, least=0)
        _fits(name, "dilation", dilation, d, least=1)

    @before(f"{_F}avg_pool{d}d")
    def check_average(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, *_options: Any, **_: Any
    ) -> None:
        name = f"avg_pool{d}d"
        refuse(
            d == 2 and input.ndim <= d, f"Dimension out of range (got {input.ndim}D)", IndexError
        )
        _has_dims(name, input, d)
        _fits(name, "kernel_size", kernel_size, d, least=1)
        _check_stride(name, stride, d)
        numbers = _listed(padding, d)
        refuse(
            len(numbers) != d,
            f"{name}: padding must either be a single int, or a tuple of {d} ints",
        )
        refuse(
            any(p < 0 for p in numbers), f"pad must be non-negative, but got pad: {min(numbers)}"
        )

    def check_adaptive(input: Any, output_size: Any, *_options: Any, **_: Any) -> None:
        refuse(
            d > 1 and isinstance(output_size, tuple | list) and input.ndim < d + 1,
            f"Input dimension should be at least {d + 1}",
            ValueError,
        )
        sizes = output_size if isinstance(output_size, tuple | list) else [output_size] * d
        refuse(
            any(isinstance(n, float) for n in sizes),
            "argument 'output_size' (position 2) must be tuple of ints, not float",
            TypeError,
        )
        refuse(len(sizes) != d, f"adaptive pool: output_size must be {d}")
        refuse(
            any(n is not None and int(n) < 0 for n in sizes),
            "adaptive pool: elements of output_size must be greater than or equal to 0 "
            f"(Trying to create tensor with negative dimension): {list(sizes)}",
        )
        refuse(
            input.ndim not in {d + 1, d + 2}, f"adaptive pool: Expected {d + 1}D or {d + 2}D tensor"
        )
        refuse(
            0 in input.shape[1:],
            "adaptive pool: Expected input to have non-zero size for non-batch dimensions",
        )

    before(f"{_F}adaptive_avg_pool{d}d", f"{_F}adaptive_max_pool{d}d")(check_adaptive)


def _check_unpooling(d: int) -> None:
    @before(f"{_F}max_unpool{d}d")
    def check(
        input: Any,
        indices: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> None:
        kernel, pads = _listed(kernel_size, d), _listed(padding, d)
        steps = kernel if stride is None else _listed(stride, d)
        shape = [int(n) for n in input.shape][-d:]
        default = [
            (n - 1) * s - 2 * p + k for n, s, p, k in zip(shape, steps, pads, kernel, strict=False)
        ]
        _check_unpooled_size(output_size, default, steps, d)
        refuse(
            tuple(indices.shape) != tuple(input.shape),
            f"Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got indices "
            f"tensor with shape: {list(indices.shape)}",
        )
        refuse(indices._data.dtype.kind != "i", "elements in indices should be type int64")
        refuse(
            input.ndim not in {d + 1, d + 2},
            f"max_unpool{d}d: {d + 1}D or {d + 2}D tensor expected",
        )


def _check_unpooled_size(wanted: Any, default: Sequence[int], steps: Sequence[int], d: int) -> None:
    if wanted is None:
        return
    refuse(
        len(wanted) not in {d, d + 2},
        f"output_size should be a sequence containing {d} or {d + 2} elements, but it has a length of '{len(wanted)}'",
        ValueError,
    )
    for i, (n, size, s) in enumerate(zip(wanted[-d:], default, steps, strict=False)):
        refuse(
            not size - s < n < size + s,
            f'invalid output_size "{tuple(wanted[-d:])}" (dim {i} must be between {size - s} and {size + s})',
            ValueError,
        )


def _check_stride(name: str, stride: Any, d: int) -> None:
    if stride is not None and stride not in ((), []):
        _fits(name, "stride", stride, d, least=1)


for _d in (1, 2, 3):
    _check_convolution(_d)
    _check_pooling(_d)
    _check_unpooling(_d)
