"""Losses that compare input and target element by element."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from reference_impl.ops import special_values as values
from reference_impl.ops.calling import enter
from reference_impl.ops.lang import absolute, array_of, either, exp, expand, log, sign, sum, where
from reference_impl.ops.rule import define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def reduced(loss: Any, reduction: str) -> Any:
    """The losses themselves, their sum or their mean; arrays or tensors."""
    if reduction == "none":
        return loss
    if isinstance(loss, Tensor):
        return OPS["sum"](loss) if reduction == "sum" else OPS["mean"](loss)
    total = np.sum(loss, dtype=loss.dtype)
    return (
        total
        if reduction == "sum"
        else np.asarray(total / loss.dtype.type(loss.size)).astype(loss.dtype)
    )


def unreduced(ct: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """A loss's cotangent as one per element."""
    if reduction == "none":
        return ct
    spread = expand(ct, shape) if shape else ct
    return spread if reduction == "sum" else spread / max(math.prod(shape), 1)


def collected(t: Any, reduction: str) -> Any:
    """Tangents per element, reduced like the losses."""
    return (
        t
        if reduction == "none"
        else sum(t)
        if reduction == "sum"
        else sum(t) / max(array_of(t).size, 1)
    )


def paired(input: Any, target: Any) -> tuple[Any, Any]:
    """Both expanded to their common shape."""
    shape = np.broadcast_shapes(input._data.shape, target._data.shape)
    if input._data.shape != target._data.shape:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            UserWarning,
            stacklevel=5,
        )
    return tuple(x if x._data.shape == shape else OPS["expand"](x, shape) for x in (input, target))


def difference_row(name: str, node: str, forward: Any, slope: Any) -> Any:
    """A loss of the difference d = self - target: ``forward(d, option)``, with slope ``slope(d, option)``."""
    return define_op(
        name,
        node=node,
        forward=lambda self, target, reduction, option: reduced(
            forward(self - target, option), reduction
        ),
        inputs=("self", "target"),
        promote="common",
        vjp={
            "self": lambda ct, self, target, self_shape, reduction, option: (
                unreduced(ct, self_shape, reduction) * slope(self - target, option)
            ),
            "target": lambda ct, self, target, self_shape, reduction, option: (
                -unreduced(ct, self_shape, reduction) * slope(self - target, option)
            ),
        },
        jvp=lambda self, target, self_t, target_t, reduction, option: collected(
            (self_t - target_t) * slope(self - target, option), reduction
        ),
        method=False,
    )


def _smooth(d: Any, beta: float) -> Any:
    size = np.abs(d)
    return np.where(size < beta, 0.5 * d * d / (beta or 1.0), size - 0.5 * beta).astype(d.dtype)


def _smooth_slope(d: Any, beta: float) -> Any:
    return where(np.abs(array_of(d)) >= beta, sign(d), d / (beta or 1.0))


def _huber(d: Any, delta: float) -> Any:
    size = np.abs(d)
    return np.where(size < delta, 0.5 * d * d, delta * (size - 0.5 * delta)).astype(d.dtype)


def _huber_slope(d: Any, delta: float) -> Any:
    return where(np.abs(array_of(d)) >= delta, sign(d) * delta, d)


mse_row = difference_row("mse_loss", "MseLossBackward0", lambda d, _: d * d, lambda d, _: 2 * d)
smooth_row = difference_row("smooth_l1_loss", "SmoothL1LossBackward0", _smooth, _smooth_slope)
huber_row = difference_row("huber_loss", "HuberLossBackward0", _huber, _huber_slope)


def _weighted(loss: Any, weight: Any, reduction: str) -> Any:
    """Losses times weights; their mean is over the sum of the weights."""
    loss = loss * weight
    if reduction != "mean":
        return reduced(loss, reduction)
    return sum(loss) / sum(OPS["expand"](weight, tuple(loss.shape)))


def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean", weight: Any = None) -> Any:
    """Squared differences."""
    if weight is not None:
        return _weighted(mse_row(*paired(input, target), "none", None), weight, reduction)
    return mse_row(*paired(input, target), reduction, None)


