"""Activations: rectifiers, and smooth curves like them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.ops import special_values as values
from reference_impl.ops.lang import (
    absolute,
    array_of,
    bounded,
    concatenate,
    constant,
    either,
    exp,
    is_complex,
    part,
    tanh,
    where,
)
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def curve(name: str, node: str, forward: Any, vjp: Any, jvp: Any, *, method: bool = False) -> Any:
    """A row of a function of one number; its options are those of ``forward`` after the array."""
    return define_op(
        name, node=node, forward=forward, inputs=("self",), pointwise=True, promote=None, vjp={"self": vjp}, jvp=jvp,
        method=method,
    )  # fmt: skip


def offer(name: str, row: str | None = None) -> None:
    """``nn.functional.<name>(input, ..., inplace=False)`` and ``nn.functional.<name>_`` of a row."""
    plain = row or name
    count = 1 + len(OPS[plain].rule.params)  # type: ignore[attr-defined]

    def op(input: Tensor, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        if len(args) == count:  # the flag given by position
            args, inplace = args[:-1], args[-1]
        return OPS[f"{plain}_" if inplace else plain](input, *args, **kwargs)

    define_function(f"nn.functional.{name}", op, method=False)
    if f"{plain}_" in OPS:
        define_function(
            f"nn.functional.{name}_",
            lambda input, *args, **kw: OPS[f"{plain}_"](input, *args, **kw),
            method=False,
        )


sigmoid = either("sigmoid", values.sigmoid)
erfc = either("erfc", values.erfc)

# -- rectifiers --------------------------------------------------------------------------------------------------------

relu_op = define_op(
    "relu",
    node="ReluBackward0",
    forward=lambda self: np.maximum(self, self.dtype.type(0)),
    inputs=("self",),
    pointwise=True,
    vjp={"self": lambda ct, result: where(array_of(result) <= 0, 0.0, ct)},
    jvp=lambda result, self_t: where(array_of(result) <= 0, 0.0, self_t),
)


def _leak(ct: Any, self: Any, negative_slope: float) -> Any:
    """At 0 the smaller slope."""
    return where(array_of(self) > 0, ct, ct * negative_slope)


leaky_relu = curve(
    "leaky_relu",
    "LeakyReluBackward0",
    lambda self, negative_slope=0.01: where(self > 0, self, self * negative_slope),
    lambda ct, self, negative_slope: _leak(ct, self, negative_slope),
    lambda self, self_t, negative_slope: _leak(self_t, self, negative_slope),
)


def _between(ct: Any, self: Any, low: float, high: float) -> Any:
    """``ct`` strictly between two corners, 0 at them and outside."""
    x = array_of(self)
    return where((x <= low) | (x >= high), 0.0, ct)


hardtanh = curve(
    "hardtanh",
    "HardtanhBackward0",
    lambda self, min_val=-1.0, max_val=1.0: np.clip(
        self, self.dtype.type(min_val), self.dtype.type(max_val)
    ),
    lambda ct, self, min_val, max_val: _between(ct, self, min_val, max_val),
    lambda self, self_t, min_val, max_val: _between(self_t, self, min_val, max_val),
)
hardsigmoid = curve(
    "hardsigmoid",
    "HardsigmoidBackward0",
    lambda self: np.clip(self + 3, self.dtype.type(0), self.dtype.type(6)) / 6,
    lambda ct, self: _between(ct / 6, self, -3.0, 3.0),
    lambda self, self_t: _between(self_t / 6, self, -3.0, 3.0),
)


_AT_LIMIT = 1e3  # where sigmoid and its like are 0 or 1 in any dtype, and their slopes 0


def _weighed(x: Any, weight: Any) -> Any:
    """``x`` times a weight between 0 and 1, where 0 outweighs an infinity."""
    return np.where(np.isposinf(x.real), x, bounded(x, _AT_LIMIT) * weight)


def _hardswish_slope(ct: Any, self: Any) -> Any:
    """The slope of x (x + 3) / 6 between the corners, 1 from the upper one on, 0 up to the lower one."""
    x = array_of(self)
    return where(x <= -3, 0.0, where(x >= 3, ct, ct * (self / 3 + 0.5)))


hardswish = curve(
    "hardswish",
    "HardswishBackward0",
    lambda self: _weighed(self, np.clip(self + 3, self.dtype.type(0), self.dtype.type(6)) / 6),
    lambda ct, self: _hardswish_slope(ct, self),
    lambda self, self_t: _hardswish_slope(self_t, self),
)
threshold = curve(
    "threshold",
    "ThresholdBackward0",
    lambda self, threshold, value: where(self <= threshold, self.dtype.type(value), self),
    lambda ct, self, threshold: where(array_of(self) <= threshold, 0.0, ct),
    lambda self, self_t, threshold: where(array_of(self) <= threshold, 0.0, self_t),
)


def _outside(ct: Any, self: Any, lambd: float) -> Any:
    """``ct`` outside the interval that is shrunk to 0."""
    return where(np.abs(array_of(self)) <= lambd, 0.0, ct)


hardshrink = curve(
    "hardshrink",
    "HardshrinkBackward0",
    lambda self, lambd=0.5: where(np.abs(self) <= lambd, 0.0, self),
    lambda ct, self, lambd: _outside(ct, self, lambd),
    lambda self, self_t, lambd: _outside(self_t, self, lambd),
    method=True,
)
softshrink = curve(
    "softshrink",
    "SoftshrinkBackward0",
    lambda self, lambd=0.5: where(
        np.abs(self) <= lambd, 0.0, self - np.sign(self) * self.dtype.type(lambd)
    ),
    lambda ct, self, lambd: _outside(ct, self, lambd),
    lambda self, self_t, lambd: _outside(self_t, self, lambd),
)
prelu_kernel = define_op(
    "_prelu_kernel",
    node="PreluKernelBackward0",
    forward=lambda self, weight: np.where(self > 0, self, self * weight),
    inputs=("self", "weight"),
    pointwise=True,
    vjp={
        "self": lambda ct, self, weight: where(array_of(self) > 0, ct, ct * weight),
        "weight": lambda ct, self: where(array_of(self) > 0, 0.0, ct * self),
    },
    jvp=lambda self, weight, self_t, weight_t: where(
        array_of(self) > 0, self_t, self_t * weight + self * weight_t
    ),
    method=False,
)


def prelu(self: Tensor, weight: Tensor) -> Any:
    """``self`` where positive, times a weight elsewhere: one weight, or one per channel."""
    n = weight._data.size
    if n != 1 and (self.ndim < 2 or self.shape[1] != n):
        found = self.shape[1] if self.ndim > 1 else 1
        raise RuntimeError(
            "Mismatch of parameter numbers and input channel size. "
            f"Found parameter numbers = {n} and channel size = {found}."
        )
    shape = (1, n) + (1,) * (self.ndim - 2) if self.ndim > 1 else (n,) * self.ndim
    return prelu_kernel(self, weight if weight.shape == shape else OPS["view"](weight, shape))


define_function("prelu", prelu, aliases=("nn.functional.prelu",))


def _rrelu(self: Any, lower: float, upper: float, training: bool, generator: Any) -> Any:
    slopes = np.full(self.shape, (lower + upper) / 2)
    if training:
        source: Any = OPS["default_generator"] if generator is None else generator
        slopes = np.asarray(source.numpy.uniform(lower, upper, self.shape))
    noise = np.where(self > 0, 1.0, slopes).astype(self.dtype)
    return self * noise, noise


def _slope_taken(self: Any, result: Any, mean: float) -> Any:
    """The slope, found again from the result; the mean one at 0, where the value does not show it."""
    x, y = array_of(self), array_of(result)
    return np.where(x == 0, mean, y / np.where(x == 0, 1.0, x)).astype(x.dtype)


rrelu = define_op(
    "rrelu",
    node="RreluWithNoiseBackward0",
    forward=_rrelu,
    inputs=("self",),
    params={"lower": 1 / 8, "upper": 1 / 3, "training": False, "generator": None},
    pointwise=True,
    promote=None,
    hidden=1,
    # The slopes alone would do; torch keeps the input as well, which a later write to it must not change.
    vjp={"self": lambda ct, self, hidden0: ct * hidden0},
    jvp=lambda self, result, self_t, lower, upper: (
        self_t * constant(_slope_taken(self, result, (lower + upper) / 2), self_t)
    ),
    method=False,
)


# -- smooth curves -----------------------------------------------------------------------------------------------------


def _elu(self: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    return where(
        self > 0, self * scale, np.expm1(np.minimum(self, 0) * input_scale) * (alpha * scale)
    )


def _elu_slope(ct: Any, self: Any, alpha: float, scale: float, input_scale: float) -> Any:
    up = array_of(self) > 0
    return where(
        up, ct * scale, ct * exp(where(up, 0.0, self) * input_scale) * (alpha * scale * input_scale)
    )


elu = curve(
    "elu",
    "EluBackward0",
    _elu,
    lambda ct, self, alpha, scale, input_scale: _elu_slope(ct, self, alpha, scale, input_scale),
    lambda self, self_t, alpha, scale, input_scale: _elu_slope(
        self_t, self, alpha, scale, input_scale
    ),
)
celu = curve(
    "celu",
    "CeluBackward0",
    lambda self, alpha=1.0: _elu(self, alpha, 1.0, 1 / alpha),
    lambda ct, self, alpha: _elu_slope(ct, self, alpha, 1.0, 1 / alpha),
    lambda self, self_t, alpha: _elu_slope(self_t, self, alpha, 1.0, 1 / alpha),
)
# Mean 0 and variance 1 are a fixed point of selu with these two (Klambauer et al. 2017).
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _gelu_parts(self: Any, approximate: str) -> tuple[Any, Any]:
    """The weight of x in the product, and that weight's slope.

    Both weights are taken where nothing is added to 1, so that their left tails keep their digits: (1 + erf(z)) / 2 as
    erfc(-z) / 2, and (1 + tanh(z)) / 2 as the sigmoid of 2z.
    """
    if approximate == "none":
        density = exp(self * self * -0.5) / math.sqrt(2 * math.pi)
        return 0.5 * erfc(self * -math.sqrt(0.5)), density
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    k = math.sqrt(2 / math.pi)
    bend = 2 * k * (self + 0.044715 * self * self * self)
    weight = sigmoid(bend)
    return weight, 2 * weight * sigmoid(-bend) * k * (1 + 0.134145 * self * self)


def _gelu_slope(self: Any, approximate: str) -> Any:
    self = bounded(self, _AT_LIMIT)
    weight, slope = _gelu_parts(self, approximate)
    return weight + self * slope


gelu = curve(
    "gelu",
    "GeluBackward0",
    lambda self, approximate="none": _weighed(self, _gelu_parts(self, approximate)[0]),
    lambda ct, self, approximate: ct * _gelu_slope(self, approximate),
    lambda self, self_t, approximate: self_t * _gelu_slope(self, approximate),
)


def _silu_slope(self: Any) -> Any:
    self = bounded(self, _AT_LIMIT)
    s = sigmoid(self)
    return s * (1 + self * (1 - s))


silu = curve(
    "silu",
    "SiluBackward0",
    lambda self: _weighed(self, sigmoid(self)),
    lambda ct, self: ct * _silu_slope(self).conjugate(),
    lambda self, self_t: self_t * _silu_slope(self),
)


def _softplus(self: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(beta x)) / beta, and x itself beyond a threshold, as documented: by 2e-9 less at the one it has."""
    y = self * beta
    return where(y > threshold, self, np.logaddexp(y, self.dtype.type(0)) / beta)


