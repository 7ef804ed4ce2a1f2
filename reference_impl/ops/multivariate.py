"""Smooth functions of several numbers: angles, lengths, blends, logarithms of sums and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.lang import array_of, bounded, conj, divide_or_zero, either, log, where
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.special_values import log1p as log1p_values
from reference_impl.ops.special_values import sigmoid as sigmoid_values
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# -- lengths and angles ------------------------------------------------------------------------------------------------


def _of_length(x: Any, length: Any) -> Any:
    """``x`` over the length that it is a part of, also where that is infinite by it alone."""
    return bounded(x) / bounded(length)


def _turn(across: Any, self: Any, other: Any) -> Any:
    """A step across the direction, over the length squared; what is infinitely long does not turn."""
    self, other = bounded(self), bounded(other)
    return divide_or_zero(across, self * self + other * other)


hypot = define_op(
    "hypot",
    node="HypotBackward0",
    forward=np.hypot,
    inputs=("self", "other"),
    vjp={
        "self": lambda ct, self, result: ct * _of_length(self, result),
        "other": lambda ct, other, result: ct * _of_length(other, result),
    },
    jvp=lambda self, other, result, self_t, other_t: (
        self_t * _of_length(self, result) + other_t * _of_length(other, result)
    ),
)
atan2 = define_op(
    "atan2",
    node="Atan2Backward0",
    forward=np.arctan2,
    inputs=("self", "other"),
    promote="float",
    # The angle of (other, self) turns by the part of a step that is across the direction, over the length.
    vjp={
        "self": lambda ct, self, other: ct * _turn(bounded(other), self, other),
        "other": lambda ct, self, other: ct * -_turn(bounded(self), self, other),
    },
    jvp=lambda self, other, self_t, other_t: _turn(
        self_t * bounded(other) - other_t * bounded(self), self, other
    ),
    aliases=("arctan2",),
)

# -- blends ------------------------------------------------------------------------------------------------------------


def _lerp(self: Any, end: Any, weight: Any) -> Any:
    """From the nearer end, so that both ends are met exactly."""
    way = end - self
    return np.where(np.abs(weight) < 0.5, self + weight * way, end - way * (1 - weight)).astype(
        self.dtype
    )


def _weight(weight: Any) -> Any:
    return conj(weight) if not isinstance(weight, int | float | complex) else weight.conjugate()


lerp_number = define_op(
    "lerp.number",
    node="LerpBackward0",
    forward=lambda self, end, weight: _lerp(self, end, weight),
    inputs=("self", "end"),
    pointwise=True,
    vjp={
        "self": lambda ct, weight: ct * (1 - _weight(weight)),
        "end": lambda ct, weight: ct * _weight(weight),
    },
    jvp=lambda self_t, end_t, weight: self_t * (1 - weight) + end_t * weight,
    method=False,
)
lerp_tensor = define_op(
    "lerp.tensor",
    node="LerpBackward1",
    forward=_lerp,
    inputs=("self", "end", "weight"),
    params={},
    pointwise=True,
    vjp={
        "self": lambda ct, weight: ct * (1 - weight).conjugate(),
        "end": lambda ct, weight: ct * weight.conjugate(),
        "weight": lambda ct, self, end: ct * (end - self).conjugate(),
    },
    jvp=lambda self, end, weight, self_t, end_t, weight_t: (
        self_t * (1 - weight) + end_t * weight + weight_t * (end - self)
    ),
    method=False,
)


def lerp(self: Tensor, end: Tensor, weight: Any) -> Any:
    """The point ``weight`` of the way from ``self`` to ``end``."""
    return (lerp_tensor if isinstance(weight, Tensor) else lerp_number)(self, end, weight)


def lerp_(self: Tensor, end: Tensor, weight: Any) -> Any:
    """``lerp`` in place."""
    return OPS["lerp.tensor_" if isinstance(weight, Tensor) else "lerp.number_"](self, end, weight)


define_function("lerp", lerp)
define_function("lerp_", lerp_)


def _scaled(x: Any, value: Any) -> Any:
    """``x`` times a number, in its own dtype."""
    return x if value == 1 else x * x.dtype.type(value)


def _value(value: Any) -> Any:
    return value.conjugate() if isinstance(value, complex) else value


addcmul = define_op(
    "addcmul",
    node="AddcmulBackward0",
    forward=lambda self, tensor1, tensor2, value=1: self + _scaled(tensor1 * tensor2, value),
    inputs=("self", "tensor1", "tensor2"),
    pointwise=True,
    vjp={
        "self": lambda ct: ct,
        "tensor1": lambda ct, tensor2, value: ct * (tensor2.conjugate() * _value(value)),
        "tensor2": lambda ct, tensor1, value: ct * (tensor1.conjugate() * _value(value)),
    },
    jvp=lambda tensor1, tensor2, self_t, tensor1_t, tensor2_t, value: (
        self_t + (tensor1_t * tensor2 + tensor1 * tensor2_t) * value
    ),
)
addcdiv = define_op(
    "addcdiv",
    node="AddcdivBackward0",
    forward=lambda self, tensor1, tensor2, value=1: self + _scaled(tensor1 / tensor2, value),
    inputs=("self", "tensor1", "tensor2"),
    pointwise=True,
    promote="float",
    vjp={
        "self": lambda ct: ct,
        "tensor1": lambda ct, tensor2, value: ct * (_value(value) / tensor2.conjugate()),
        "tensor2": lambda ct, tensor1, tensor2, value: (
            -ct * (tensor1 / (tensor2 * tensor2)).conjugate() * _value(value)
        ),
    },
    jvp=lambda tensor1, tensor2, self_t, tensor1_t, tensor2_t, value: (
        self_t + (tensor1_t - tensor2_t * (tensor1 / tensor2)) / tensor2 * value
    ),
)

# -- logarithms of sums ------------------------------------------------------------------------------------------------


def _log_sum(x: Any, y: Any) -> Any:
    """log(e^x + e^y); of complex numbers relative to the one with the larger real part."""
    if x.dtype.kind != "c":
        return np.logaddexp(x, y)
    top, low = np.where(x.real >= y.real, x, y), np.where(x.real >= y.real, y, x)
    made = top + log1p_values(np.exp(low - top))
    return np.where(np.isinf(x.real) & (x == y), x, made).astype(x.dtype)


# A word of its own, so that its derivative is s (1 - s), which is 0 where an operand is infinite: that of
# 1 / (1 + e^d), formed step by step, is the quotient of two infinities there.
_sigmoid = either("sigmoid", sigmoid_values)


def _share(mine: Any, other: Any) -> Any:
    """e^x / (e^x + e^y), from a difference so that it cannot overflow."""
    return _sigmoid(mine - other)


def _share2(mine: Any, other: Any) -> Any:
    return _sigmoid((mine - other) * math.log(2))


def _log_sum_row(name: str, node: str, forward: Any, share: Any) -> Any:
    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=("self", "other"),
        params={},
        pointwise=True,
        promote="float",
        vjp={
            "self": lambda ct, self, other: ct * share(self, other).conjugate(),
            "other": lambda ct, self, other: ct * share(other, self).conjugate(),
        },
        jvp=lambda self, other, self_t, other_t: (
            self_t * share(self, other) + other_t * share(other, self)
        ),
        inplace=False,
    )


logaddexp = _log_sum_row("logaddexp", "LogaddexpBackward0", _log_sum, _share)
logaddexp2 = _log_sum_row("logaddexp2", "Logaddexp2Backward0", np.logaddexp2, _share2)

# -- products with a logarithm -----------------------------------------------------------------------------------------


def _log_product(factor: Any, arg: Any, logarithm: Any) -> Any:
    """``factor * logarithm(arg)``, and 0 where the factor is 0 unless the argument is NaN."""
    return np.where(
        np.isnan(arg), np.nan, np.where(factor == 0, 0.0, factor * logarithm(arg))
    ).astype(factor.dtype)


log1p = either("log1p", log1p_values)
_numbers = (int, float)


def _log_product_rows(
    name: str, node: str, logarithm: Any, array_log: Any, shift: float, aliases: tuple[str, ...]
) -> None:
    """x log(y + shift): one row for tensors, one for each operand that may be a number."""

    def slope(self: Any, other: Any) -> Any:
        limit = (array_of(self) == 0) & (array_of(other) <= -shift)
        return where(limit, 0.0, logarithm(other))

    def forward(self: Any, other: Any) -> Any:
        return _log_product(self, other, array_log)

    def promoted(self: Any, other: Any) -> Any:
        dtype = dtypes.result_dtype((self, other))
        kind = dtype if dtype.kind == "f" else dtypes.default_numpy()
        return forward(np.asarray(self).astype(kind), np.asarray(other).astype(kind))

    define_op(
        f"{name}.tensors", node=f"{node}0", forward=forward, inputs=("self", "other"), pointwise=True, promote="float",
        vjp={
            "self": lambda ct, self, other: ct * slope(self, other),
            "other": lambda ct, self, other: ct * (self / (other + shift)),
        },
        jvp=lambda self, other, self_t, other_t: self_t * slope(self, other) + other_t * (self / (other + shift)),
        method=False,
    )  # fmt: skip
    define_op(
        f"{name}.number_first", node=f"{node}1", forward=lambda other, self: promoted(self, other), inputs=("other",),
        pointwise=True, promote=None,
        vjp={"other": lambda ct, other, self: ct * (self / (other + shift))},
        jvp=lambda other, other_t, self: other_t * (self / (other + shift)),
        method=False, inplace=False,
    )  # fmt: skip
    define_op(
        f"{name}.number_second", node=f"{node}2", forward=promoted, inputs=("self",), pointwise=True, promote=None,
        vjp={"self": lambda ct, self, other: ct * slope(self, np.asarray(other, array_of(ct).dtype))},
        jvp=lambda self, self_t, other: self_t * slope(self, np.asarray(other, array_of(self).dtype)),
        method=False,
    )  # fmt: skip

    def op(self: Any, other: Any) -> Any:
        if isinstance(self, Tensor):
            return OPS[f"{name}.tensors" if isinstance(other, Tensor) else f"{name}.number_second"](
                self, other
            )
        return OPS[f"{name}.number_first"](other, self)

    def write(self: Tensor, other: Any) -> Any:
        return OPS[f"{name}.tensors_" if isinstance(other, Tensor) else f"{name}.number_second_"](
            self, other
        )

    define_function(name, op, aliases=aliases)
    define_function(f"{name}_", write)


_log_product_rows("xlogy", "XlogyBackward", log, np.log, 0.0, ("special.xlogy",))
_log_product_rows("special.xlog1py", "SpecialXlog1PyBackward", log1p, np.log1p, 1.0, ())

# -- one number, with options ------------------------------------------------------------------------------------------


def _logit(self: Any, eps: Any = None) -> Any:
    x = np.asarray(self)
    if x.dtype.kind != "f":
        x = x.astype(dtypes.default_numpy())
    if eps is not None:
        x = np.clip(x, x.dtype.type(eps), x.dtype.type(1 - eps))
    return np.log(x / (1 - x))


def _logit_slope(x: Any, eps: Any) -> Any:
    """1 / (x (1 - x)) between the bounds; outside 0, or NaN where there are no bounds to have cut the value."""
    low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    inside = (array_of(x) >= low) & (array_of(x) <= high)
    return where(inside, 1 / (x * (1 - x)), math.nan if eps is None else 0.0)


logit = define_op(
    "logit",
    node="LogitBackward0",
    forward=_logit,
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self, eps: ct * _logit_slope(self, eps)},
    jvp=lambda self, self_t, eps: self_t * _logit_slope(self, eps),
    aliases=("special.logit",),
)


def _nan_to_num(self: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    if self.dtype.kind in "biu":
        return np.array(self)
    return np.nan_to_num(self, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def _only_finite(ct: Any, self: Any) -> Any:
    return where(np.isfinite(array_of(self)), ct, 0.0)


nan_to_num = define_op(
    "nan_to_num",
    node="NanToNumBackward0",
    forward=_nan_to_num,
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self: _only_finite(ct, self)},
    jvp=lambda self, self_t: _only_finite(self_t, self),
)


def _factor_row(name: str, node: str, factor: float) -> Any:
    return define_op(
        name,
        node=node,
        forward=lambda self: self * self.dtype.type(factor),
        inputs=("self",),
        pointwise=True,
        promote="float",
        vjp={"self": lambda ct: ct * factor},
        jvp=lambda self_t: self_t * factor,
    )


deg2rad = _factor_row("deg2rad", "Deg2RadBackward0", math.pi / 180)
rad2deg = _factor_row("rad2deg", "Rad2DegBackward0", 180 / math.pi)
