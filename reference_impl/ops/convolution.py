"""Convolutions and their transposes; sliding windows as columns."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from reference_impl.ops.lang import conj, op, shape_of, sum
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.windows import extents, per_axis, windows
from reference_impl.tensor import Tensor

# Note [Three products]
# A convolution pairs an input x, a weight w and an output g: the number sum of g * conv(x, w) is
# linear in each of the three. Fixing two of them gives an op for the third: conv(x, w) in the shape of
# g, its transpose in the shape of x, and the weight's gradient in the shape of w. The cotangents of
# each are the other two, so the family is closed under differentiation.


class Spec(NamedTuple):
    """Options of a convolution, one number per axis; ``out``, if given, is how many windows count."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    out: tuple[int, ...] | None = None


# -- windows -----------------------------------------------------------------------------------------------------------


def add_windows(cols: Any, size: Any, spec: Spec, kernel: Any) -> Any:
    """(N, C, *out, *kernel) windows added where they came from, without the padding: the transpose of ``windows``."""
    out = cols.shape[2 : 2 + len(kernel)]
    padded = [
        max(n + 2 * p, (o - 1) * s + d * (k - 1) + 1)
        for n, p, o, s, d, k in zip(
            size, spec.padding, out, spec.stride, spec.dilation, kernel, strict=True
        )
    ]
    made = np.zeros((*cols.shape[:2], *padded), dtype=cols.dtype)
    for at in itertools.product(*[range(k) for k in kernel]):
        place = tuple(
            slice(i * d, i * d + (o - 1) * s + 1, s)
            for i, d, o, s in zip(at, spec.dilation, out, spec.stride, strict=True)
        )
        made[(slice(None), slice(None), *place)] += cols[(..., *at)]
    return made[
        (
            slice(None),
            slice(None),
            *(slice(p, p + n) for p, n in zip(spec.padding, size, strict=True)),
        )
    ]


def padded(x: Any, padding: Any, value: Any = 0) -> Any:
    """Zeros around the spatial axes."""
    if not any(padding):
        return x
    return np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], constant_values=value)


