"""Arithmetic, powers, exponentials, trigonometry: one number in, or two, one number out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.ops.lang import (
    absolute,
    array_of,
    conj,
    cos,
    cosh,
    is_complex,
    real,
    sign,
    sin,
    sinh,
    where,
    zeros_like,
)
from reference_impl.ops.rule import define_function, define_op, takes_out
from reference_impl.ops.special_values import log1p as log1p_values
from reference_impl.ops.special_values import sigmoid as sigmoid_values
from reference_impl.registry import OPS
from reference_impl.short_writes import make_write
from reference_impl.tensor import Tensor

LN2, LN10 = math.log(2.0), math.log(10.0)

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
    forward=lambda self, other, alpha: np.add(self, other * _as_kind(alpha, self)),
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
    forward=lambda self, other, alpha: np.subtract(self, other * _as_kind(alpha, self)),
    inputs=("self", "other"),
    pointwise=True,
    vjp={"self": lambda ct: ct, "other": lambda ct, alpha: -ct * _conj(alpha)},
    jvp=lambda self_t, other_t, alpha: self_t - other_t * alpha,
    method=False,
)


def _as_kind(x: Any, like: Any) -> Any:
    """A number in the dtype of an array; a negative one wraps in an unsigned dtype, as in torch."""
    return np.asarray(x).astype(like.dtype)


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
        # d(a / b) = -a / b^2 db; b^2 is infinite or 0 before the quotient is
        "other": lambda ct, self, other: -ct * (self / other / other).conjugate(),
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

    def op(self: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> Any:
        if out is not None:
            return into(self, other, alpha=alpha, out=out)
        return plain(self, other) if alpha == 1 else scaled(self, other, alpha)

    into = takes_out(name, op)

    def write(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        return (
            OPS[f"{name}.plain_"](self, other)
            if alpha == 1
            else OPS[f"{name}.scaled_"](self, other, alpha)
        )

    define_function(name, op, aliases=aliases, has_out=True)
    define_function(f"{name}_", write, aliases=tuple(f"{a}_" for a in aliases))


_with_alpha("add", add_plain, add_scaled, ())
_with_alpha("sub", sub_plain, sub_scaled, ("subtract",))
rsub_tensor = define_op(
    "rsub.tensor",
    node="RsubBackward0",
    forward=lambda self, other, alpha=1: np.subtract(
        other, self if alpha == 1 else self * _as_kind(alpha, self)
    ),
    inputs=("self", "other"),
    pointwise=True,
    vjp={"self": lambda ct, alpha: -ct * _conj(alpha), "other": lambda ct: ct},
    jvp=lambda self_t, other_t, alpha: other_t - self_t * alpha,
    method=False,
)
rsub_number = define_op(
    "rsub.number",
    node="RsubBackward1",
    forward=lambda self, other, alpha=1: np.subtract(
        other, self if alpha == 1 else self * _as_kind(alpha, self)
    ),
    inputs=("self", "other"),
    pointwise=True,
    vjp={"self": lambda ct, alpha: -ct * _conj(alpha), "other": None},
    jvp=lambda self_t, alpha: -self_t * alpha,
    inplace=False,
    method=False,
)


def rsub(self: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``other - alpha * self``."""
    return (rsub_tensor if isinstance(other, Tensor) else rsub_number)(self, other, alpha)


define_function("rsub", rsub)
define_function("__rsub__", rsub, method=False)
define_function("__radd__", lambda self, other: OPS["add"](self, other), method=False)
define_function("__rmul__", lambda self, other: OPS["mul"](self, other), method=False)
define_function(
    "__rdiv__", lambda self, other: OPS["mul"](OPS["reciprocal"](self), other), method=False
)
define_function("__rtruediv__", OPS["__rdiv__"], method=False)

# -- one tensor --------------------------------------------------------------------------------------------------------


def unary(
    name: str,
    forward: Any,
    *,
    vjp: Any,
    jvp: Any,
    node: str | None = None,
    aliases: tuple[str, ...] = (),
) -> Any:
    """A row of an op of one tensor; integers become floating point."""
    return define_op(
        name, node=node, forward=forward, inputs=("self",), pointwise=True, promote="float", vjp={"self": vjp}, jvp=jvp,
        aliases=aliases,
    )  # fmt: skip


sqrt_op = unary(
    "sqrt",
    np.sqrt,
    vjp=lambda ct, result: ct / (2 * result.conjugate()),
    jvp=lambda result, self_t: self_t / (2 * result),
)
# d x^(-1/2) = -x^(-3/2) / 2
rsqrt_op = unary(
    "rsqrt",
    lambda self: 1 / np.sqrt(self),
    vjp=lambda ct, result: ct * (-0.5 * result * result * result).conjugate(),
    jvp=lambda result, self_t: self_t * (-0.5 * result * result * result),
)
reciprocal_op = unary(
    "reciprocal",
    lambda self: np.true_divide(1, self),
    vjp=lambda ct, result: -ct * (result * result).conjugate(),
    jvp=lambda result, self_t: -self_t * (result * result),
)
exp2_op = unary(
    "exp2",
    np.exp2,
    vjp=lambda ct, result: ct * (result * LN2).conjugate(),
    jvp=lambda result, self_t: self_t * (result * LN2),
    aliases=("special.exp2",),
)
expm1_op = unary(
    "expm1",
    np.expm1,
    vjp=lambda ct, result: ct * (result + 1).conjugate(),
    jvp=lambda result, self_t: self_t * (result + 1),
    aliases=("special.expm1",),
)
log1p_op = unary(
    "log1p",
    lambda self: log1p_values(self),
    vjp=lambda ct, self: ct / (self + 1).conjugate(),
    jvp=lambda self, self_t: self_t / (self + 1),
    aliases=("special.log1p",),
)
log2_op = unary(
    "log2",
    np.log2,
    vjp=lambda ct, self: ct / (self * LN2).conjugate(),
    jvp=lambda self, self_t: self_t / (self * LN2),
)
log10_op = unary(
    "log10",
    np.log10,
    vjp=lambda ct, self: ct / (self * LN10).conjugate(),
    jvp=lambda self, self_t: self_t / (self * LN10),
)
tan_op = unary(
    "tan",
    np.tan,
    vjp=lambda ct, result: ct * (1 + result * result).conjugate(),
    jvp=lambda result, self_t: self_t * (1 + result * result),
)
sinh_op = unary(
    "sinh",
    np.sinh,
    vjp=lambda ct, self: ct * cosh(self).conjugate(),
    jvp=lambda self, self_t: self_t * cosh(self),
)
cosh_op = unary(
    "cosh",
    np.cosh,
    vjp=lambda ct, self: ct * sinh(self).conjugate(),
    jvp=lambda self, self_t: self_t * sinh(self),
)


