"""Connectionist temporal classification: the likelihood of a label sequence over all its alignments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from reference_impl.ops.calling import enter
from reference_impl.ops.lang import array_of, reshape, sum, undefined
from reference_impl.ops.rule import define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# Note [Ways through the labels]
# A label sequence is spread over time with repetitions and blanks. With a blank before, between and behind the labels,
# an alignment walks through this longer sequence by staying, by one step, or by two where that skips a blank between
# different labels. alpha_t(s) is the probability of all ways to be at place s at time t, with the symbols seen so far;
# beta_t(s) that of the symbols from t on. Hence the share of place s at time t in the whole is
# alpha_t(s) beta_t(s) / y_t(s) / p, which is minus the derivative of -log p in log y_t(s).


class Sample(NamedTuple):
    """One sequence: log-probabilities (time, class) and its labels with blanks."""

    logs: Any
    labels: Any
    skips: Any  # where a step of two is allowed


def _sample(logs: Any, target: Any, blank: int) -> Sample:
    labels = np.full(2 * len(target) + 1, blank)
    labels[1::2] = target
    skips = np.zeros(len(labels), bool)
    skips[2:] = (labels[2:] != blank) & (labels[2:] != labels[:-2])
    return Sample(logs.astype(np.float64), labels, skips)


def _forward(samples: list[Sample]) -> list[Any]:
    """log alpha of each sequence, (time, place); all take a step at once, in an array as wide as the longest."""
    times = max((len(s.logs) for s in samples), default=0)
    places = max((len(s.labels) for s in samples), default=0)
    seen = np.full((times, len(samples), places), -np.inf)
    skips = np.zeros((len(samples), places), bool)
    for n, s in enumerate(samples):
        seen[: len(s.logs), n, : len(s.labels)] = s.logs[:, s.labels]
        skips[n, : len(s.labels)] = s.skips
    alpha = np.full_like(seen, -np.inf)
    alpha[:1, :, :2] = seen[:1, :, :2]
    before = np.full((len(samples), places + 2), -np.inf)  # two places that nobody comes from
    for t in range(1, times):
        before[:, 2:] = alpha[t - 1]
        came = np.logaddexp(before[:, 2:], before[:, 1:-1])
        alpha[t] = seen[t] + np.logaddexp(came, np.where(skips, before[:, :-2], -np.inf))
    return [alpha[: len(s.logs), n, : len(s.labels)] for n, s in enumerate(samples)]


def _backward(samples: list[Sample]) -> list[Any]:
    """log beta: log alpha of the sequences told from their ends."""
    return [found[::-1, ::-1] for found in _forward([_turned(s) for s in samples])]


def _turned(s: Sample) -> Sample:
    skips = np.zeros_like(s.skips)
    skips[: len(skips) - 2] = s.skips[2:]
    return Sample(s.logs[::-1], s.labels[::-1], skips[::-1])


def _loss_of(alpha: Any) -> float:
    """-log p: an alignment ends at the last label or at the blank behind it."""
    if not len(alpha):
        return 0.0 if alpha.shape[1] == 1 else np.inf
    return float(-np.logaddexp.reduce(alpha[-1, -2:]))


def _samples(log_probs: Any, targets: Any, lengths: tuple[Any, Any], blank: int) -> list[Sample]:
    """The batch's sequences; targets are rows, or one behind the other."""
    ends = np.cumsum(lengths[1])
    made = []
    for n, (time, count) in enumerate(zip(*lengths, strict=True)):
        labels = targets[n, :count] if targets.ndim == 2 else targets[ends[n] - count : ends[n]]
        made.append(_sample(log_probs[:time, n], labels, blank))
    return made


def _losses(
    self: Any, targets: Any, lengths: tuple[Any, Any], blank: int, zero_infinity: bool
) -> Any:
    samples = _samples(self, targets, lengths, blank)
    found = np.array([_loss_of(alpha) for alpha in _forward(samples)])
    return np.where(np.isinf(found) & zero_infinity, 0.0, found).astype(self.dtype)


def _shares(
    log_probs: Any, targets: Any, lengths: tuple[Any, Any], blank: int, zero_infinity: bool
) -> Any:
    """Share of every class at every time: (time, batch, class). See Note [Ways through the labels]."""
    made = np.zeros_like(log_probs)
    samples = _samples(log_probs, targets, lengths, blank)
    ways = zip(samples, _forward(samples), _backward(samples), strict=True)
    for n, (s, alpha, beta) in enumerate(ways):
        loss = _loss_of(alpha)
        if np.isinf(loss):
            made[: len(s.logs), n] = 0.0 if zero_infinity else np.nan
            continue
        places = np.nan_to_num(np.exp(alpha + beta - s.logs[:, s.labels] + loss))
        index: Any = (slice(None), s.labels)  # a label may come more than once
        np.add.at(made[: len(s.logs), n], index, places.astype(made.dtype))
    return made


_OPTIONS: dict[str, Any] = {"lengths": ((), ()), "blank": 0, "zero_infinity": False}
shares_row = define_op(
    "_ctc_shares",
    node="CtcLossBackward0Backward0",
    forward=_shares,
    inputs=("log_probs", "targets"),
    params=_OPTIONS,
    vjp={"log_probs": undefined("_ctc_loss_backward"), "targets": None},
    jvp=lambda log_probs_t: undefined("_ctc_loss_backward")(log_probs_t),
    method=False,
)


def _of_all(log_probs: Any, targets: Any, lengths: Any, blank: int, zero_infinity: bool) -> Any:
    fn = shares_row if isinstance(log_probs, Tensor) else _shares
    return fn(log_probs, array_of(targets), lengths, blank, zero_infinity)


loss_row = define_op(
    "_ctc_loss",
    node="CtcLossBackward0",
    forward=_losses,
    inputs=("log_probs", "targets"),
    params=_OPTIONS,
    vjp={
        "log_probs": lambda ct, log_probs, targets, lengths, blank, zero_infinity: (
            -reshape(ct, (1, -1, 1)) * _of_all(log_probs, targets, lengths, blank, zero_infinity)
        ),
        "targets": None,
    },
    jvp=lambda log_probs, targets, log_probs_t, lengths, blank, zero_infinity: (
        -sum(log_probs_t * _of_all(log_probs, targets, lengths, blank, zero_infinity), (0, 2))
    ),
    method=False,
)


def _numbers(lengths: Any) -> tuple[int, ...]:
    found = np.atleast_1d(array_of(lengths)) if not isinstance(lengths, tuple | list) else lengths
    return tuple(int(n) for n in found)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """Minus the log-likelihood of each label sequence; the mean is over labels, then over the batch."""
    single = log_probs.ndim == 2
    batch = OPS["unsqueeze"](log_probs, 1) if single else log_probs
    lengths = (_numbers(input_lengths), _numbers(target_lengths))
    losses = loss_row(batch, targets, lengths, blank, zero_infinity)
    if reduction == "mean":
        return OPS["mean"](
            losses / OPS["as_tensor"](np.maximum(lengths[1], 1).astype(losses._data.dtype))
        )
    if reduction == "sum":
        return sum(losses)
    return OPS["squeeze.dim"](losses, 0) if single else losses


enter(
    "ctc_loss",
    "log_probs targets input_lengths target_lengths blank reduction zero_infinity",
    ctc_loss,
)
