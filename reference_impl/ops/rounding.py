"""Rounding, quotients cut to integers and their remainders, signs and exponents of floating-point numbers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.lang import array_of, constant, either, sign, undefined, where, zeros_like
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# -- to integers -------------------------------------------------------------------------------------------------------


def _step(name: str, node: str, forward: Any, aliases: tuple[str, ...] = ()) -> Any:
    """A piecewise constant function: gradient 0 everywhere. Integers stay as they are."""
    return define_op(
        name,
        node=node,
        forward=lambda self: forward(self) if self.dtype.kind == "f" else np.array(self),
        inputs=("self",),
        pointwise=True,
        promote=None,
        vjp={"self": lambda ct: zeros_like(ct)},
        jvp=lambda self_t: zeros_like(self_t),
        aliases=aliases,
    )


floor_op = _step("floor", "FloorBackward0", np.floor)
ceil_op = _step("ceil", "CeilBackward0", np.ceil)
trunc_op = _step("trunc", "TruncBackward0", np.trunc, ("fix",))
round_plain = _step("round.plain", "RoundBackward0", np.rint)


def _round_to(self: Any, decimals: int) -> Any:
    if self.dtype.kind != "f":
        return np.array(self)
    scale = self.dtype.type(10.0 ** abs(decimals))
    return np.rint(self * scale) / scale if decimals >= 0 else np.rint(self / scale) * scale


round_decimals = define_op(
    "round.decimals",
    node="RoundBackward1",
    forward=_round_to,
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct: zeros_like(ct)},
    jvp=lambda self_t: zeros_like(self_t),
    method=False,
)


def round_(self: Tensor, *, decimals: int | None = None) -> Any:
    """To the nearest whole number, or to a number of decimals; halves go to the even neighbour."""
    return round_plain(self) if decimals is None else round_decimals(self, decimals)


def round_write(self: Tensor, *, decimals: int | None = None) -> Any:
    """``round`` in place."""
    return OPS["round.plain_"](self) if decimals is None else OPS["round.decimals_"](self, decimals)


define_function("round", round_, aliases=("special.round",))
define_function("round_", round_write)
frac_op = define_op(
    "frac",
    node="FracBackward0",
    forward=lambda self: self - np.trunc(self),
    inputs=("self",),
    pointwise=True,
    vjp={"self": lambda ct: ct},
    jvp=lambda self_t: self_t,
)

# -- quotients and remainders ------------------------------------------------------------------------------------------


def _check_divisor(other: Any) -> None:
    if np.asarray(other).dtype.kind in "biu" and np.any(np.asarray(other) == 0):
        raise RuntimeError("ZeroDivisionError")


def _divide_floor(self: Any, other: Any) -> Any:
    _check_divisor(other)
    return np.floor_divide(self, other)


def _divide_trunc(self: Any, other: Any) -> Any:
    if self.dtype.kind == "f":
        return np.trunc(np.true_divide(self, other))
    _check_divisor(other)
    # Towards zero: the next integer above the floor where the quotient is negative and not whole.
    down = np.floor_divide(self, other)
    return down + ((down < 0) & (down * other != self)).astype(down.dtype)


def _rounded_division(name: str, forward: Any) -> Any:
    return define_op(
        name,
        node="DivBackward2",
        forward=forward,
        inputs=("self", "other"),
        params={},
        pointwise=True,
        vjp={"self": lambda ct: zeros_like(ct), "other": lambda ct: zeros_like(ct)},
        jvp=lambda self_t, other_t: zeros_like(self_t + other_t),
        method=False,
    )


div_floor = _rounded_division("div.floor", _divide_floor)
div_trunc = _rounded_division("div.trunc", _divide_trunc)
_KINDS = {None: "true_divide", "floor": "div.floor", "trunc": "div.trunc"}


def _kind(rounding_mode: str | None) -> str:
    if rounding_mode not in _KINDS:
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return _KINDS[rounding_mode]


def div(self: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """Quotient, rounded down or towards zero on demand."""
    return OPS[_kind(rounding_mode)](self, other)


def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Any:
    """``div`` in place."""
    return OPS[f"{_kind(rounding_mode)}_"](self, other)


define_function("div", div, aliases=("divide",))
define_function("div_", div_, aliases=("divide_",))


floor_divide = define_op(
    "floor_divide",
    node="torch::autograd::NotImplemented",
    forward=_divide_floor,
    inputs=("self", "other"),
    params={},
    pointwise=True,
    vjp={"self": undefined("floor_divide"), "other": undefined("floor_divide")},
    jvp=lambda self_t: undefined("floor_divide")(self_t),
)
exp2 = either("exp2", np.exp2)
_floored = either("div.floor", lambda x, y: np.floor_divide(x, y))
_truncated = either("div.trunc", lambda x, y: np.trunc(x / y))


def _promoted(self: Any, other: Any, *, whole: bool = True) -> tuple[Any, Any]:
    """A tensor and a number in the dtype they have in common, a floating-point one unless ``whole``."""
    dtype = dtypes.result_dtype((self, other))
    if not whole and dtype.kind != "f":
        dtype = dtypes.default_numpy()
    return np.asarray(self).astype(dtype, copy=False), dtype.type(other)


def _remainder(self: Any, other: Any) -> Any:
    _check_divisor(other)
    return np.remainder(self, other)


def _fmod(self: Any, other: Any) -> Any:
    _check_divisor(other)
    return np.fmod(self, other)


def _remainder_rows(name: str, title: str, forward: Any, quotient: Any) -> None:
    """a - b * q(a / b) with q piecewise constant: the gradient is 1 in a and -q in b."""
    define_op(
        f"{name}.number",
        node=f"{title}Backward0",
        forward=lambda self, other: forward(*_promoted(self, other)),
        inputs=("self",),
        pointwise=True,
        promote=None,
        vjp={"self": lambda ct: ct},
        jvp=lambda self_t: self_t,
        method=False,
    )
    define_op(
        f"{name}.tensor",
        node=f"{title}Backward1",
        forward=forward,
        inputs=("self", "other"),
        params={},
        pointwise=True,
        vjp={"self": lambda ct: ct, "other": lambda ct, self, other: -ct * quotient(self, other)},
        jvp=lambda self, other, self_t, other_t: self_t - other_t * quotient(self, other),
        method=False,
    )
    for suffix in ("", "_"):

        def op(self: Any, other: Any, _suffix: str = suffix) -> Any:
            return OPS[f"{name}.{'tensor' if isinstance(other, Tensor) else 'number'}{_suffix}"](
                self, other
            )

        define_function(f"{name}{suffix}", op)


_remainder_rows("remainder", "Remainder", _remainder, _floored)
_remainder_rows("fmod", "Fmod", _fmod, _truncated)
define_function("__rmod__", lambda self, other: OPS["remainder"](other, self), method=False)

# -- signs and exponents -----------------------------------------------------------------------------------------------


def _copysign_slope(self: Any, result: Any) -> Any:
    """1 where the sign was kept, -1 where it was turned, 0 at 0."""
    return array_of(sign(array_of(self))) * array_of(sign(array_of(result)))


def _masked_product(ct: Any, factor: Any) -> Any:
    """``ct`` times an array of 1, 0 and -1."""
    return where(factor == 0, 0.0, where(factor > 0, ct, -ct))


copysign_tensor = define_op(
    "copysign.tensor",
    node="CopysignBackward0",
    forward=np.copysign,
    inputs=("self", "other"),
    promote="float",
    vjp={
        "self": lambda ct, self, result: _masked_product(ct, _copysign_slope(self, result)),
        "other": lambda ct: zeros_like(ct),
    },
    jvp=lambda self, result, self_t: _masked_product(self_t, _copysign_slope(self, result)),
    method=False,
)
copysign_number = define_op(
    "copysign.number",
    node="CopysignBackward1",
    forward=lambda self, other: np.copysign(*_promoted(self, other, whole=False)),
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self, result: _masked_product(ct, _copysign_slope(self, result))},
    jvp=lambda self, result, self_t: _masked_product(self_t, _copysign_slope(self, result)),
    method=False,
)
for _suffix in ("", "_"):
    define_function(
        f"copysign{_suffix}",
        lambda self, other, _suffix=_suffix: OPS[
            f"copysign.{'tensor' if isinstance(other, Tensor) else 'number'}{_suffix}"
        ](self, other),
    )
nextafter = define_op(
    "nextafter",
    node="NextafterBackward0",
    forward=np.nextafter,
    inputs=("self", "other"),
    # The result follows the first operand, but where the two are equal.
    vjp={
        "self": lambda ct, self, other: where(array_of(self) == array_of(other), 0.0, ct),
        "other": lambda ct: zeros_like(ct),
    },
    jvp=lambda self, other, self_t: where(array_of(self) == array_of(other), 0.0, self_t),
)
heaviside = define_op(
    "heaviside",
    node="torch::autograd::NotImplemented",
    forward=lambda self, values: np.where(self == 0, values, (self > 0).astype(self.dtype)).astype(
        self.dtype
    ),
    inputs=("self", "values"),
    params={},
    pointwise=True,
    vjp={"self": undefined("heaviside"), "values": undefined("heaviside")},
    jvp=None,
)


def _frexp(self: Any) -> Any:
    mantissa, exponent = np.frexp(self)
    return mantissa, np.asarray(exponent).astype(np.int32)


def _unscaled(ct: Any, exponent: Any) -> Any:
    """``ct`` / 2^exponent: the mantissa is the number over a power of two that is constant near it."""
    dtype = array_of(ct).dtype
    return ct * constant(np.ldexp(np.ones((), dtype), -array_of(exponent)), ct)


frexp = define_op(
    "frexp.pair",
    node="FrexpBackward0",
    forward=_frexp,
    inputs=("self",),
    outputs=("mantissa", "exponent"),
    differentiable=("mantissa",),
    vjp={"self": lambda ct, exponent: _unscaled(ct, exponent)},
    jvp=lambda self_t, exponent: (_unscaled(self_t, exponent), None),
    method=False,
)


class Frexp(NamedTuple):
    """What frexp returns."""

    mantissa: Any
    exponent: Any


define_function("frexp", lambda self: Frexp(*frexp(self)))
# x 2^n, as a product; torch has a node of its own for it.
ldexp_op = define_op(
    "ldexp",
    node="LdexpBackward0",
    forward=lambda self, other: self * np.exp2(other),
    inputs=("self", "other"),
    params={},
    pointwise=True,
    promote="float",
    vjp={
        "self": lambda ct, other: ct * exp2(other).conjugate(),
        "other": lambda ct, result: ct * (result * math.log(2.0)).conjugate(),
    },
    jvp=lambda other, result, self_t, other_t: (
        self_t * exp2(other) + result * math.log(2.0) * other_t
    ),
)
