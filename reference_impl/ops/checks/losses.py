"""Losses and other functions of several tensors: targets, weights and sizes that must fit."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.checks.table import before, refuse
from reference_impl.ops.checks.table import sizes as _sizes

_F = "nn.functional."


@before(f"{_F}embedding")
def _table(input: Any, weight: Any, *_: Any, **__: Any) -> None:
    table = input if input._data.dtype.kind in "fc" else weight  # op_db has the table first
    refuse(table.ndim != 2, "'weight' must be 2-D")


@before("prelu")
def _prelu(self: Any, weight: Any) -> None:
    refuse(
        weight.ndim > 1,
        f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}",
    )
    count = 1 if self.ndim < 2 else int(self.shape[1])
    refuse(
        weight.numel() not in {1, count},
        f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.numel()} and channel "
        f"size = {count}.",
    )


def check_reduction(reduction: Any) -> None:
    """Refuse another word than torch has for how losses are put together."""
    refuse(
        reduction not in {"none", "mean", "sum"},
        f"{reduction} is not a valid value for reduction",
        ValueError,
    )


def one_vector_or_batch(input: Any) -> bool:
    """Whether a loss of scores per class may take it: scores of one sample, or of several."""
    return bool(
        (input.ndim == 2 and input.shape[1] != 0)
        or (input.ndim == 1 and input.shape[0] != 0)
        or input.ndim == 0
    )


@before(f"{_F}multi_margin_loss")
def _multi_margin(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, *__: Any, **_: Any
) -> None:
    check_reduction(_.get("reduction", "mean"))
    refuse(p not in {1, 2}, "only p == 1 and p == 2 supported", ValueError)
    refuse(weight is not None and weight.ndim != 1, "weight must be one-dimensional", ValueError)
    refuse(
        not one_vector_or_batch(input),
        f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {_sizes(input)}",
    )
    count, classes = (input.shape[0], input.shape[1]) if input.ndim == 2 else (1, input.numel())
    refuse(
        target.ndim > 1 or target.numel() != count,
        f"inconsistent target size, expected {count} but got {_sizes(target)}",
    )
    refuse(
        weight is not None and weight.numel() != classes,
        f"inconsistent weight size, expected {classes} but got {None if weight is None else _sizes(weight)}",
    )
    refuse(target._data.dtype.kind != "i", f"expected scalar type Long but found {target.dtype}")


@before(f"{_F}multilabel_margin_loss")
def _multilabel(input: Any, target: Any, *__: Any, **_: Any) -> None:
    check_reduction(_.get("reduction", "mean"))
    refuse(
        not one_vector_or_batch(input),
        f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {_sizes(input)}",
    )
    same = _sizes(target) == _sizes(input) or (
        input.ndim < 2 and target.numel() == input.numel() and target.ndim < 2
    )
    refuse(
        not same, f"inconsistent target size: {_sizes(target)} for input of size: {_sizes(input)}"
    )
    refuse(target._data.dtype.kind != "i", f"expected scalar type Long but found {target.dtype}")


@before(f"{_F}gaussian_nll_loss")
def _gaussian(input: Any, target: Any, var: Any, *_: Any, **__: Any) -> None:
    if not hasattr(var, "shape") or _sizes(var) == _sizes(input):
        return
    refuse(
        _sizes(input)[:-1] != _sizes(var)
        and (_sizes(input)[:-1] != _sizes(var)[:-1] or _sizes(var)[-1:] != [1]),
        "var is of incorrect size",
        ValueError,
    )


@before(f"{_F}linear_cross_entropy")
def _linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, ignore_index: Any = None, **_: Any
) -> None:
    refuse(input.ndim not in {1, 2}, f"expected input with dimensionality 1 or 2, got {input.ndim}")
    refuse(
        ignore_index is not None and target._data.dtype.kind == "f",
        "ignore_index cannot be specified when target contains probabilities",
    )
    refuse(
        linear_weight.ndim > 2 and input.ndim < 2,
        f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} requires batched input",
    )


@before("cov")
def _cov(self: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> None:
    refuse(
        self.ndim > 2,
        f"cov(): expected input to have two or fewer dimensions but got an input with {self.ndim}",
    )
    count = self.numel() if self.ndim < 2 else self.shape[1]
    for what, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is None:
            continue
        refuse(
            weights.ndim > 1,
            f"cov(): expected {what} to have one or fewer dimensions but got {what} with {weights.ndim} dimensions",
        )
        kind = weights._data.dtype.kind
        refuse(
            kind not in "iub" if what == "fweights" else kind != "f",
            f"cov(): expected {what} to have {'integral' if what == 'fweights' else 'floating point'} dtype but got "
            f"{what} with {weights.dtype} dtype",
        )
        refuse(
            weights.numel() != count,
            f"cov(): expected {what} to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {count}",
        )
        refuse(weights.numel() and weights._data.min() < 0, f"cov(): {what} cannot be negative")


def _as_list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple | list) else [value]


@before("gradient")
def _gradient(self: Any, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> None:
    dims = (
        list(range(self.ndim))
        if dim is None
        else [layout.one_dim(d, self.ndim) for d in _as_list(dim)]
    )
    twice = next((d for d in dims if dims.count(d) > 1), None)
    refuse(twice is not None, f"dim {twice} appears multiple times in the list of dims")
    refuse(edge_order not in {1, 2}, "torch.gradient only supports edge_order=1 and edge_order=2.")
    refuse(
        isinstance(spacing, tuple | list) and len(spacing) != len(dims),
        "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have "
        f"the same length, but got {len(_as_list(spacing))} and {len(dims)}.",
    )


@before(f"{_F}pdist", "pdist")
def _pairs(input: Any, *_: Any, **__: Any) -> None:
    refuse(input.ndim != 2, f"pdist only supports 2D tensors, got: {input.ndim}D")


@before(f"{_F}margin_ranking_loss")
def _ranked(input1: Any, input2: Any, target: Any, *_: Any, **__: Any) -> None:
    refuse(
        not input1.ndim == input2.ndim == target.ndim,
        f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: {_sizes(input1)}, "
        f"input2: {_sizes(input2)}, target: {_sizes(target)}",
    )


@before(f"{_F}cosine_embedding_loss")
def _angles(input1: Any, input2: Any, target: Any, *_: Any, **__: Any) -> None:
    refuse(target.ndim > 1, "0D or 1D target tensor expected, multi-target not supported")
    refuse(
        not input1.ndim == input2.ndim == target.ndim + 1,
        f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
        f"{_sizes(input1)} and {_sizes(input2)}.",
    )


@before(f"{_F}embedding_bag")
def _bags(
    input: Any, weight: Any, offsets: Any = None, max_norm: Any = None, norm_type: Any = 2.0,
    scale_grad_by_freq: Any = False, mode: str = "mean", *_: Any, **__: Any,
) -> None:  # fmt: skip
    places = weight if input._data.dtype.kind in "fc" else input  # op_db has the table first
    refuse(mode not in {"sum", "mean", "max"}, "mode has to be one of sum, mean or max", ValueError)
    refuse(
        places.ndim == 1 and offsets is None,
        "offsets has to be a 1D Tensor but got None",
        ValueError,
    )
    refuse(
        places.ndim not in {1, 2},
        f"input has to be 1D or 2D Tensor, but got Tensor of dimension {places.ndim}",
        ValueError,
    )
    if places.ndim == 1:
        refuse(offsets.ndim != 1, "offsets has to be a 1D Tensor", ValueError)
        refuse(
            offsets.numel() and int(offsets._data[0]) != 0,
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0.",
        )


@before(f"{_F}bilinear", "bilinear")
def _bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> None:
    refuse(
        weight.ndim < 3,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
        IndexError,
    )
    refuse(weight.ndim != 3, f"bilinear(): expected weight to have 3 dimensions, got {weight.ndim}")
    refuse(input1.ndim != input2.ndim, "bilinear(): input dimensions do not match")
    refuse(
        [input1.shape[-1:], input2.shape[-1:]] != [weight.shape[1:2], weight.shape[2:]],
        f"bilinear(): input sizes do not match weight size: got {_sizes(input1)}, {_sizes(input2)}, {_sizes(weight)}",
    )
    refuse(
        bias is not None and _sizes(bias) != [int(weight.shape[0])],
        "bilinear(): bias size does not match weight size",
    )
    refuse(bias is not None and bias.dtype != input1.dtype, "All tensors must have the same dtype")


@before(f"{_F}ctc_loss")
def _sequences(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    *_: Any,
    **__: Any,
) -> None:
    longest, classes = int(log_probs.shape[0]), int(log_probs.shape[-1])
    refuse(not 0 <= blank < classes, "blank must be in label range")
    for what, lengths, most in (
        ("input_lengths", input_lengths, longest),
        ("target_lengths", target_lengths, None),
    ):
        numbers = np.ravel(getattr(lengths, "_data", lengths))
        refuse(
            numbers.size and numbers.min() < 0,
            f"Expected {what} to have value at least 0, but got {numbers}",
        )
        refuse(
            numbers.size and most is not None and numbers.max() > most,
            f"Expected {what} to have value at most {most}, but got value {numbers.max() if numbers.size else 0}",
        )
        refuse(
            log_probs.ndim == 3 and numbers.size != int(log_probs.shape[1]),
            f"{what} must be of size batch_size",
        )


@before(f"{_F}scaled_dot_product_attention")
def _attended(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> None:
    for x in (query, key, value):
        refuse(
            x.ndim < 2,
            f"Expected query, key, and value to all be  at least 2 dimensional, but got {x.ndim}",
        )


@before(f"{_F}nll_loss")
def _weighted(input: Any, target: Any, weight: Any = None, *_: Any, **kwargs: Any) -> None:
    weight = kwargs.get("weight", weight)
    refuse(
        hasattr(weight, "dtype") and weight.dtype != input.dtype,
        f"expected scalar type {input.dtype} but found {getattr(weight, 'dtype', None)}",
    )
    refuse(
        input.ndim == 1 and target.ndim == 1 and target.shape[0] != 1,
        f"For 1D input, 1D target must have size 1, but got target size: {target.numel()}",
        ValueError,
    )
    refuse(
        input.ndim > 1 and target.ndim == 0,
        f"Expected input batch_size ({input.shape[0] if input.ndim else 0}) to match target batch_size (0).",
        ValueError,
    )


@before(f"{_F}cross_entropy")
def _target_of_batch(input: Any, target: Any, *_: Any, **__: Any) -> None:
    refuse(
        input.ndim > 1 and target.ndim == 0,
        "Expected input batch_size to match target batch_size (0).",
        ValueError,
    )
