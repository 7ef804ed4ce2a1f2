"""Elements by their place in the flattened tensor: take, put."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import op, reshape, shape_of, zeros
from reference_impl.ops.rule import define_op


def _flat(index: Any, size: int) -> Any:
    index = np.asarray(index)
    if index.size and (index.min() < -size or index.max() >= size):
        raise IndexError(
            f"out of range: tried to access index {index.max()} on a tensor of {size} elements."
        )
    return index % size if index.size else index


take_op: Any = define_op(
    "take",
    node="TakeBackward0",
    forward=lambda self, index: np.asarray(self).reshape(-1)[_flat(index, self.size)],
    inputs=("self", "index"),
    vjp={
        "self": lambda ct, index, self_shape: op(
            "put", zeros(self_shape, ct), index, ct, accumulate=True
        ),
        "index": None,
    },
    jvp=lambda self_t, index: take_op(self_t, index),
)


def _put_forward(self: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    made = np.array(self, order="C")
    flat, at, values = (
        made.reshape(-1),
        _flat(index, self.size).reshape(-1),
        np.asarray(source).reshape(-1),
    )
    if accumulate:
        np.add.at(flat, at, values)
    else:
        flat[at] = values
    return made


put_op: Any = define_op(
    "put",
    node="PutBackward0",
    forward=_put_forward,
    inputs=("self", "index", "source"),
    inplace=True,
    vjp={
        "self": lambda ct, index, accumulate: (
            ct if accumulate else op("put", ct, index, zeros(shape_of(index), ct), accumulate=False)
        ),
        "index": None,
        "source": lambda ct, index, source_shape: reshape(op("take", ct, index), source_shape),
    },
    jvp=lambda self_t, index, source_t, accumulate: put_op(self_t, index, source_t, accumulate),
)
