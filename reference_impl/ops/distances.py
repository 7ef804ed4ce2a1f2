"""Distances between points, pair by pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import op
from reference_impl.ops.rule import define_function
from reference_impl.tensor import Tensor, make


def _length(difference: Any, p: float) -> Any:
    """The p-norm along the last dimension; with p = 0 a count, which still depends on the points, by nothing."""
    length = op("linalg.vector_norm", difference, p, -1)
    return length if p else length + op("sum", op("narrow", difference, -1, 0, 0), -1)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: Any = None) -> Any:
    """The p-norm distance of each row of one batch of matrices to each row of another."""
    _ = compute_mode
    return _length(op("unsqueeze", x1, -2) - op("unsqueeze", x2, -3), p)


def pdist(input: Tensor, p: float = 2.0) -> Any:
    """The p-norm distance of each pair of rows."""
    first, second = np.triu_indices(input.shape[0], 1)
    a = op("index_select", input, 0, make(first.astype(np.int64)))
    b = op("index_select", input, 0, make(second.astype(np.int64)))
    return _length(a - b, p)


define_function("cdist", cdist, method=False)
define_function("nn.functional.pdist", pdist, method=False, aliases=("pdist",))