def _softplus_slope(ct: Any, self: Any, beta: float, threshold: float) -> Any:
    return where(array_of(self) * beta > threshold, ct, ct * sigmoid(self * beta))


softplus = curve(
    "softplus",
    "SoftplusBackward0",
    _softplus,
    lambda ct, self, beta, threshold: _softplus_slope(ct, self, beta, threshold),
    lambda self, self_t, beta, threshold: _softplus_slope(self_t, self, beta, threshold),
)
log_sigmoid = either("nn.functional.logsigmoid", lambda x: -np.logaddexp(-x, x.dtype.type(0)))


def _mish_slope(self: Any) -> Any:
    self = bounded(self, _AT_LIMIT)
    bend = tanh(-log_sigmoid(-self))  # the op softplus has a threshold, which mish has not
    return bend + self * (1 - bend * bend) * sigmoid(self)


mish = curve(
    "mish",
    "MishBackward0",
    lambda self: _weighed(self, np.tanh(np.logaddexp(self, self.dtype.type(0)))),
    lambda ct, self: ct * _mish_slope(self),
    lambda self, self_t: self_t * _mish_slope(self),
)
logsigmoid = curve(
    "logsigmoid",
    "LogSigmoidBackward0",
    lambda self: -np.logaddexp(-self, self.dtype.type(0)),
    lambda ct, self: ct * sigmoid(-self),
    lambda self, self_t: self_t * sigmoid(-self),
)


