"""Calls made larger, so that rows are longer than a vector register and blocks of a kernel do not fit in one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.opinfo_source import elementwise_or_reduced

Array = NDArray[Any]
WIDE = 17

# Operators of images and signals: any extent of the first tensor will do.
_IMAGES = frozenset(
    """
    nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d nn.functional.conv_transpose1d
    nn.functional.conv_transpose2d nn.functional.conv_transpose3d nn.functional.avg_pool1d nn.functional.avg_pool2d
    nn.functional.avg_pool3d nn.functional.max_pool1d nn.functional.max_pool2d nn.functional.max_pool3d
    nn.functional.lp_pool1d nn.functional.lp_pool2d nn.functional.group_norm nn.functional.instance_norm
    nn.functional.pad.constant nn.functional.pad.reflect nn.functional.pad.replicate nn.functional.interpolate.linear
    nn.functional.interpolate.bilinear nn.functional.interpolate.bicubic nn.functional.upsample_bilinear
    """.split()  # noqa: SIM905 - a table of names reads better so
)
# Operators of one square matrix.
_SQUARE = frozenset(
    """
    linalg.inv linalg.inv_ex inverse linalg.det det linalg.slogdet slogdet logdet linalg.matrix_exp matrix_exp
    linalg.matrix_power linalg.eigvals linalg.pinv
    """.split()  # noqa: SIM905 - as above
)


def widened(case: Case) -> Case | None:
    """The call with more numbers; None where it takes no other sizes, or has no numbers to repeat."""
    for ops, change in _CHANGES.items():
        if case.op in ops():
            return change(case)
    return None


def _rows(case: Case) -> Case | None:
    """Every tensor repeated along the last dimension, and no two copies of a number equal."""
    lasts = {array.shape[-1] for array in case.arrays() if array.ndim} - {1}
    if len(lasts) != 1 or 0 in lasts:
        return None
    (last,) = lasts
    return _rebuilt(case, lambda _, x: _repeated(x, last) if x.ndim and x.shape[-1] == last else x)


def _image(case: Case) -> Case | None:
    """The first tensor repeated along the last dimension."""
    last = case.arrays()[0].shape[-1] if case.arrays()[0].ndim else 0
    return _rebuilt(case, lambda i, x: _repeated(x, last) if i == 0 else x) if last else None


def _matrix(case: Case) -> Case | None:
    """A square matrix times a well conditioned one with eigenvalues that differ, by Kronecker."""
    x = case.arrays()[0]
    if not x.size or len(case.arrays()) > 1 or x.shape[-1] != x.shape[-2]:
        return None
    count = -(-WIDE // x.shape[-1])
    other = np.diag(1 + np.arange(count) / 8) + np.triu(np.ones((count, count)), 1) / 8
    return _rebuilt(case, lambda _, x: np.kron(x, other.reshape((1,) * (x.ndim - 2) + other.shape)))


def _repeated(array: Array, last: int) -> Array:
    count = -(-WIDE // last)
    if array.dtype.kind not in "fc":
        return np.concatenate([array] * count, axis=-1)
    return np.concatenate([array * (1 - i / 64) for i in range(count)], axis=-1)


def _rebuilt(case: Case, change: Callable[[int, Array], Array]) -> Case:
    args, kwargs = case.rebuilt(change)
    return replace(case, args=args, kwargs=kwargs)


_CHANGES: Mapping[Callable[[], frozenset[str]], Callable[[Case], Case | None]] = {
    elementwise_or_reduced: _rows,
    lambda: _IMAGES: _image,
    lambda: _SQUARE: _matrix,
}
