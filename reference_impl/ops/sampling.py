"""Images read between their points: grid_sample; images with channels traded for size."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from reference_impl.ops.lang import op
from reference_impl.ops.rule import define_function, define_op
from reference_impl.tensor import Tensor, make

# -- grid_sample -------------------------------------------------------------------------------------------------------


def _pixels(c: Tensor, n: int, *, align_corners: bool) -> Any:
    """Coordinates from [-1, 1] to places among ``n`` points."""
    return (c + 1) * ((n - 1) / 2) if align_corners else ((c + 1) * n - 1) / 2


def _reflected(c: Any, n: int, *, align_corners: bool) -> Any:
    """Coordinates mirrored at the borders until they are inside."""
    low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
    if high == low:
        return np.zeros_like(c)
    away = np.abs(c - low)
    rest, flips = np.fmod(away, high - low), np.floor(away / (high - low))
    return np.where(flips % 2 == 0, rest + low, high - low - rest + low)


def _inside(c: Any, n: int, mode: str, *, align_corners: bool) -> Any:
    """Coordinates as the padding mode moves them."""
    if mode == "zeros":
        return c
    if mode == "reflection":
        c = _reflected(c, n, align_corners=align_corners)
    return np.clip(c, 0, n - 1)


def _moved(c: Tensor, n: int, mode: str, *, align_corners: bool) -> Any:
    """``_inside`` with its derivative: 1 or -1 inside, 0 where a coordinate was stopped at the border."""
    if mode == "zeros":
        return c
    old = np.asarray(c._data)
    new = _inside(old, n, mode, align_corners=align_corners).astype(old.dtype)
    slope = np.ones_like(old)
    if mode == "reflection":
        low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
        span = max(high - low, 1e-300)
        odd = np.floor(np.abs(old - low) / span) % 2 == 1
        slope = np.where(old < low, -1.0, 1.0) * np.where(odd, -1.0, 1.0)
        before = _reflected(old, n, align_corners=align_corners)
    else:
        before = old
    slope = np.where((before <= 0) | (before >= n - 1), 0.0, slope).astype(old.dtype)
    return c * make(slope) + make((new - old * slope).astype(old.dtype))


def _read(input: Tensor, places: list[Any]) -> Any:
    """(N, C, *out) entries at whole places, 0 outside of the image."""
    sizes = input.shape[2:]
    ok: Any = True
    flat: Any = 0
    for p, n in zip(places, sizes, strict=True):
        ok = ok & (p >= 0) & (p < n)
        flat = flat * n + np.clip(p, 0, n - 1)
    batch, channels = input.shape[:2]
    index = np.broadcast_to(flat.reshape(batch, 1, -1), (batch, channels, flat[0].size))
    rows = op("reshape", input, (batch, channels, math.prod(sizes)))
    found = op(
        "reshape",
        op("gather", rows, 2, make(np.ascontiguousarray(index))),
        (batch, channels, *flat.shape[1:]),
    )
    return op("where", make(ok[:, None]), found, op("zeros_like", found))


def _linear_sample(input: Tensor, coords: list[Tensor]) -> Any:
    """Sum over the corners around each point, weighted by nearness."""
    lows = [np.floor(c._data) for c in coords]
    made = None
    for corner in itertools.product((0, 1), repeat=len(coords)):
        weight: Any = 1.0
        for c, low, k in zip(coords, lows, corner, strict=True):
            weight = ((c - make(low)) if k else (make(low + 1) - c)) * weight
        places = [_whole(low) + k for low, k in zip(lows, corner, strict=True)]
        term = _read(input, places) * op("unsqueeze", weight, 1)
        made = term if made is None else made + term
    assert made is not None  # noqa: S101 - there are two corners at least
    return made


def _whole(x: Any) -> Any:
    """Integers; what is no number stands outside."""
    return np.where(np.isfinite(x), np.clip(x, -1e9, 1e9), -1e9).astype(np.int64)


def _cubic_weights(t: Tensor) -> list[Tensor]:
    """Keys' kernel with a = -0.75 at distances 1 + t, t, 1 - t, 2 - t."""
    a = -0.75

    def far(x: Tensor) -> Any:
        return ((x * a - 5 * a) * x + 8 * a) * x - 4 * a

    def near(x: Tensor) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _cubic_sample(input: Tensor, coords: list[Tensor], mode: str, *, align_corners: bool) -> Any:
    sizes = input.shape[2:]
    lows = [np.floor(c._data) for c in coords]
    weights = [_cubic_weights(c - make(low)) for c, low in zip(coords, lows, strict=True)]
    made = None
    for i, j in itertools.product(range(4), repeat=2):
        places = [
            _whole(_inside(low + k - 1, n, mode, align_corners=align_corners))
            for low, k, n in zip(lows, (i, j), sizes, strict=True)
        ]
        term = _read(input, places) * op("unsqueeze", weights[0][i] * weights[1][j], 1)
        made = term if made is None else made + term
    assert made is not None  # noqa: S101 - there are sixteen terms
    return made


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: Any = None,
) -> Any:
    """Values of an image at the places that a grid names by coordinates from -1 to 1, the last axis first."""
    align = bool(align_corners)
    sizes = input.shape[2:]
    d = len(sizes)
    coords = [
        _pixels(op("select", grid, -1, d - 1 - i), n, align_corners=align)
        for i, n in enumerate(sizes)
    ]
    if mode == "bicubic":
        if d != 2:
            raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
        return _cubic_sample(input, coords, padding_mode, align_corners=align)
    coords = [
        _moved(c, n, padding_mode, align_corners=align) for c, n in zip(coords, sizes, strict=True)
    ]
    if mode == "nearest":
        return _read(input, [_whole(np.rint(c._data)) for c in coords]) + _nothing(coords)
    return _linear_sample(input, coords)