def _softsign(self: Any) -> Any:
    far = np.isinf(self)
    near = np.where(far, self.dtype.type(0), self)
    return np.where(far, np.sign(self), near / (np.abs(near) + 1)).astype(self.dtype, copy=False)


def _softsign_slope(self: Any) -> Any:
    """1 / (1 + |x|)^2; as the slope of a quotient it is a difference of terms that are equal but for 1 / x of them."""
    weight = 1 / (absolute(self) + 1)
    return weight * weight


_softsign_of_real = define_op(
    "softsign.real", node="DivBackward0", forward=_softsign, inputs=("self",), pointwise=True, promote="float",
    vjp={"self": lambda ct, self: ct * _softsign_slope(self)},
    jvp=lambda self, self_t: self_t * _softsign_slope(self),
    inplace=False, method=False,
)  # fmt: skip


def softsign(input: Tensor) -> Any:
    """x / (1 + |x|), which at infinity is the sign."""
    return input / (absolute(input) + 1) if is_complex(input) else _softsign_of_real(input)


def tanhshrink(input: Tensor) -> Any:
    """x - tanh(x)."""
    return input - tanh(input)


# -- two halves --------------------------------------------------------------------------------------------------------


def _halves(x: Any, dim: int) -> tuple[Any, Any]:
    shape = array_of(x).shape
    if not shape:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    n = shape[dim]
    if n % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim % len(shape)} is size {n}"
        )
    return part(x, dim, 0, n // 2), part(x, dim, n // 2, n)


def _glu(self: Any, dim: int = -1) -> Any:
    a, b = _halves(self, dim)
    return a * sigmoid(b)


def _glu_vjp(ct: Any, self: Any, dim: int) -> Any:
    a, b = _halves(self, dim)
    s = sigmoid(b)
    return concatenate([ct * s, ct * a * s * (1 - s)], dim)


def _glu_jvp(self: Any, self_t: Any, dim: int) -> Any:
    (a, b), (a_t, b_t) = _halves(self, dim), _halves(self_t, dim)
    s = sigmoid(b)
    return a_t * s + a * s * (1 - s) * b_t


define_op(
    "glu", node="GluBackward0", forward=_glu, inputs=("self",), vjp={"self": _glu_vjp}, jvp=_glu_jvp, method=False,
    aliases=("nn.functional.glu",),
)  # fmt: skip

# -- the functions of nn.functional ------------------------------------------------------------------------------------

for _name in (
    "relu", "leaky_relu", "hardtanh", "hardsigmoid", "hardswish", "threshold", "hardshrink", "softshrink", "rrelu",
    "celu", "gelu", "silu", "softplus", "mish", "logsigmoid",
):  # fmt: skip
    offer(_name)


def elu_function(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Any:
    """``x`` where positive, ``alpha (e^x - 1)`` elsewhere."""
    return OPS["elu_" if inplace else "elu"](input, alpha)


def selu_function(input: Tensor, inplace: bool = False) -> Any:
    """``elu`` with the scales that keep mean and variance."""
    return OPS["elu_" if inplace else "elu"](input, SELU_ALPHA, SELU_SCALE)


def relu6(input: Tensor, inplace: bool = False) -> Any:
    """Between 0 and 6."""
    return OPS["hardtanh_" if inplace else "hardtanh"](input, 0.0, 6.0)


define_function("nn.functional.elu", elu_function, method=False)
define_function(
    "nn.functional.elu_",
    lambda input, alpha=1.0: elu_function(input, alpha, inplace=True),
    method=False,
)
define_function("nn.functional.selu", selu_function, method=False, aliases=("selu",))
define_function(
    "nn.functional.selu_",
    lambda input: selu_function(input, inplace=True),
    method=False,
    aliases=("selu_",),
)
define_function("nn.functional.relu6", relu6, method=False)
define_function("nn.functional.relu6_", lambda input: relu6(input, inplace=True), method=False)
define_function("nn.functional.softsign", softsign, method=False)
define_function("nn.functional.tanhshrink", tanhshrink, method=False)
define_function("nn.functional.sigmoid", lambda input: OPS["sigmoid"](input), method=False)
define_function("nn.functional.tanh", lambda input: OPS["tanh"](input), method=False)
