"""Rows of special functions: error functions, gamma and its kin, Bessel functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops import special_values as values
from reference_impl.ops.lang import array_of, cos, either, exp, log, sign, sin, undefined, where
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

SQRT_PI = math.sqrt(math.pi)


def unary(
    name: str,
    forward: Any,
    slope: Any,
    *,
    node: str,
    of_result: bool = False,
    aliases: tuple[str, ...] = (),
) -> Any:
    """A row of a real function of one number with derivative ``slope``, of its argument or of its result."""
    formulas: tuple[Any, Any] = (
        lambda ct, self: ct * slope(self),
        lambda self, self_t: self_t * slope(self),
    )
    if of_result:
        formulas = (
            lambda ct, result: ct * slope(result),
            lambda result, self_t: self_t * slope(result),
        )
    return define_op(
        name, node=node, forward=forward, inputs=("self",), params={}, pointwise=True, promote="float",
        vjp={"self": formulas[0]}, jvp=formulas[1], aliases=aliases,
    )  # fmt: skip


# -- error functions ---------------------------------------------------------------------------------------------------

erfinv = either("erfinv", values.erfinv)
unary(
    "erf",
    values.erf,
    lambda x: 2 / SQRT_PI * exp(-x * x),
    node="ErfBackward0",
    aliases=("special.erf",),
)
unary(
    "erfc",
    values.erfc,
    lambda x: -2 / SQRT_PI * exp(-x * x),
    node="ErfcBackward0",
    aliases=("special.erfc",),
)
# The inverse of a function has the reciprocal slope: sqrt(pi)/2 e^(y^2) at y = erfinv(x).
unary(
    "erfinv", values.erfinv, lambda x: SQRT_PI / 2 * exp(erfinv(x) * erfinv(x)), node="ErfinvBackward0",
    aliases=("special.erfinv",),
)  # fmt: skip
# e^(x^2) erfc(x), by the product rule.
define_op(
    "special.erfcx",
    node="SpecialErfcxBackward0",
    forward=values.erfcx,
    inputs=("self",),
    params={},
    pointwise=True,
    promote="float",
    vjp={"self": lambda ct, self, result: ct * (2 * self * result - 2 / SQRT_PI)},
    jvp=lambda self, result, self_t: self_t * (2 * self * result - 2 / SQRT_PI),
)
unary(
    "special.log_ndtr",
    values.log_ndtr,
    lambda x: _ndtr_share(x),
    node="SpecialLogNdtrBackward0",
)


def _ndtr_share_slope(x: Any) -> Any:
    """Of h(x), density over integral of the normal distribution: -h (x + h), and its limits 0 and -1 at infinity."""
    data = array_of(x)
    inner = where(np.isinf(data), 0.0, x)
    slope = -_ndtr_share(inner) * _ndtr_excess(inner)
    return where(np.isposinf(data), 0.0, where(np.isneginf(data), -1.0, slope))


def _inner(name: str, forward: Any, slope: Any) -> Any:
    """A word for what a derivative is made of, where a formula in other words would cancel or overflow."""
    row = define_op(
        name, node="SpecialLogNdtrBackward0", forward=forward, inputs=("self",), params={}, pointwise=True,
        promote="float", vjp={"self": lambda ct, self: ct * slope(self)},
        jvp=lambda self, self_t: self_t * slope(self), inplace=False, method=False,
    )  # fmt: skip
    return lambda x: row(x) if isinstance(x, Tensor) else forward(x)


_ndtr_share: Any = _inner("log_ndtr.share", values.ndtr_share, _ndtr_share_slope)
_ndtr_excess: Any = _inner(
    "log_ndtr.excess", values.ndtr_excess, lambda x: 1 + _ndtr_share_slope(x)
)
unary(
    "special.ndtri",
    values.ndtri,
    lambda y: math.sqrt(2 * math.pi) * exp(y * y / 2),
    node="SpecialNdtriBackward0",
    of_result=True,
)


def ndtr(self: Tensor) -> Any:
    """The normal distribution's integral up to ``self``."""
    return OPS["erfc"](self * -math.sqrt(0.5)) * 0.5


define_function("special.ndtr", ndtr)
unary(
    "special.entr",
    values.entr,
    lambda x: -1 - log(x),
    node="SpecialEntrBackward0",
)

# -- gamma and its kin -------------------------------------------------------------------------------------------------

digamma = either("digamma", values.digamma)
lgamma = either("lgamma", values.lgamma)
unary(
    "lgamma",
    values.lgamma,
    lambda x: digamma(x),
    node="LgammaBackward0",
    aliases=("special.gammaln",),
)
unary(
    "digamma",
    values.digamma,
    lambda x: _polygamma(1, x),
    node="DigammaBackward0",
    aliases=("special.digamma", "special.psi"),
)


def _polygamma(n: int, x: Any) -> Any:
    return OPS["polygamma"](n, x) if isinstance(x, Tensor) else values.polygamma(n, x)


polygamma_op = define_op(
    "polygamma.n",
    node="PolygammaBackward0",
    forward=lambda self, n: values.polygamma(n, _floating(self)),
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self, n: ct * _polygamma(n + 1, self)},
    jvp=lambda self, self_t, n: self_t * _polygamma(n + 1, self),
    method=False,
)


def _floating(x: Any) -> Any:
    return x if x.dtype.kind == "f" else x.astype(dtypes.default_numpy())


