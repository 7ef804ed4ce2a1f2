"""Attention, and bilinear forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.ops.lang import matmul, op
from reference_impl.ops.rule import define_function
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _masked_softmax(scores: Tensor) -> Any:
    """softmax; a row in which nothing may be looked at is 0."""
    weights = op("softmax", scores, -1)
    blind = np.all(np.isneginf(scores._data), axis=-1, keepdims=True)
    return op("masked_fill", weights, make(np.asarray(blind)), 0.0) if blind.any() else weights


def _added_mask(scores: Tensor, mask: Any) -> Any:
    """A mask of truth values forbids; one of numbers is added."""
    if mask is None:
        return scores
    if mask._data.dtype.kind == "b":
        return op("masked_fill", scores, op("logical_not", mask), -math.inf)
    return scores + mask


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(Q K^T * scale + mask) V."""
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = (op("repeat_interleave", x, times, -3) for x in (key, value))
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(query * factor, op("transpose", key, -2, -1))
    if is_causal:
        attn_mask = make(np.tril(np.ones((query.shape[-2], key.shape[-2]), dtype=bool)))
    weights = _masked_softmax(_added_mask(scores, attn_mask))
    if dropout_p:
        weights = OPS["nn.functional.dropout"](weights, dropout_p)
    return matmul(weights, value)


define_function(
    "nn.functional.scaled_dot_product_attention", scaled_dot_product_attention, method=False
)


def _projections(query: Any, key: Any, value: Any, weights: Any, bias: Any) -> list[Any]:
    """Query, key and value, each by its own matrix."""
    biases = (None, None, None) if bias is None else op("chunk", bias, 3)
    linear = OPS["nn.functional.linear"]
    return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]


def _extended(
    k: Tensor, v: Tensor, bias_k: Any, bias_v: Any, masks: list[Any], batch: int
) -> tuple[Tensor, Tensor, list[Any]]:
    """Keys and values with one learned entry more, which every query may look at."""
    if bias_k is None:
        return k, v, masks
    k = op("cat", [k, op("repeat", bias_k, (1, batch, 1))], 0)
    v = op("cat", [v, op("repeat", bias_v, (1, batch, 1))], 0)
    return k, v, [None if m is None else op("nn.functional.pad", m, [0, 1]) for m in masks]


def _as_numbers(mask: Any, like: Tensor) -> Any:
    """A mask of truth values (true forbids) as numbers to be added."""
    if mask is None or mask._data.dtype.kind != "b":
        return mask
    return op("masked_fill", op("new_zeros", like, tuple(mask.shape)), mask, -math.inf)


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Any,
    in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor,
    out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None, need_weights: bool = True,
    attn_mask: Any = None, use_separate_proj_weight: bool = False, q_proj_weight: Any = None, k_proj_weight: Any = None,
    v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None, average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Any:  # fmt: skip
    """Attention with several heads: project, attend head by head, join, project back."""
    single = query.ndim == 2
    if single:
        query, key, value = (op("unsqueeze", x, 1) for x in (query, key, value))
        key_padding_mask = (
            None if key_padding_mask is None else op("unsqueeze", key_padding_mask, 0)
        )
    length, batch, width = query.shape
    if width != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}"
        )
    matrices = (
        (q_proj_weight, k_proj_weight, v_proj_weight)
        if use_separate_proj_weight
        else op("chunk", in_proj_weight, 3)
    )
    q, k, v = _projections(query, key, value, matrices, in_proj_bias)
    masks = [_as_numbers(attn_mask, q), _as_numbers(key_padding_mask, q)]
    _ = is_causal
    k, v, masks = _extended(k, v, bias_k, bias_v, masks, batch)
    size = width // num_heads
    q, k, v = (_heads(x, batch * num_heads, size) for x in (q, k, v))
    k, v = (k if static_k is None else static_k), (v if static_v is None else static_v)
    if add_zero_attn:
        k, v = (op("cat", [x, op("new_zeros", x, (batch * num_heads, 1, size))], 1) for x in (k, v))
        masks = [None if m is None else op("nn.functional.pad", m, [0, 1]) for m in masks]
    mask = _joint_mask(masks, batch, num_heads, k.shape[1])
    scores = matmul(q * math.sqrt(1 / size), op("transpose", k, -2, -1))
    weights = op("softmax", scores if mask is None else scores + mask, -1)
    if dropout_p and training:
        weights = OPS["nn.functional.dropout"](weights, dropout_p)
    joined = op("reshape", op("transpose", matmul(weights, v), 0, 1), (length * batch, width))
    made = op(
        "view",
        OPS["nn.functional.linear"](joined, out_proj_weight, out_proj_bias),
        (length, batch, out_proj_weight.shape[0]),
    )
    made = op("squeeze", made, 1) if single else made
    if not need_weights:
        return made, None
    table = op("view", weights, (batch, num_heads, length, k.shape[1]))
    table = op("mean", table, 1) if average_attn_weights else table
    return made, op("squeeze", table, 0) if single else table


def _heads(x: Tensor, number: int, size: int) -> Any:
    return op("transpose", op("reshape", x, (x.shape[0], number, size)), 0, 1)


def _joint_mask(masks: list[Any], batch: int, heads: int, length: int) -> Any:
    """The mask per query and the mask per key, added, per batch entry and head."""
    attn, padding = masks
    if attn is not None and attn.ndim == 2:
        attn = op("unsqueeze", attn, 0)
    if padding is None:
        return attn
    wide = op("expand", op("view", padding, (batch, 1, 1, length)), (batch, heads, 1, length))
    wide = op("reshape", wide, (batch * heads, 1, length))
    return wide if attn is None else attn + wide


define_function(
    "nn.functional.multi_head_attention_forward", multi_head_attention_forward, method=False
)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Any = None) -> Any:
    """x1^T W_k x2 + b_k for each k."""
    made = OPS["einsum"]("...i,kij,...j->...k", input1, weight, input2)
    return made if bias is None else made + bias


define_function("nn.functional.bilinear", bilinear, method=False, aliases=("bilinear",))