def _nothing(coords: list[Tensor]) -> Any:
    """Zeros that depend on the coordinates: the nearest entry does not change with them."""
    return op("unsqueeze", op("mul", coords[0], 0.0), 1)


define_function("nn.functional.grid_sample", grid_sample, method=False)
MODES, PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
for _name in ("grid_sampler_2d", "grid_sampler_3d"):
    define_function(
        _name,
        lambda input, grid, interpolation_mode, padding_mode, align_corners: grid_sample(
            input, grid, MODES[interpolation_mode], PADDINGS[padding_mode], align_corners
        ),
        method=False,
    )


def affine_grid(theta: Tensor, size: Any, align_corners: Any = None) -> Any:
    """The grid of an affine map, for grid_sample."""
    axes = []
    for n in size[2:]:
        line = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        axes.append(line if align_corners or n == 1 else line * (n - 1) / n)
    points = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(tuple(size[2:]))], axis=-1)
    flat = make(points.reshape(1, -1, points.shape[-1]).astype(theta._data.dtype))
    return op(
        "view",
        op("matmul", flat, op("transpose", theta, 1, 2)),
        (size[0], *size[2:], len(size) - 2),
    )


define_function("nn.functional.affine_grid", affine_grid, method=False)

# -- channels and size -------------------------------------------------------------------------------------------------


def _shuffle(self: Any, upscale_factor: int) -> Any:
    r = upscale_factor
    *lead, c, h, w = self.shape
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            "upscale_factor, but "
            f"input.size(-3)={c} is not divisible by {r * r}"
        )
    k = len(lead)
    split = self.reshape(*lead, c // (r * r), r, r, h, w)
    return split.transpose(*range(k + 1), k + 3, k + 1, k + 4, k + 2).reshape(
        *lead, c // (r * r), h * r, w * r
    )


def _unshuffle(self: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *lead, c, h, w = self.shape
    if h % r or w % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but got {h}, {w} and {r}"
        )
    k = len(lead)
    split = self.reshape(*lead, c, h // r, r, w // r, r)
    return split.transpose(*range(k + 1), k + 2, k + 4, k + 1, k + 3).reshape(
        *lead, c * r * r, h // r, w // r
    )


define_op(
    "nn.functional.pixel_shuffle",
    node="PixelShuffleBackward0",
    forward=_shuffle,
    inputs=("self",),
    vjp={
        "self": lambda ct, upscale_factor: op("nn.functional.pixel_unshuffle", ct, upscale_factor)
    },
    jvp="linear",
    method=False,
    aliases=("pixel_shuffle",),
)
define_op(
    "nn.functional.pixel_unshuffle",
    node="PixelUnshuffleBackward0",
    forward=_unshuffle,
    inputs=("self",),
    vjp={
        "self": lambda ct, downscale_factor: op("nn.functional.pixel_shuffle", ct, downscale_factor)
    },
    jvp="linear",
    method=False,
    aliases=("pixel_unshuffle",),
)


def channel_shuffle(input: Tensor, groups: int) -> Any:
    """Channels of the groups taken in turn."""
    n, c = input.shape[:2]
    split = op("view", input, (n, groups, c // groups, *input.shape[2:]))
    return op("reshape", op("transpose", split, 1, 2), tuple(input.shape))


define_function(
    "nn.functional.channel_shuffle", channel_shuffle, method=False, aliases=("channel_shuffle",)
)
