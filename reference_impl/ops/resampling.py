"""Maps that act on each axis by a matrix of its own: interpolation, average pooling, padding with copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.ops.lang import op, shape_of
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.windows import Maps, per_axis
from reference_impl.tensor import Tensor

# Note [One matrix per axis]
# Resizing an image, averaging over boxes and mirroring a border treat every axis alike and apart from the others:
# each is a matrix (new size, old size) applied along the axis. The transpose applies the transposed matrices.


def _apply(x: Any, matrices: Maps) -> Any:
    """Matrices applied along the last axes; None leaves an axis alone."""
    if x.dtype.kind in "iu":  # an average of integers is cut off
        return np.trunc(np.round(_apply(x.astype(np.float64), matrices), 9)).astype(x.dtype)
    first = x.ndim - len(matrices)
    made = x
    for i, m in enumerate(matrices):
        if m is not None:
            made = np.moveaxis(
                np.matmul(np.moveaxis(made, first + i, -1), m.T.astype(x.dtype)), -1, first + i
            )
    return np.array(made) if made is x else np.ascontiguousarray(made)


def _row(name: str, node: str) -> Any:
    """A row under one of torch's node names. See Note [One matrix per axis]."""
    return define_op(
        name,
        node=node,
        forward=lambda self, matrices: _apply(self, matrices),
        inputs=("self",),
        vjp={"self": lambda ct, matrices: op("axis_maps.back", ct, matrices.transposed())},
        jvp="linear",
        method=False,
    )


_row("axis_maps.back", "AxisMapsBackward0")
KINDS = {
    "nearest1": "UpsampleNearest1DBackward0", "nearest2": "UpsampleNearest2DBackward0",
    "nearest3": "UpsampleNearest3DBackward0", "nearest-exact1": "UpsampleNearestExact1DBackward0",
    "nearest-exact2": "UpsampleNearestExact2DBackward0", "nearest-exact3": "UpsampleNearestExact3DBackward0",
    "linear1": "UpsampleLinear1DBackward0", "bilinear2": "UpsampleBilinear2DBackward0",
    "trilinear3": "UpsampleTrilinear3DBackward0", "bicubic2": "UpsampleBicubic2DBackward0",
    "aa_bilinear2": "UpsampleBilinear2DAaBackward0", "aa_bicubic2": "UpsampleBicubic2DAaBackward0",
    "avg1": "SqueezeBackward1", "avg2": "AvgPool2DBackward0", "avg3": "AvgPool3DBackward0",
    "adaptive1": "SqueezeBackward1", "adaptive2": "AdaptiveAvgPool2DBackward0",
    "adaptive3": "AdaptiveAvgPool3DBackward0",
    "reflect1": "ReflectionPad1DBackward0", "reflect2": "ReflectionPad2DBackward0",
    "reflect3": "ReflectionPad3DBackward0",
    "replicate1": "ReplicationPad1DBackward0", "replicate2": "ReplicationPad2DBackward0",
    "replicate3": "ReplicationPad3DBackward0", "circular": "CloneBackward0",
}  # fmt: skip
ROWS = {kind: _row(f"axis_maps.{kind}", node) for kind, node in KINDS.items()}

# -- interpolation -----------------------------------------------------------------------------------------------------


def _centres(out: int, n: int, scale: float, *, align_corners: bool, exact: bool = True) -> Any:
    """Where the new points lie among the old ones."""
    at = np.arange(out, dtype=np.float64)
    if align_corners:
        return at * ((n - 1) / (out - 1)) if out > 1 else at * 0.0
    return (at + 0.5) * scale - 0.5 if exact else at * scale


def _nearest(out: int, n: int, scale: float, *, exact: bool) -> Any:
    at = np.arange(out, dtype=np.float64)
    index = np.floor((at + 0.5) * scale) if exact else np.floor(at * scale)
    return _pick(np.minimum(index.astype(np.int64), n - 1), n)


def _pick(index: Any, n: int) -> Any:
    """The matrix that copies entry ``index[i]`` to place i."""
    made = np.zeros((len(index), n))
    made[np.arange(len(index)), index] = 1
    return made


def _weighted(places: Any, weights: Any, n: int) -> Any:
    """Sums of a few entries with weights; places beyond an end count as the end."""
    made = np.zeros((len(places[0]), n))
    for p, w in zip(places, weights, strict=True):
        np.add.at(made, (np.arange(len(p)), np.clip(p, 0, n - 1)), w)
    return made


