"""What convolutions, pooling and resampling share: numbers per axis, windows, maps per axis."""

from __future__ import annotations

from typing import Any

import numpy as np


def per_axis(value: Any, n: int) -> tuple[int, ...]:
    """One number for all axes, or one each."""
    if isinstance(value, tuple | list):
        return tuple(int(v) for v in (value if len(value) == n else tuple(value) * n))
    return (int(value),) * n


def extents(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """How many windows fit along each axis."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )


def windows(x: Any, kernel: Any, stride: Any, dilation: Any, out: tuple[int, ...]) -> Any:
    """All windows of a padded (N, C, *size) array as a view (N, C, *out, *kernel)."""
    lead, along = x.strides[:2], x.strides[2:]
    steps = tuple(s * a for s, a in zip(stride, along, strict=True))
    inside = tuple(d * a for d, a in zip(dilation, along, strict=True))
    return np.lib.stride_tricks.as_strided(
        x, (*x.shape[:2], *out, *kernel), (*lead, *steps, *inside)
    )


class Maps(tuple[Any, ...]):
    """A matrix per axis, None where the axis is left alone."""

    __slots__ = ()

    def transposed(self) -> Maps:
        """The matrices of the transposed map."""
        return Maps(None if m is None else m.T for m in self)