def _root(square: Any) -> Any:
    """1 / sqrt(square)."""
    return OPS["rsqrt"](square) if isinstance(square, Tensor) else 1 / np.sqrt(square)


def _acosh_slope(x: Any) -> Any:
    """1 / sqrt(x^2 - 1), with the branch cut where that of acosh is: of a complex x the roots are taken one by one."""
    return _root(x - 1) * _root(x + 1) if is_complex(x) else _root(x * x - 1)


asin_op = unary(
    "asin",
    np.arcsin,
    vjp=lambda ct, self: ct * _root(1 - self * self).conjugate(),
    jvp=lambda self, self_t: self_t * _root(1 - self * self),
    aliases=("arcsin",),
)
acos_op = unary(
    "acos",
    np.arccos,
    vjp=lambda ct, self: -ct * _root(1 - self * self).conjugate(),
    jvp=lambda self, self_t: -self_t * _root(1 - self * self),
    aliases=("arccos",),
)
atan_op = unary(
    "atan",
    np.arctan,
    vjp=lambda ct, self: ct / (1 + self * self).conjugate(),
    jvp=lambda self, self_t: self_t / (1 + self * self),
    aliases=("arctan",),
)
asinh_op = unary(
    "asinh",
    np.arcsinh,
    vjp=lambda ct, self: ct * _root(1 + self * self).conjugate(),
    jvp=lambda self, self_t: self_t * _root(1 + self * self),
    aliases=("arcsinh",),
)
acosh_op = unary(
    "acosh",
    np.arccosh,
    vjp=lambda ct, self: ct * _acosh_slope(self).conjugate(),
    jvp=lambda self, self_t: self_t * _acosh_slope(self),
    aliases=("arccosh",),
)
atanh_op = unary(
    "atanh",
    np.arctanh,
    vjp=lambda ct, self: ct / (1 - self * self).conjugate(),
    jvp=lambda self, self_t: self_t / (1 - self * self),
    aliases=("arctanh",),
)
sigmoid_op = unary(
    "sigmoid",
    lambda self: sigmoid_values(self),
    vjp=lambda ct, result: ct * ((1 - result) * result).conjugate(),
    jvp=lambda result, self_t: self_t * ((1 - result) * result),
    aliases=("special.expit",),
)


# -- size and direction ------------------------------------------------------------------------------------------------

abs_op = define_op(
    "abs",
    node="AbsBackward0",
    forward=np.abs,
    inputs=("self",),
    vjp={"self": lambda ct, self: ct * sign(self)},
    # d|z| = Re(conj(z/|z|) dz)
    jvp=lambda self, self_t: real(conj(sign(self)) * self_t),
    aliases=("absolute",),
    inplace=False,  # see abs_
)
_abs_in_place = make_write(abs_op.rule)  # type: ignore[attr-defined]


def abs_(self: Tensor) -> Tensor:
    """The absolute value in place, which a complex tensor has no room for.

    Raises:
        RuntimeError: the tensor is complex.
    """
    if self._data.dtype.kind == "c":
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    made: Tensor = _abs_in_place(self)
    return made


define_function("abs_", abs_, aliases=("absolute_",))


def _signum(x: Any) -> Any:
    """Sign; that of NaN is 0."""
    if x.dtype.kind == "c" or x.dtype.kind in "bu":
        return np.sign(x) if x.dtype.kind != "b" else x
    return (np.greater(x, 0).astype(np.int8) - np.less(x, 0)).astype(x.dtype)


def _turn(ct: Any, self: Any, result: Any) -> Any:
    """Derivative of z/|z|, which is its own adjoint: the part of ``ct`` across the direction, over |z|; 0 at 0."""
    if not is_complex(self):
        return zeros_like(ct)
    across = ct - result * real(conj(result) * ct)
    size = absolute(self)
    return where(array_of(size) == 0, 0.0, across / where(array_of(size) == 0, 1.0, size))


sgn_op = define_op(
    "sgn",
    node="SgnBackward0",
    forward=_signum,
    inputs=("self",),
    pointwise=True,
    vjp={"self": _turn},
    jvp=lambda self, self_t, result: _turn(self_t, self, result),
)
sign_op = define_op(
    "sign",
    node="SignBackward0",
    forward=_signum,
    inputs=("self",),
    pointwise=True,
    vjp={"self": lambda ct: zeros_like(ct)},
    jvp=lambda self_t: zeros_like(self_t),
)
positive = define_function("positive", lambda self: self)
