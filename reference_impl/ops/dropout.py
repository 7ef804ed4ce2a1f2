"""Dropout and its kin: a random mask times the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import mapping
from reference_impl.bfloat16_array import cast
from reference_impl.grad_mode import MODE
from reference_impl.meta_array import placed
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _keep(shape: tuple[int, ...], p: float) -> Any:
    """True with probability 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if MODE.vmap:
        mapping.check_draw()
    return np.asarray(OPS["default_generator"].numpy.random(shape) >= p)  # type: ignore[attr-defined]


def _scaled_mask(x: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    share = _keep(shape, p) / np.float64(1 - p) if p < 1 else np.zeros(shape)
    return _of_kind(x, share)


def _of_kind(x: Tensor, numbers: Any) -> Tensor:
    """The numbers in the dtype and on the device of a tensor."""
    return make(placed(cast(numbers, x._data.dtype), x.device))


def _times(x: Tensor, factor: Tensor, *, inplace: bool) -> Any:
    return OPS["mul_" if inplace else "mul"](x, factor)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element zeroed with probability ``p``, the others divided by 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    return _times(input, _scaled_mask(input, input._data.shape, p), inplace=inplace)


def _channels(shape: tuple[int, ...], spatial: int | None) -> tuple[int, ...]:
    """One number per channel: sizes of batch and channel, then ones."""
    batched = spatial is None or len(shape) != spatial + 1
    lead = 2 if batched else 1
    return shape[:lead] + (1,) * (len(shape) - lead)


def _channel_dropout(name: str, spatial: int) -> None:
    def op(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        mask = _scaled_mask(input, _channels(input._data.shape, spatial), p)
        return _times(input, mask, inplace=inplace) if training and p > 0 else input

    define_function(f"nn.functional.{name}", op, method=False)


_channel_dropout("dropout1d", 1)
_channel_dropout("dropout2d", 2)
_channel_dropout("dropout3d", 3)

# The value that selu tends to for very negative inputs, -scale * alpha of nn.functional.selu.
_SATURATED = -1.7580993408473766


def _alpha(
    input: Tensor, shape: tuple[int, ...], p: float, *, training: bool, inplace: bool
) -> Any:
    """Dropped elements get selu's limit s; then a x + b restores mean 0 and variance 1.

    Of x with mean 0 and variance 1, kept with probability q = 1 - p, the mean is p s and the variance
    q + s^2 p q; so a = (q + s^2 p q)^(-1/2) and b = -a p s.
    """
    if not training or p == 0:
        return input
    keep = _keep(shape, p)
    a = 0.0 if p == 1 else ((1 - p) * (1 + p * _SATURATED**2)) ** -0.5
    factor = _of_kind(input, keep * a)
    shift = _of_kind(input, np.where(keep, 0.0, a * _SATURATED) - a * p * _SATURATED)
    return OPS["add_" if inplace else "add"](_times(input, factor, inplace=inplace), shift)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Any:
    """Dropout that keeps mean and variance, for selu."""
    return _alpha(input, input._data.shape, p, training=training, inplace=inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Any:
    """``alpha_dropout`` of whole channels."""
    return _alpha(input, _channels(input._data.shape, None), p, training=training, inplace=inplace)


define_function("nn.functional.dropout", dropout, method=False)
define_function("nn.functional.alpha_dropout", alpha_dropout, method=False)
define_function("nn.functional.feature_alpha_dropout", feature_alpha_dropout, method=False)
define_function("dropout", lambda input, p, train: dropout(input, p, train), method=False)


def _native(self: Any, p: float, train: bool | None) -> Any:
    if not train:
        return self.copy(), np.ones(self.shape, bool)
    mask = _keep(self.shape, p)
    scale = self.dtype.type(0 if p == 1 else 1 / (1 - p))
    return self * mask * scale, mask


def _scale(p: float, train: bool | None) -> float:
    return 1.0 if not train else 0.0 if p == 1 else 1 / (1 - p)


define_op(
    "native_dropout",
    node="NativeDropoutBackward0",
    forward=_native,
    inputs=("self",),
    outputs=("result", "mask"),
    differentiable=("result",),
    vjp={"self": lambda ct, mask, p, train: ct * mask * _scale(p, train)},
    jvp=lambda self_t, mask, p, train: (self_t * mask * _scale(p, train), None),
    method=False,
)
define_op(
    "native_dropout_backward",
    node="NativeDropoutBackwardBackward0",
    forward=lambda self, mask, scale: self * mask * self.dtype.type(scale),
    inputs=("self", "mask"),
    vjp={
        "self": lambda ct, mask, scale: ct * mask * scale,
        "mask": None,
    },
    jvp=lambda self_t, mask, scale: self_t * mask * scale,
    method=False,
)