def _linear(out: int, n: int, scale: float, *, align_corners: bool) -> Any:
    at = np.maximum(_centres(out, n, scale, align_corners=align_corners), 0.0)
    low = np.minimum(np.floor(at).astype(np.int64), n - 1)
    w = at - low
    return _weighted([low, low + 1], [1 - w, w], n)


def _cubic_weight(t: Any, a: float) -> Any:
    """Keys' cubic kernel."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = (((t - 5) * t + 8) * t - 4) * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _cubic(out: int, n: int, scale: float, *, align_corners: bool) -> Any:
    at = _centres(out, n, scale, align_corners=align_corners)
    low = np.floor(at).astype(np.int64)
    places = [low + k for k in (-1, 0, 1, 2)]
    return _weighted(places, [_cubic_weight(at - p, -0.75) for p in places], n)


def _antialiased(out: int, n: int, scale: float, kind: str) -> Any:
    """A kernel as wide as the step between new points, with weights that add up to one."""
    reach = 1.0 if kind == "bilinear" else 2.0
    width = max(scale, 1.0)
    made = np.zeros((out, n))
    for i in range(out):
        centre = scale * (i + 0.5)
        low, high = (
            max(int(centre - reach * width + 0.5), 0),
            min(int(centre + reach * width + 0.5), n),
        )
        away = (np.arange(low, high) + 0.5 - centre) / width
        weights = (
            np.maximum(1 - np.abs(away), 0) if kind == "bilinear" else _cubic_weight(away, -0.5)
        )
        made[i, low:high] = weights / weights.sum()
    return made


def _resize(mode: str, out: int, n: int, scale: float, *, align_corners: bool) -> Any:
    if mode in ("nearest", "nearest-exact"):
        return _nearest(out, n, scale, exact=mode == "nearest-exact")
    if mode == "bicubic":
        return _cubic(out, n, scale, align_corners=align_corners)
    return _linear(out, n, scale, align_corners=align_corners)


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: Any = None,
    recompute_scale_factor: Any = None,
    antialias: bool = False,
) -> Any:
    """Resized to ``size``, or by ``scale_factor``, along the spatial axes."""
    d = input.ndim - 2
    sizes = input.shape[2:]
    factors: list[Any] = [None] * d
    if size is not None:
        out = per_axis(size, d)
    else:
        factors = (
            list(scale_factor) if isinstance(scale_factor, list | tuple) else [scale_factor] * d
        )
        out = tuple(math.floor(float(n) * f) for n, f in zip(sizes, factors, strict=True))
        factors = [None] * d if recompute_scale_factor else factors
    if mode == "area":
        return adaptive_avg_pool(input, out, d)
    scales = [1 / f if f else n / o for f, n, o in zip(factors, sizes, out, strict=True)]
    align = bool(align_corners)
    if antialias:
        aligned = [
            (n - 1) / (o - 1) if align and o > 1 else s
            for n, o, s in zip(sizes, out, scales, strict=True)
        ]
        maps = Maps(
            _antialiased(o, n, s, mode) for o, n, s in zip(out, sizes, aligned, strict=True)
        )
        return ROWS[f"aa_{mode}{d}"](input, maps)
    maps = Maps(
        _resize(mode, o, n, s, align_corners=align)
        for o, n, s in zip(out, sizes, scales, strict=True)
    )
    return ROWS[f"{mode}{d}"](input, maps)


define_function(
    "nn.functional.interpolate", interpolate, method=False, aliases=("nn.functional.upsample",)
)
define_function(
    "nn.functional.upsample_bilinear",
    lambda input, size=None, scale_factor=None: interpolate(
        input, size, scale_factor, "bilinear", align_corners=True
    ),
    method=False,
)
define_function(
    "nn.functional.upsample_nearest",
    lambda input, size=None, scale_factor=None: interpolate(input, size, scale_factor, "nearest"),
    method=False,
)


def upsample_aa(
    input: Tensor, output_size: Any = None, align_corners: bool = False, scales_h: Any = None, scales_w: Any = None,
    scale_factors: Any = None,
) -> Any:  # fmt: skip
    """Bilinear interpolation with antialiasing."""
    factors: Any = (
        scale_factors if scale_factors is not None else (scales_h, scales_w) if scales_h else None
    )
    sizes = output_size or [
        math.floor(n * f) for n, f in zip(input.shape[2:], factors, strict=True)
    ]
    maps = []
    for i, (n, o) in enumerate(zip(input.shape[2:], sizes, strict=True)):
        scale = (
            (n - 1) / (o - 1)
            if align_corners and o > 1
            else 1 / factors[i]
            if factors and not align_corners
            else n / o
        )
        maps.append(_antialiased(o, n, scale, "bilinear"))
    return ROWS["aa_bilinear2"](input, Maps(maps))


define_function("_upsample_bilinear2d_aa", upsample_aa, method=False)

# -- averages over boxes -----------------------------------------------------------------------------------------------


def _box_bounds(n: int, k: int, s: int, p: int, *, ceil_mode: bool) -> tuple[Any, Any]:
    """First and last-but-one place of each box, padding included."""
    span = n + 2 * p - k
    out = (-(-span // s) if ceil_mode else span // s) + 1
    if ceil_mode and (out - 1) * s >= n + p:
        out -= 1
    if out < 1:
        raise RuntimeError(
            f"Given input size: {n}. Calculated output size: {out}. Output size is too small"
        )
    low = np.arange(out) * s - p
    return low, np.minimum(low + k, n + p)


def avg_pool(
    x: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: Any,
    count_include_pad: Any,
    divisor_override: Any,
    d: int,
) -> Any:
    """Sums over boxes, divided by their sizes, by what of them lies inside, or by a number."""
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    kernel = per_axis(kernel_size, d)
    stride = kernel if not stride else per_axis(stride, d)
    maps = []
    for i, (n, k, s, p) in enumerate(
        zip(x.shape[-d:], kernel, stride, per_axis(padding, d), strict=True)
    ):
        if p > k // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k}"
            )
        low, high = _box_bounds(n, k, s, p, ceil_mode=ceil_mode)
        inside = np.arange(n)
        m = ((inside >= low[:, None]) & (inside < high[:, None])).astype(np.float64)
        size = high - low if count_include_pad else np.minimum(high, n) - np.maximum(low, 0)
        if divisor_override is not None:
            size = np.full(len(low), divisor_override if i == 0 else 1)
        maps.append(m / size[:, None])
    return ROWS[f"avg{d}"](x, Maps(maps))


def _avg_pool_of(d: int) -> Any:
    def call(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> Any:
        return avg_pool(
            input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, d
        )

    call.__doc__ = f"Averages over boxes of {d} axes."
    return call


for _d in (1, 2, 3):
    define_function(f"nn.functional.avg_pool{_d}d", _avg_pool_of(_d), method=False)


def _adaptive(n: int, out: int) -> Any:
    """Averages over ``out`` boxes that cover the axis."""
    made = np.zeros((out, n))
    for i in range(out):
        low, high = (i * n) // out, -(-(i + 1) * n // out)
        made[i, low:high] = 1 / (high - low)
    return made


def adaptive_avg_pool(x: Tensor, output_size: Any, d: int) -> Any:
    """Averages over boxes chosen so that the result has the size asked for."""
    wanted = output_size if isinstance(output_size, list | tuple) else (output_size,) * d
    sizes = [n if o is None else int(o) for n, o in zip(x.shape[-d:], wanted, strict=True)]
    return ROWS[f"adaptive{d}"](
        x, Maps(_adaptive(n, o) for n, o in zip(x.shape[-d:], sizes, strict=True))
    )


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.adaptive_avg_pool{_d}d",
        lambda input, output_size, _d=_d: adaptive_avg_pool(input, output_size, _d),
        method=False,
    )

# -- padding with copies -----------------------------------------------------------------------------------------------


def _border(mode: str, n: int, before: int, after: int) -> Any:
    at = np.arange(-before, n + after)
    if mode == "circular":  # of what is left after cutting
        start, left = max(-before, 0), n + min(before, 0) + min(after, 0)
        return _pick(start + np.arange(-max(before, 0), left + max(after, 0)) % left, n)
    if mode == "replicate":
        return _pick(np.clip(at, 0, n - 1), n)
    if before >= n or after >= n:
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at an axis of size {n}"
        )
    mirrored = np.abs(at)
    return _pick(np.where(mirrored >= n, 2 * (n - 1) - mirrored, mirrored), n)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """Filled up, or cut where a number is negative: with one value, or with copies of the border's entries."""
    if mode == "constant":
        return op("constant_pad_nd", input, list(pad), 0.0 if value is None else value)
    d = len(pad) // 2
    sizes = shape_of(input)[-d:]
    pairs = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in reversed(range(d))]
    maps = Maps(_border(mode, n, a, b) for n, (a, b) in zip(sizes, pairs, strict=True))
    return ROWS["circular" if mode == "circular" else f"{mode}{d}"](input, maps)


define_function("nn.functional.pad", pad, method=False)