def _columns(x: Any, kernel: Any, spec: Spec, out: Any) -> Any:
    """(groups, N * out, C / groups * kernel): one row per window."""
    n, c = x.shape[:2]
    g, d = spec.groups, len(kernel)
    view = windows(padded(x, spec.padding), kernel, spec.stride, spec.dilation, out)
    view = view.reshape(n, g, c // g, *out, *kernel)
    order = (1, 0, *range(3, 3 + d), 2, *range(3 + d, 3 + 2 * d))
    return view.transpose(order).reshape(g, n * math.prod(out), c // g * math.prod(kernel))


def _rows(g: Any, groups: int) -> Any:
    """An output (N, O, *out) as (groups, N * out, O / groups)."""
    n, o = g.shape[:2]
    split = g.reshape(n, groups, o // groups, math.prod(g.shape[2:]))
    return split.transpose(1, 0, 3, 2).reshape(groups, n * split.shape[3], o // groups)


# -- the three products ------------------------------------------------------------------------------------------------


def _conv(x: Any, weight: Any, spec: Spec) -> Any:
    kernel = weight.shape[2:]
    out = spec.out or extents(x.shape[2:], kernel, spec.stride, spec.padding, spec.dilation)
    if any(n < 1 for n in out):
        raise RuntimeError(
            "Calculated padded input size per channel: "
            f"{tuple(n + 2 * p for n, p in zip(x.shape[2:], spec.padding, strict=True))}. "
            f"Kernel size: {tuple(kernel)}. Kernel size can't be greater than actual input size"
        )
    cols = _columns(x, kernel, spec, out)
    w = weight.reshape(spec.groups, -1, cols.shape[2])
    made = cols @ w.transpose(0, 2, 1)
    made = made.reshape(spec.groups, x.shape[0], math.prod(out), w.shape[1])
    return made.transpose(1, 0, 3, 2).reshape(x.shape[0], weight.shape[0], *out)


def _transposed(g: Any, weight: Any, spec: Spec, size: tuple[int, ...]) -> Any:
    kernel = weight.shape[2:]
    rows = _rows(g, spec.groups)
    w = weight.reshape(spec.groups, rows.shape[2], -1)
    cols = (rows @ w).reshape(spec.groups, g.shape[0], *g.shape[2:], weight.shape[1], *kernel)
    d = len(kernel)
    cols = cols.transpose(1, 0, 2 + d, *range(2, 2 + d), *range(3 + d, 3 + 2 * d))
    cols = cols.reshape(g.shape[0], spec.groups * weight.shape[1], *g.shape[2:], *kernel)
    return add_windows(cols, size, spec, kernel)


def _weight(x: Any, g: Any, spec: Spec, kernel: tuple[int, ...]) -> Any:
    cols = _columns(x, kernel, spec, g.shape[2:])
    made = _rows(g, spec.groups).transpose(0, 2, 1) @ cols
    return made.reshape(g.shape[1], x.shape[1] // spec.groups, *kernel)


def _bias_sum(ct: Any) -> Any:
    """A bias is added to every place of its channel."""
    return sum(ct, [0, *range(2, len(shape_of(ct)))])


def _with_bias(made: Any, bias: Any) -> Any:
    return made if bias is None else made + bias.reshape(-1, *(1,) * (made.ndim - 2))


conv_op: Any = define_op(
    "convolution.forward",
    node="ConvolutionBackward0",
    forward=lambda input, weight, bias, spec: _with_bias(_conv(input, weight, spec), bias),
    inputs=("input", "weight", "bias"),
    # See Note [Three products].
    vjp={
        "input": lambda ct, weight, input_shape, spec: op(
            "convolution.transposed", ct, conj(weight), None, spec, input_shape[2:]
        ),
        "weight": lambda ct, input, weight_shape, spec: op(
            "convolution.weight", conj(input), ct, spec, weight_shape[2:]
        ),
        "bias": lambda ct: _bias_sum(ct),
    },
    jvp=lambda input, weight, input_t, weight_t, bias_t, bias, spec: (
        conv_op(input_t, weight, bias_t if bias is not None else None, spec)
        + conv_op(input, weight_t, None, spec)
    ),
    method=False,
)
transposed_op: Any = define_op(
    "convolution.transposed",
    node="ConvolutionBackward0",
    forward=lambda input, weight, bias, spec, size: _with_bias(
        _transposed(input, weight, spec, size), bias
    ),
    inputs=("input", "weight", "bias"),
    vjp={
        "input": lambda ct, weight, spec: op("convolution.forward", ct, conj(weight), None, spec),
        "weight": lambda ct, input, weight_shape, spec: op(
            "convolution.weight", ct, conj(input), spec, weight_shape[2:]
        ),
        "bias": lambda ct: _bias_sum(ct),
    },
    jvp=lambda input, weight, input_t, weight_t, bias_t, bias, spec, size: (
        transposed_op(input_t, weight, bias_t if bias is not None else None, spec, size)
        + transposed_op(input, weight_t, None, spec, size)
    ),
    method=False,
)
weight_op: Any = define_op(
    "convolution.weight",
    node="ConvolutionBackwardBackward0",
    forward=_weight,
    inputs=("input", "output"),
    vjp={
        "input": lambda ct, output, input_shape, spec: op(
            "convolution.transposed", conj(output), ct, None, spec, input_shape[2:]
        ),
        "output": lambda ct, input, spec: op("convolution.forward", conj(input), ct, None, spec),
    },
    jvp=lambda input, output, input_t, output_t, spec, kernel: (
        weight_op(input_t, output, spec, kernel) + weight_op(input, output_t, spec, kernel)
    ),
    method=False,
)

# -- torch's functions -------------------------------------------------------------------------------------------------


def _check_channels(x: Tensor, weight: Tensor, groups: int, *, transposed: bool) -> None:
    wanted = weight.shape[0] if transposed else weight.shape[1] * groups
    if x.ndim != weight.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim - 1}D (unbatched) or {weight.ndim}D (batched) input to "
            f"conv{weight.ndim - 2}d, but got "
            f"input of size: {list(x.shape)}"
        )
    if x.shape[1] != wanted:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected "
            f"input{list(x.shape)} to have {wanted} "
            f"channels, but got {x.shape[1]} channels instead"
        )


def _same_padding(
    x: Tensor, weight: Tensor, dilation: tuple[int, ...]
) -> tuple[Tensor, tuple[int, ...]]:
    """Padding that keeps the size; where it is odd, one more on the far side."""
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    extra = [n for t in reversed(total) for n in (0, t % 2)]
    return (op("constant_pad_nd", x, extra, 0.0) if any(extra) else x), tuple(t // 2 for t in total)


def convolve(
    x: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """conv1d, conv2d and conv3d."""
    d = weight.ndim - 2
    single = x.ndim == d + 1
    x = op("unsqueeze", x, 0) if single else x
    dilation = per_axis(dilation, d)
    _check_channels(x, weight, groups, transposed=False)
    if padding == "same":
        x, padding = _same_padding(x, weight, dilation)
    spec = Spec(
        per_axis(stride, d), per_axis(0 if padding == "valid" else padding, d), dilation, groups
    )
    made = conv_op(x, weight, bias, spec)
    return op("squeeze", made, 0) if single else made


def convolve_transposed(
    x: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    """conv_transpose1d, conv_transpose2d and conv_transpose3d."""
    d = weight.ndim - 2
    single = x.ndim == d + 1
    x = op("unsqueeze", x, 0) if single else x
    _check_channels(x, weight, groups, transposed=True)
    spec = Spec(
        per_axis(stride, d), per_axis(padding, d), per_axis(dilation, d), groups, tuple(x.shape[2:])
    )
    size = tuple(
        (n - 1) * s - 2 * p + e * (k - 1) + o + 1
        for n, s, p, e, k, o in zip(
            x.shape[2:],
            spec.stride,
            spec.padding,
            spec.dilation,
            weight.shape[2:],
            per_axis(output_padding, d),
            strict=True,
        )
    )
    made = transposed_op(x, weight, bias, spec, size)
    return op("squeeze", made, 0) if single else made


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.conv{_d}d",
        lambda input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1: convolve(
            input, weight, bias, stride, padding, dilation, groups
        ),
        method=False,
        aliases=(f"conv{_d}d",),
    )
    define_function(
        f"nn.functional.conv_transpose{_d}d",
        lambda input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1: (
            convolve_transposed(
                input, weight, bias, stride, padding, output_padding, groups, dilation
            )
        ),
        method=False,
        aliases=(f"conv_transpose{_d}d",),
    )


def conv_tbc(self: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Any:
    """A 1-d convolution of input (time, batch, channels) with weight (time, channels, channels of the result)."""
    x, kernel = op("permute", self, (1, 2, 0)), op("permute", weight, (2, 1, 0))
    return op("permute", convolve(x, kernel, bias, 1, pad, 1, 1), (2, 0, 1))


define_function("conv_tbc", conv_tbc)

# -- windows as columns ------------------------------------------------------------------------------------------------


def _im2col(self: Any, kernel: tuple[int, ...], spec: Spec) -> Any:
    out = extents(self.shape[2:], kernel, spec.stride, spec.padding, spec.dilation)
    view = windows(padded(self, spec.padding), kernel, spec.stride, spec.dilation, out)
    view = view.transpose(0, 1, 4, 5, 2, 3)
    return view.reshape(self.shape[0], self.shape[1] * math.prod(kernel), math.prod(out))


def _col2im(self: Any, kernel: tuple[int, ...], spec: Spec, size: tuple[int, ...]) -> Any:
    out = extents(size, kernel, spec.stride, spec.padding, spec.dilation)
    cols = self.reshape(self.shape[0], self.shape[1] // math.prod(kernel), *kernel, *out)
    return np.array(add_windows(cols.transpose(0, 1, 4, 5, 2, 3), size, spec, kernel))


im2col_op = define_op(
    "im2col",
    node="Im2ColBackward0",
    forward=_im2col,
    inputs=("self",),
    vjp={
        "self": lambda ct, self_shape, kernel, spec: op("col2im", ct, kernel, spec, self_shape[2:])
    },
    jvp="linear",
    method=False,
)
col2im_op = define_op(
    "col2im",
    node="Col2ImBackward0",
    forward=_col2im,
    inputs=("self",),
    vjp={"self": lambda ct, kernel, spec: op("im2col", ct, kernel, spec)},
    jvp="linear",
    method=False,
)


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Windows as columns, (N, C * kernel, number of windows)."""
    spec = Spec(per_axis(stride, 2), per_axis(padding, 2), per_axis(dilation, 2), 1)
    x = op("unsqueeze", input, 0) if input.ndim == 3 else input
    made = im2col_op(x, per_axis(kernel_size, 2), spec)
    return op("squeeze", made, 0) if input.ndim == 3 else made


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Columns added up where the windows were."""
    spec = Spec(per_axis(stride, 2), per_axis(padding, 2), per_axis(dilation, 2), 1)
    x = op("unsqueeze", input, 0) if input.ndim == 2 else input
    made = col2im_op(x, per_axis(kernel_size, 2), spec, per_axis(output_size, 2))
    return op("squeeze", made, 0) if input.ndim == 2 else made


define_function("nn.functional.unfold", unfold, method=False)
define_function("nn.functional.fold", fold, method=False)
