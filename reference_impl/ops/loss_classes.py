"""Losses of scores per class: likelihoods and margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.calling import enter
from reference_impl.ops.lang import array_of, constant, expand, reshape, sum, where, zeros_like
from reference_impl.ops.rule import define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# -- likelihoods -------------------------------------------------------------------------------------------------------


def _shares(shape: tuple[int, ...], target: Any, weight: Any, ignore_index: int, dtype: Any) -> Any:
    """Weight of every score in its loss: the class's weight at the target, 0 elsewhere; shape (batch, classes, ...)."""
    classes = np.arange(shape[1]).reshape((1, -1) + (1,) * (len(shape) - 2))
    kept = target != ignore_index
    if np.any(kept & ((target < 0) | (target >= shape[1]))):
        bad = target[kept & ((target < 0) | (target >= shape[1]))][0]
        raise IndexError(f"Target {bad} is out of bounds.")
    chosen = (np.expand_dims(target, 1) == classes) & np.expand_dims(kept, 1)
    weights = np.ones(shape[1], dtype) if weight is None else weight
    return np.where(chosen, weights.reshape(classes.shape), 0.0).astype(dtype)


def _nll(self: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    shares = _shares(self.shape, target, weight, ignore_index, self.dtype)
    losses = -np.sum(np.where(shares != 0, shares * self, 0.0), axis=1, dtype=self.dtype)
    if reduction == "none":
        return losses
    total = np.sum(losses, dtype=self.dtype)
    return total if reduction == "sum" else total / np.sum(shares, dtype=self.dtype)


def _nll_factors(
    like: Any, shape: tuple[int, ...], target: Any, weight: Any, ignore_index: int, reduction: str
) -> Any:
    """Minus the derivative of the losses, or of their mean, in every score."""
    weight = None if weight is None else array_of(weight)
    shares = _shares(shape, array_of(target), weight, ignore_index, array_of(like).dtype)
    if reduction == "mean":
        shares = shares / np.sum(shares, dtype=shares.dtype)
    return constant(shares, like)


def _nll_vjp(
    ct: Any,
    self: Any,
    target: Any,
    weight: Any,
    self_shape: tuple[int, ...],
    ignore_index: int,
    reduction: str,
) -> Any:
    _ = self  # linear, but torch keeps the scores, and refuses backward after a write to them
    factors = _nll_factors(ct, self_shape, target, weight, ignore_index, reduction)
    per_loss = reshape(ct, (self_shape[0], 1, *self_shape[2:])) if reduction == "none" else ct
    return -per_loss * factors


def _nll_jvp(
    self_t: Any, target: Any, weight: Any, self_shape: Any, ignore_index: int, reduction: str
) -> Any:
    t = -self_t * _nll_factors(self_t, self_shape, target, weight, ignore_index, reduction)
    return sum(t, 1) if reduction == "none" else sum(t)


def _nll_row(name: str, node: str) -> Any:
    return define_op(
        name,
        node=node,
        forward=_nll,
        inputs=("self", "target", "weight"),
        vjp={"self": _nll_vjp, "target": None, "weight": None},
        jvp=_nll_jvp,
        method=False,
    )


nll_row = _nll_row("nll_loss", "NllLossBackward0")
nll_2d_row = _nll_row("nll_loss2d", "NllLoss2DBackward0")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Minus the log-probability of the target class; the mean is weighted."""
    if input.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {input.ndim})")
    if input.ndim == 1:
        return _one_sample(input, target, weight, ignore_index, reduction)
    if input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    if tuple(input.shape[2:]) != tuple(target.shape[1:]):
        raise ValueError(
            f"Expected target size {[input.shape[0], *input.shape[2:]]}, got {list(target.shape)}"
        )
    return (nll_row if input.ndim == 2 else nll_2d_row)(
        input, target, weight, reduction, ignore_index
    )


def _one_sample(x: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str) -> Any:
    loss = nll_row(
        OPS["unsqueeze"](x, 0), OPS["reshape"](target, (1,)), weight, reduction, ignore_index
    )
    return OPS["squeeze"](loss, 0) if reduction == "none" else loss


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """``nll_loss`` of the log-softmax over the classes; the target may also be probabilities."""
    dim = 1 if input.ndim > 1 else 0
    logs = OPS["nn.functional.log_softmax"](input, dim)
    if target._data.dtype.kind == "f" and target.shape == input.shape:
        return _from_probabilities(logs, target, weight, reduction, label_smoothing)
    if label_smoothing == 0:
        return nll_loss(logs, target, weight, ignore_index, reduction)
    return _smoothed(logs, target, weight, ignore_index, reduction, label_smoothing)


def _per_class(weight: Tensor, ndim: int) -> Tensor:
    """Weights in line with the class dimension."""
    return OPS["reshape"](weight, (1, -1, *(1,) * (ndim - 2)) if ndim > 1 else (-1,))  # type: ignore[no-any-return]


def _from_probabilities(
    logs: Tensor, target: Tensor, weight: Any, reduction: str, label_smoothing: float
) -> Any:
    dim, count = (1, logs.shape[1]) if logs.ndim > 1 else (0, logs.shape[0])
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / count
    terms = logs * target if weight is None else logs * target * _per_class(weight, logs.ndim)
    if reduction == "none":
        return -sum(terms, dim)
    total = -sum(terms)
    return total if reduction == "sum" else total / max(logs._data.size // max(count, 1), 1)


def _smoothed(
    logs: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Any:
    """(1 - s) of the loss at the target, s of the mean loss over all classes."""
    dim, count = (1, logs.shape[1]) if logs.ndim > 1 else (0, logs.shape[0])
    hard = nll_loss(logs, target, weight, ignore_index, reduction)
    everywhere = -sum(logs if weight is None else logs * _per_class(weight, logs.ndim), dim)
    ignored = target._data == ignore_index
    everywhere = where(ignored, 0.0, everywhere)
    if reduction == "none":
        even = everywhere
    elif reduction == "sum":
        even = sum(everywhere)
    else:
        safe = np.where(ignored, 0, target._data)
        weights = np.ones(count, logs._data.dtype) if weight is None else weight._data
        even = sum(everywhere) / np.sum(np.where(ignored, 0.0, weights[safe])).item()
    return hard * (1 - smoothing) + even * (smoothing / count)


# -- margins -----------------------------------------------------------------------------------------------------------


def _batched(x: Any) -> Any:
    return reshape(x, (1, -1)) if array_of(x).ndim < 2 else x


def _at_target(shape: tuple[int, ...], target: Any) -> Any:
    """True at each sample's class."""
    return np.arange(shape[1]) == np.reshape(target, (-1, 1))


def _violations(self: Any, target: Any, margin: float) -> tuple[Any, Any, Any]:
    """How much nearer than the margin each class is to the target's score; where another is; the target's place."""
    x = _batched(self)
    place = _at_target(array_of(x).shape, array_of(target))
    score = sum(where(place, x, 0.0), 1, keepdim=True)
    z = x - score + margin
    return z, (array_of(z) > 0) & ~place, place


def _class_scale(like: Any, target: Any, weight: Any) -> Any:
    """The target class's weight over the number of classes, (batch, 1)."""
    x = array_of(_batched(like))
    rows = np.reshape(array_of(target), (-1, 1))
    weights = np.ones(x.shape[-1], x.dtype) if weight is None else array_of(weight)
    return (weights[rows] / x.shape[-1]).astype(x.dtype)


def _reduced_rows(rows: Any, reduction: str, *, single: bool) -> Any:
    if reduction == "none":
        return rows[0] if single else rows
    return rows.sum(dtype=rows.dtype) if reduction == "sum" else rows.mean(dtype=rows.dtype)


def _multi_margin(
    self: Any, target: Any, weight: Any, p: int, margin: float, reduction: str
) -> Any:
    z, active, _ = _violations(self, target, margin)
    terms = np.where(active, z**p, 0.0) * _class_scale(self, target, weight)
    return _reduced_rows(terms.sum(axis=1).astype(self.dtype), reduction, single=self.ndim < 2)


def _multi_margin_slope(self: Any, target: Any, weight: Any, p: int, margin: float) -> Any:
    """Each violating class pushes its own score down and the target's up."""
    z, active, place = _violations(self, target, margin)
    push = where(active, z if p == 2 else zeros_like(z) + 1, 0.0) * constant(
        p * _class_scale(self, target, weight), self
    )
    return where(place, -expand(sum(push, 1, keepdim=True), array_of(push).shape), push)


def _per_row(ct: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """A loss's cotangent as one per sample, (batch, 1) or a number."""
    if reduction == "none":
        return reshape(ct, (-1, 1))
    return ct if reduction == "sum" or len(shape) < 2 else ct / shape[0]


multi_margin_row = define_op(
    "multi_margin_loss",
    node="MultiMarginLossBackward0",
    forward=_multi_margin,
    inputs=("self", "target", "weight"),
    vjp={
        "self": lambda ct, self, target, weight, self_shape, p, margin, reduction: reshape(
            _per_row(ct, self_shape, reduction)
            * _multi_margin_slope(self, target, weight, p, margin),
            self_shape,
        ),
        "target": None,
        "weight": None,
    },
    jvp=lambda self, target, weight, self_t, self_shape, p, margin, reduction: _row_tangent(
        _batched(self_t) * _multi_margin_slope(self, target, weight, p, margin),
        self_shape,
        reduction,
    ),
    method=False,
)


def _row_tangent(terms: Any, shape: tuple[int, ...], reduction: str) -> Any:
    rows = sum(terms, 1)
    if reduction == "none":
        return reshape(rows, shape[:-1])
    return sum(rows) / (array_of(rows).size if reduction == "mean" else 1)


def _listed(target: Any) -> Any:
    """Which entries of rows of class numbers are meant: those before the first -1."""
    return np.cumsum(target < 0, axis=1) == 0


def _pairs(self: Any, target: Any) -> tuple[Any, Any, Any]:
    """1 - (x_t - x_i) for every listed class t (axis 1) and class i (axis 2); where it counts; the rows of targets."""
    x, rows = (
        self.reshape(-1, self.shape[-1] if self.ndim else 1),
        target.reshape(-1, target.shape[-1] if target.ndim else 1),
    )
    listed = _listed(rows)
    chosen = np.where(listed, rows, 0)
    member = np.zeros(x.shape, bool)
    for n, k in zip(*np.nonzero(listed), strict=True):
        member[n, chosen[n, k]] = True
    z = 1 - np.take_along_axis(x, chosen, 1)[:, :, None] + x[:, None, :]
    return z, (z > 0) & listed[:, :, None] & ~member[:, None, :], chosen


def _multilabel(self: Any, target: Any, reduction: str) -> Any:
    z, active, _ = _pairs(self, target)
    rows = (np.where(active, z, 0.0).sum(axis=(1, 2)) / z.shape[2]).astype(self.dtype)
    return _reduced_rows(rows, reduction, single=self.ndim < 2)


def _multilabel_slope(self: Any, target: Any) -> Any:
    """Piecewise constant: counts of violated pairs, up for the other class, down for the listed one."""
    x = array_of(self)
    z, active, chosen = _pairs(x, array_of(target))
    made = active.sum(axis=1).astype(x.dtype)
    np.subtract.at(
        made, (np.arange(len(made))[:, None], chosen), active.sum(axis=2).astype(x.dtype)
    )
    return constant(made / z.shape[2], self)


multilabel_row = define_op(
    "multilabel_margin_loss",
    node="MultilabelMarginLossBackward0",
    forward=_multilabel,
    inputs=("self", "target"),
    vjp={
        "self": lambda ct, self, target, self_shape, reduction: reshape(
            _per_row(ct, self_shape, reduction) * _multilabel_slope(self, target), self_shape
        ),
        "target": None,
    },
    jvp=lambda self, target, self_t, self_shape, reduction: _row_tangent(
        _batched(self_t) * _multilabel_slope(self, target), self_shape, reduction
    ),
    method=False,
)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: str = "mean",
) -> Any:
    """How far other classes come nearer than the margin to the target's score, to the power of ``p``."""
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    return multi_margin_row(input, target, weight, p, margin, reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Any:
    """``multi_margin_loss`` with several right classes, listed up to the first -1."""
    return multilabel_row(input, target, reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Mean over the classes of the binary cross entropy of each."""
    logsigmoid = OPS["nn.functional.logsigmoid"]
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    rows = sum(loss, -1) / input.shape[-1]
    return rows if reduction == "none" else OPS["sum" if reduction == "sum" else "mean"](rows)


_WEIGHTED = "input target weight size_average ignore_index reduce reduction"
enter("nll_loss", _WEIGHTED, nll_loss)
enter("cross_entropy", f"{_WEIGHTED} label_smoothing", cross_entropy)
enter(
    "multi_margin_loss",
    "input target p margin weight size_average reduce reduction",
    multi_margin_loss,
)
enter(
    "multilabel_margin_loss", "input target size_average reduce reduction", multilabel_margin_loss
)
enter(
    "multilabel_soft_margin_loss",
    "input target weight size_average reduce reduction",
    multilabel_soft_margin_loss,
)


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Any = None,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:
    """``cross_entropy`` of ``linear(input, linear_weight)``; ``options`` only say how much memory that may take."""
    _ = options
    shape = tuple(linear_weight.shape[:-1])
    flat = OPS["reshape"](linear_weight, (-1, linear_weight.shape[-1]))
    scores = OPS["matmul"](input, OPS["transpose"](flat, 0, 1))
    scores = OPS["reshape"](scores, (*input.shape[:-1], *shape)) if len(shape) > 1 else scores
    if linear_bias is not None:
        scores = scores + linear_bias
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(scores, target, weight, ignored, reduction, label_smoothing)


enter("linear_cross_entropy", "input linear_weight target", linear_cross_entropy)