def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", weight: Any = None) -> Any:
    """Absolute differences."""
    x, y = paired(input, target)
    loss = absolute(x - y)
    return reduced(loss, reduction) if weight is None else _weighted(loss, weight, reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """Squared below ``beta``, absolute above."""
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return (
        l1_loss(input, target, reduction)
        if beta == 0
        else smooth_row(*paired(input, target), reduction, beta)
    )


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """Half the square below ``delta``, linear from there on."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is not None:
        return _weighted(huber_row(*paired(input, target), "none", delta), weight, reduction)
    return huber_row(*paired(input, target), reduction, delta)


_OLD = "input target size_average reduce reduction"
enter("mse_loss", f"{_OLD} weight", mse_loss)
enter("l1_loss", f"{_OLD} weight", l1_loss)
enter("smooth_l1_loss", f"{_OLD} beta", smooth_l1_loss)
enter("huber_loss", "input target reduction delta weight", huber_loss)

# -- probabilities -----------------------------------------------------------------------------------------------------

# Logarithms of probabilities are cut here, so that a wrong certainty costs a finite loss.
_LEAST = -100.0
_FLOOR = 1e-12  # the least variance p (1 - p) that the slope divides by
sigmoid = either("sigmoid", values.sigmoid)
log_sigmoid = either("nn.functional.logsigmoid", lambda x: -np.logaddexp(-x, x.dtype.type(0)))
clamp_min = either("clamp_min", np.maximum)


def _times(x: Any, weight: Any) -> Any:
    return x if weight is None else x * weight


def _first_beyond(x: Any) -> int:
    """The place of the first element that is no probability; the number of elements where all are."""
    return int(np.argmax(np.append(((x < 0) | (x > 1)).ravel(), True)))


def _bce(self: Any, target: Any, weight: Any, reduction: str) -> Any:
    wrong = {name: _first_beyond(x) for name, x in (("input", self), ("target", target))}
    name = min(wrong, key=lambda name: wrong[name])
    if wrong[name] < self.size:
        raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    least = self.dtype.type(_LEAST)
    loss = (target - 1) * np.maximum(np.log1p(-self), least) - target * np.maximum(
        np.log(self), least
    )
    return reduced(_times(loss, weight), reduction)


def _bce_slope(self: Any, target: Any) -> Any:
    """(p - t) / (p (1 - p))."""
    return (self - target) / clamp_min(self * (1 - self), _FLOOR)


def _cut_log(x: Any) -> Any:
    """The logarithm, cut; its slope is 0 from there on, also at 0."""
    is_cut = array_of(x) <= math.exp(_LEAST)
    return where(is_cut, _LEAST, log(where(is_cut, 1.0, x)))


bce_row = define_op(
    "binary_cross_entropy",
    node="BinaryCrossEntropyBackward0",
    forward=_bce,
    inputs=("self", "target", "weight"),
    vjp={
        "self": lambda ct, self, target, weight, self_shape, reduction: _times(
            unreduced(ct, self_shape, reduction) * _bce_slope(self, target), weight
        ),
        "target": lambda ct, self, weight, self_shape, reduction: _times(
            unreduced(ct, self_shape, reduction) * (_cut_log(1 - self) - _cut_log(self)), weight
        ),
        "weight": None,
    },
    jvp=lambda self, target, weight, self_t, target_t, reduction: collected(
        _times(
            self_t * _bce_slope(self, target) + target_t * (_cut_log(1 - self) - _cut_log(self)),
            weight,
        ),
        reduction,
    ),
    method=False,
)


def _bce_logits(self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str) -> Any:
    """(1 - t) x + (1 + (q - 1) t) log(1 + e^-x): minus the logarithms of sigmoid(x) and of 1 - sigmoid(x)."""
    q = 1 if pos_weight is None else pos_weight
    loss = (1 - target) * self + (1 + (q - 1) * target) * np.logaddexp(-self, self.dtype.type(0))
    return reduced(_times(loss, weight), reduction)


def _logits_slope(self: Any, target: Any, pos_weight: Any) -> Any:
    q = 1 if pos_weight is None else pos_weight
    return (1 - target) - (1 + (q - 1) * target) * sigmoid(-self)


def _logits_target_slope(self: Any, pos_weight: Any) -> Any:
    return -self if pos_weight is None else (1 - pos_weight) * log_sigmoid(self) - self


bce_logits_row = define_op(
    "binary_cross_entropy_with_logits",
    node="BinaryCrossEntropyWithLogitsBackward0",
    forward=_bce_logits,
    inputs=("self", "target", "weight", "pos_weight"),
    vjp={
        "self": lambda ct, self, target, weight, pos_weight, self_shape, reduction: _times(
            unreduced(ct, self_shape, reduction) * _logits_slope(self, target, pos_weight), weight
        ),
        "target": lambda ct, self, weight, pos_weight, self_shape, reduction: _times(
            unreduced(ct, self_shape, reduction) * _logits_target_slope(self, pos_weight), weight
        ),
        "weight": None,
        "pos_weight": None,
    },
    jvp=lambda self, target, weight, pos_weight, self_t, target_t, reduction: collected(
        _times(
            self_t * _logits_slope(self, target, pos_weight)
            + target_t * _logits_target_slope(self, pos_weight),
            weight,
        ),
        reduction,
    ),
    method=False,
)


def _same_size(name: str, input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        raise ValueError(
            f"{name}: target size ({target.shape}) must be the same as input size ({input.shape})"
        )


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Minus the logarithm of the probability given to the truth."""
    _same_size("binary_cross_entropy", input, target)
    return bce_row(input, target, weight, reduction)


def bce_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """``binary_cross_entropy`` of ``sigmoid(input)``."""
    _same_size("binary_cross_entropy_with_logits", input, target)
    return bce_logits_row(input, target, weight, pos_weight, reduction)


def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Any:
    """Target times the difference of logarithms; ``input`` is a logarithm."""
    loss = (
        exp(target) * (target - input)
        if log_target
        else OPS["xlogy"](target, target) - target * input
    )
    if reduction != "batchmean":
        return reduced(loss, reduction)
    return sum(loss) / input.shape[0] if input.ndim else sum(loss)


enter(
    "binary_cross_entropy",
    "input target weight size_average reduce reduction",
    binary_cross_entropy,
)
enter(
    "binary_cross_entropy_with_logits",
    "input target weight size_average reduce reduction pos_weight",
    bce_with_logits,
)
enter("kl_div", f"{_OLD} log_target", kl_div)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """Rate minus target times its logarithm; ``full`` adds Stirling's formula for log(target!)."""
    loss = exp(input) - target * input if log_input else input - target * log(input + eps)
    if full:
        stirling = target * log(target) - target + 0.5 * log(2 * math.pi * target)
        loss = loss + where(target <= 1, 0.0, stirling)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Half the logarithm of the variance plus half the squared difference over it."""
    if not isinstance(var, Tensor):
        var = OPS["full_like"](input, var)
    if np.any(var._data < 0):
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape and tuple(input.shape[:-1]) == tuple(var.shape):
        var = OPS["unsqueeze"](var, -1)
    # The bound is no part of the function: the gradient of a variance below it is that at the bound.
    raised = OPS["add"](
        var, OPS["as_tensor"](np.maximum(eps - var._data, 0).astype(var._data.dtype))
    )
    loss = 0.5 * (log(raised) + (input - target) * (input - target) / raised)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


enter(
    "poisson_nll_loss",
    "input target log_input full size_average eps reduce reduction",
    poisson_nll_loss,
)
enter("gaussian_nll_loss", "input target var full eps reduction", gaussian_nll_loss)

# -- margins -----------------------------------------------------------------------------------------------------------


def _soft_slope(self: Any, target: Any) -> Any:
    return -target * sigmoid(-target * self)


soft_margin_row = define_op(
    "soft_margin_loss",
    node="SoftMarginLossBackward0",
    forward=lambda self, target, reduction: reduced(
        np.logaddexp(-target * self, self.dtype.type(0)), reduction
    ),
    inputs=("self", "target"),
    vjp={
        "self": lambda ct, self, target, self_shape, reduction: (
            unreduced(ct, self_shape, reduction) * _soft_slope(self, target)
        ),
        "target": None,
    },
    jvp=lambda self, target, self_t, reduction: collected(
        self_t * _soft_slope(self, target), reduction
    ),
    method=False,
)


def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Any:
    """log(1 + e^(-target input))."""
    input, target = OPS["broadcast_tensors"](input, target)
    return soft_margin_row(input, target, reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """``input`` for a target of 1, how far it falls short of the margin for -1."""
    short = OPS["clamp_min"](margin - input, 0)
    loss = where(target != 1, short, 0.0) + where(target != -1, input, 0.0)
    return reduced(loss, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """How far ``input1`` is not ahead of ``input2`` by the margin, in the direction of the target."""
    return reduced(OPS["clamp_min"](-target * (input1 - input2) + margin, 0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """1 - cos for a target of 1, the cosine beyond the margin for -1."""
    dim = 1 if target.ndim else 0
    products = [sum(a * b, dim) for a, b in ((input1, input2), (input1, input1), (input2, input2))]
    cosine = products[0] / OPS["sqrt"]((products[1] + _FLOOR) * (products[2] + _FLOOR))
    loss = where(target == 1, 1 - cosine, 0.0) + where(
        target == -1, OPS["clamp_min"](cosine - margin, 0), 0.0
    )
    return reduced(loss, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """How far the positive is not nearer to the anchor than the negative by the margin, in the p-norm."""

    def distance(a: Any, b: Any) -> Any:
        return OPS["nn.functional.pairwise_distance"](a, b, p, eps)

    return triplet_with_distance(
        anchor,
        positive,
        negative,
        distance_function=distance,
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


def triplet_with_distance(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """``triplet_margin_loss`` with a distance of one's own."""
    distance = distance_function or OPS["nn.functional.pairwise_distance"]
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = OPS["minimum"](far, distance(positive, negative))
    return reduced(OPS["clamp_min"](margin + near - far, 0), reduction)


enter("soft_margin_loss", _OLD, soft_margin_loss)
enter(
    "hinge_embedding_loss",
    "input target margin size_average reduce reduction",
    hinge_embedding_loss,
)
enter(
    "margin_ranking_loss",
    "input1 input2 target margin size_average reduce reduction",
    margin_ranking_loss,
)
enter(
    "cosine_embedding_loss",
    "input1 input2 target margin size_average reduce reduction",
    cosine_embedding_loss,
)
enter(
    "triplet_margin_loss",
    "anchor positive negative margin p eps swap size_average reduce reduction",
    triplet_margin_loss,
)
enter("triplet_margin_with_distance_loss", "anchor positive negative", triplet_with_distance)
