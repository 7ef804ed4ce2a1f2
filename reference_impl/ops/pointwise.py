"""Arithmetic, powers, exponentials, trigonometry: one number in, or two, one number out."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import absolute, conj, cos, cosh, exp, is_complex, log, real, sign, sin, sinh, where, zeros_like
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS

# -- arithmetic --------------------------------------------------------------------------------------------------------

add_plain = define_op(
    "add.plain",
    node="AddBackward0",
    forward=np.add,
    inputs=("self", "other"),
    vjp={"self": lambda ct: ct, "other": lambda ct: ct},
    jvp=lambda self_t, other_t: self_t + other_t,
    method=False,
)
add_scaled = define_op(
    "add.scaled",
    node="AddBackward0",
    forward=lambda self, other, alpha: np.add(self, other * self.dtype.type(alpha)),
    inputs=("self", "other"),
    pointwise=True,
    vjp={"self": lambda ct: ct, "other": lambda ct, alpha: ct * _conj(alpha)},
    jvp=lambda self_t, other_t, alpha: self_t + other_t * alpha,
    method=False,
)
sub_plain = define_op(
    "sub.plain",
    node="SubBackward0",
    forward=np.subtract,
    inputs=("self", "other"),
    vjp={"self": lambda ct: ct, "other": lambda ct: -ct},
    jvp=lambda self_t, other_t: self_t - other_t,
    method=False,
)
sub_scaled = define_op(
    "sub.scaled",
    node="SubBackward0",
    forward=lambda self, other, alpha: np.subtract(self, other * self.dtype.type(alpha)),
    inputs=("self", "other"),
    pointwise=True,
    vjp={"self": lambda ct: ct, "other": lambda ct, alpha: -ct * _conj(alpha)},
    jvp=lambda self_t, other_t, alpha: self_t - other_t * alpha,
    method=False,
)


def _conj(x: Any) -> Any:
    return x.conjugate() if isinstance(x, complex) else x


mul = define_op(
    "mul",
    node="MulBackward0",
    forward=np.multiply,
    inputs=("self", "other"),
    vjp={"self": lambda ct, other: ct * conj(other), "other": lambda ct, self: ct * conj(self)},
    jvp=lambda self, other, self_t, other_t: self_t * other + self * other_t,
    aliases=("multiply",),
)
true_divide = define_op(
    "true_divide",
    node="DivBackward0",
    forward=np.true_divide,
    inputs=("self", "other"),
    promote="float",
    vjp={
        "self": lambda ct, other: ct / other.conjugate(),
        # d(a / b) = -a / b^2 db
        "other": lambda ct, self, other: -ct * (self / (other * other)).conjugate(),
    },
    jvp=lambda self, other, self_t, other_t: (self_t - other_t * (self / other)) / other,
)
neg = define_op(
    "neg", node="NegBackward0", forward=np.negative, inputs=("self",), vjp={"self": lambda ct: -ct}, jvp="linear",
    aliases=("negative",),
)  # fmt: skip
exp_op = define_op(
    "exp",
    node="ExpBackward0",
    forward=np.exp,
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, result: ct * result.conjugate()},
    jvp=lambda result, self_t: self_t * result,
)
log_op = define_op(
    "log",
    node="LogBackward0",
    forward=np.log,
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, self: ct / self.conjugate()},
    jvp=lambda self, self_t: self_t / self,
)
sin_op = define_op(
    "sin",
    node="SinBackward0",
    forward=np.sin,
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, self: ct * cos(self).conjugate()},
    jvp=lambda self, self_t: self_t * cos(self),
)
cos_op = define_op(
    "cos",
    node="CosBackward0",
    forward=np.cos,
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, self: -ct * sin(self).conjugate()},
    jvp=lambda self, self_t: -self_t * sin(self),
)
tanh_op = define_op(
    "tanh",
    node="TanhBackward0",
    forward=np.tanh,
    inputs=("self",),
    promote="float",
    vjp={"self": lambda ct, result: ct * (1 - result * result).conjugate()},
    jvp=lambda result, self_t: self_t * (1 - result * result),
)


def _with_alpha(name: str, plain: Any, scaled: Any, aliases: tuple[str, ...]) -> None:
    """``add`` and ``sub`` take ``alpha``, a factor of the second operand; 1 is a row of its own, on the short path."""

    def op(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        return plain(self, other) if alpha == 1 else scaled(self, other, alpha)

    def write(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        return OPS[f"{name}.plain_"](self, other) if alpha == 1 else OPS[f"{name}.scaled_"](self, other, alpha)

    define_function(name, op, aliases=aliases)
    define_function(f"{name}_", write, aliases=tuple(f"{a}_" for a in aliases))


_with_alpha("add", add_plain, add_scaled, ())
_with_alpha("sub", sub_plain, sub_scaled, ("subtract",))
