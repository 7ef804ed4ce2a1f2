"""Rows of a table looked up by number, alone or in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.grad_mode import no_grad
from reference_impl.ops.lang import array_of, constant, op, reshape, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.tensor import Tensor, make


def _share(indices: Any, padding_idx: int | None, scale_grad_by_freq: bool, kind: Any) -> Any:
    """How much of each looked-up row's cotangent counts."""
    index = np.asarray(array_of(indices))
    made = np.ones(index.shape, dtype=kind)
    if padding_idx is not None:
        made[index == padding_idx] = 0
    if scale_grad_by_freq and index.size:
        made = made / np.bincount(index.reshape(-1))[index]
    return made[..., None]


def _table_vjp(
    ct: Any, indices: Any, weight_shape: Any, padding_idx: Any, scale_grad_by_freq: bool
) -> Any:
    scaled = ct * constant(_share(indices, padding_idx, scale_grad_by_freq, array_of(ct).dtype), ct)
    flat = reshape(scaled, (array_of(indices).size, weight_shape[1]))
    return op(
        "index_add", zeros(weight_shape, ct), 0, reshape(indices, (array_of(indices).size,)), flat
    )


embedding_op: Any = define_op(
    "embedding.table",
    node="EmbeddingBackward0",
    forward=lambda weight, indices, padding_idx=None, scale_grad_by_freq=False: np.array(
        weight[indices]
    ),
    inputs=("weight", "indices"),
    vjp={
        "weight": lambda ct, indices, weight_shape, padding_idx, scale_grad_by_freq: _table_vjp(
            ct, indices, weight_shape, padding_idx, scale_grad_by_freq
        ),
        "indices": None,
    },
    # Both options are about the gradient that trains the table; the rows that come out move with all of it.
    jvp=lambda weight_t, indices: embedding_op(weight_t, indices),
    method=False,
)


def _sparse_vjp(
    ct: Any, indices: Any, weight_shape: Any, padding_idx: Any, scale_grad_by_freq: bool
) -> Any:
    """The rows that were looked up, one entry for each time: no zeros are stored for the others."""
    if scale_grad_by_freq:
        raise RuntimeError(
            "embedding_backward: scale_grad_by_freq not supported with sparse gradients"
        )
    at = np.asarray(array_of(indices)).reshape(-1)
    rows = reshape(ct, (at.size, weight_shape[1]))
    if padding_idx is not None:
        kept = np.flatnonzero(at != padding_idx)
        at, rows = at[kept], op("index_select", rows, 0, constant(kept, rows))
    return op("sparse.from_values", constant(at[None], rows), rows, weight_shape)


sparse_embedding_op: Any = define_op(
    "embedding.sparse",
    node="EmbeddingBackward0",
    forward=embedding_op.rule.forward,
    inputs=("weight", "indices"),
    params={"padding_idx": None, "scale_grad_by_freq": False},
    vjp={
        "weight": lambda ct, indices, weight_shape, padding_idx, scale_grad_by_freq: _sparse_vjp(
            ct, indices, weight_shape, padding_idx, scale_grad_by_freq
        ),
        "indices": None,
    },
    jvp=embedding_op.rule.jvp,
    method=False,
)


def _in_order(input: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """(indices, table); op_db's samples have the table first."""
    return (weight, input) if input._data.dtype.kind in "fc" else (input, weight)


def _row_number(padding_idx: int | None, weight: Tensor) -> Any:
    if padding_idx is None:
        return None
    n = weight.shape[0]
    if not -n <= padding_idx < n:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % n


def _shorten(weight: Tensor, indices: Any, max_norm: float, norm_type: float) -> None:
    """Rows that are looked up and longer than ``max_norm`` are scaled down in the table itself."""
    with no_grad():
        rows = np.unique(indices)
        size = np.linalg.norm(weight._data[rows], norm_type, axis=1)
        factor = np.where(size > max_norm, max_norm / (size + 1e-7), 1).astype(weight._data.dtype)
        at = make(rows)
        op("index_copy_", weight, 0, at, make(weight._data[rows] * factor[:, None]))


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of ``weight`` that ``input`` names."""
    look_up = sparse_embedding_op if sparse else embedding_op
    indices, table = _in_order(input, weight)
    if max_norm is not None:
        _shorten(table, indices._data, max_norm, norm_type)
    return look_up(table, indices, _row_number(padding_idx, table), scale_grad_by_freq)


define_function("nn.functional.embedding", embedding, method=False)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sum, mean or largest entries of the rows in each bag."""
    look_up = sparse_embedding_op if sparse else embedding_op
    indices, table = _in_order(input, weight)
    starts = (
        np.asarray(offsets._data)
        if offsets is not None
        else np.arange(indices.shape[0]) * indices.shape[1]
    )
    starts = starts[:-1] if include_last_offset else starts
    flat = op("reshape", indices, (-1,))
    if max_norm is not None:
        _shorten(table, flat._data, max_norm, norm_type)
    padding = _row_number(padding_idx, table)
    rows = look_up(table, flat, padding, scale_grad_by_freq)
    counts = flat._data != padding if padding is not None else np.ones(flat.shape, dtype=bool)
    bag = np.searchsorted(starts, np.arange(flat.shape[0]), side="right") - 1
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if mode == "max":
        return _bag_max(rows, counts, bag, len(starts))
    share = make(counts.astype(table._data.dtype)[:, None])
    if per_sample_weights is not None:
        share = share * op("reshape", per_sample_weights, (-1, 1))
    made = op(
        "index_add",
        op("new_zeros", table, (len(starts), table.shape[1])),
        0,
        make(bag),
        rows * share,
    )
    if mode == "mean":
        made = made / make(
            np.maximum(np.bincount(bag[counts], minlength=len(starts)), 1).astype(
                table._data.dtype
            )[:, None]
        )
    return made


def _bag_max(rows: Tensor, counts: Any, bag: Any, number: int) -> Any:
    made = []
    for i in range(number):
        at = np.flatnonzero((bag == i) & counts)
        if at.size:
            made.append(op("max", op("index_select", rows, 0, make(at)), 0)[0])
        else:
            made.append(op("new_zeros", rows, (rows.shape[1],)))
    return op("stack", made, 0)


define_function("nn.functional.embedding_bag", embedding_bag, method=False)


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """1 in the column that each number names, 0 elsewhere."""
    index = np.asarray(input._data)
    n = int(index.max()) + 1 if num_classes == -1 else num_classes
    if index.size and (index.min() < 0 or index.max() >= n):
        raise RuntimeError(
            "Class values must be non-negative."
            if index.min() < 0
            else "Class values must be smaller than num_classes."
        )
    return make((index[..., None] == np.arange(n)).astype(np.int64))


define_function("nn.functional.one_hot", one_hot, method=False)