def polygamma(n: Any, self: Any) -> Any:
    """The nth derivative of digamma; as a method, ``x.polygamma(n)``, and op_db's calls, the tensor comes first."""
    if isinstance(n, Tensor):
        n, self = self, n
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return polygamma_op(self, n)


define_function("polygamma", polygamma, aliases=("special.polygamma",))
define_function("polygamma_", lambda self, n: OPS["polygamma.n_"](self, n))
mvlgamma = define_op(
    "mvlgamma",
    node="MvlgammaBackward0",
    forward=lambda self, p: values.mvlgamma(_floating(self), p),
    inputs=("self",),
    pointwise=True,
    promote=None,
    # log Gamma_p(x) = const + sum of log Gamma(x - i/2), i < p
    vjp={"self": lambda ct, self, p: ct * _sum([digamma(self - 0.5 * i) for i in range(p)])},
    jvp=lambda self, self_t, p: self_t * _sum([digamma(self - 0.5 * i) for i in range(p)]),
    aliases=("special.multigammaln",),
)


def _sum(terms: list[Any]) -> Any:
    total = terms[0]
    for t in terms[1:]:
        total = total + t
    return total


def _gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) e^-x / Gamma(a), the slope of the lower incomplete gamma function in x."""
    return exp((a - 1) * log(x) - x - lgamma(a))


def _incomplete(name: str, alias: str, forward: Any, direction: int) -> None:
    define_op(
        name,
        node=f"{name.title()}Backward0",
        forward=forward,
        inputs=("self", "other"),
        params={},
        pointwise=True,
        promote="float",
        vjp={
            "self": undefined(name),
            "other": lambda ct, self, other: ct * direction * _gamma_density(self, other),
        },
        jvp=lambda self, other, other_t: other_t * direction * _gamma_density(self, other),
        aliases=(alias,),
    )


_incomplete("igamma", "special.gammainc", values.igamma, 1)
_incomplete("igammac", "special.gammaincc", values.igammac, -1)
_zeta: Any = either("special.zeta", values.zeta)
define_op(
    "special.zeta",
    node="SpecialZetaBackward0",
    forward=values.zeta,
    inputs=("self", "other"),
    params={},
    pointwise=True,
    promote="float",
    # zeta(s, x) = sum (x + k)^-s
    vjp={
        "self": undefined("special_zeta"),
        "other": lambda ct, self, other: ct * -self * _zeta(self + 1, other),
    },
    jvp=lambda self, other, other_t: other_t * -self * _zeta(self + 1, other),
    inplace=False,
)

# -- Bessel functions of imaginary argument ----------------------------------------------------------------------------

i0, i1 = either("i0", values.i0), either("special.i1", values.i1)
i0e, i1e = either("special.i0e", values.i0e), either("special.i1e", values.i1e)


def _over(y: Any, x: Any, limit: float) -> Any:
    """``y / x``, and its limit where x is 0."""
    origin = array_of(x) == 0
    return where(origin, limit, y / where(origin, 1.0, x))


unary("i0", values.i0, lambda x: i1(x), node="I0Backward0", aliases=("special.i0",))


def _bessel_row(name: str, node: str, forward: Any, slope: Any) -> None:
    """A row whose slope is one of the argument and the result."""
    define_op(
        name, node=node, forward=forward, inputs=("self",), params={}, pointwise=True, promote="float",
        vjp={"self": lambda ct, self, result: ct * slope(self, result)},
        jvp=lambda self, result, self_t: self_t * slope(self, result),
    )  # fmt: skip


def _i1_slope(x: Any, y: Any) -> Any:
    """I0(x) - I1(x) / x, and infinite where both have overflowed."""
    beyond = np.isinf(array_of(y))
    return where(beyond, i0(x), i0(x) - _over(y, where(beyond, 1.0, x), 0.5))


_bessel_row("special.i1", "SpecialI1Backward0", values.i1, _i1_slope)
# Scaled by e^-|x|, which adds -sign(x) times the function.
_bessel_row("special.i0e", "SpecialI0EBackward0", values.i0e, lambda x, y: i1e(x) - sign(x) * y)
_bessel_row(
    "special.i1e",
    "SpecialI1EBackward0",
    values.i1e,
    lambda x, y: i0e(x) - _over(y, x, 0.5) - sign(x) * y,
)

# -- sinc --------------------------------------------------------------------------------------------------------------


# Coefficients of the derivative of sin(y) / y by y, over y: (-1)^k 2k / (2k + 1)! of y^(2k - 2).
_SINC_SLOPE = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 12)]


def _sinc_slope(x: Any) -> Any:
    """(pi x cos(pi x) - sin(pi x)) / (pi x^2), whose numerator cancels near 0: there it is a series."""
    is_near = np.abs(array_of(x)) < 1 / math.pi
    near, far = where(is_near, x, 0.0) * math.pi, where(is_near, 1.0, x)
    series: Any = _SINC_SLOPE[-1]
    for coefficient in _SINC_SLOPE[-2::-1]:
        series = series * (near * near) + coefficient
    y = far * math.pi
    return where(is_near, series * near * math.pi, (y * cos(y) - sin(y)) / (y * far))


define_op(
    "sinc",
    node="SincBackward0",
    forward=np.sinc,
    inputs=("self",),
    pointwise=True,
    promote="float",
    vjp={"self": lambda ct, self: ct * _sinc_slope(self).conjugate()},
    jvp=lambda self, self_t: self_t * _sinc_slope(self),
    aliases=("special.sinc",),
)
