"""Rows of special functions: error functions, gamma and its kin, Bessel functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops import special_values as values
from reference_impl.ops.lang import array_of, cos, either, exp, log, sin, undefined, where
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


def _ladder(name: str, node: str, forward: Any, slope: Any) -> Any:
    """Functions of one family, told apart by a whole number, whose derivatives are of that family: a word for all."""
    row = define_op(
        name, node=node, forward=forward, inputs=("self",), pointwise=True, promote="float",
        vjp={"self": lambda ct, self, n: ct * slope(self, n)}, jvp=lambda self, self_t, n: self_t * slope(self, n),
        inplace=False, method=False,
    )  # fmt: skip
    return lambda x, n: row(x, n) if isinstance(x, Tensor) else forward(x, n)


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
# By the product rule 2x erfcx(x) - 2/sqrt(pi), two terms that are equal but for 1/x^2 of them: hence a word of its own.
_erfcx_derivative: Any = _ladder(
    "erfcx.derivative", "SpecialErfcxBackward0", values.erfcx_derivative, lambda x, n: _erfcx_derivative(x, n + 1)
)  # fmt: skip
unary(
    "special.erfcx", values.erfcx, lambda x: _erfcx_derivative(x, 1), node="SpecialErfcxBackward0"
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

# 2 I_n' = I_(n-1) + I_(n+1), and I_(-n) = I_n (Abramowitz and Stegun, 9.6.26 and 9.6.6). By I_0 - I_1 / x, which is the
# same, the second derivative of I_1 would cancel near 0.
_bessel: Any = _ladder(
    "bessel_i", "SpecialI1Backward0", values.bessel,
    lambda x, n: _bessel(x, 1) if n == 0 else (_bessel(x, n - 1) + _bessel(x, n + 1)) / 2,
)  # fmt: skip
unary("i0", values.i0, lambda x: _bessel(x, 1), node="I0Backward0", aliases=("special.i0",))
unary(
    "special.i1", values.i1, lambda x: (_bessel(x, 0) + _bessel(x, 2)) / 2, node="SpecialI1Backward0"
)  # fmt: skip
# Of e^-|x| I_0 and e^-|x| I_1, which are all but equal where x is large, the derivatives are words of their own.
_i0e: Any = _ladder(
    "i0e.derivative", "SpecialI0EBackward0", values.i0e_derivative, lambda x, n: _i0e(x, n + 1)
)
_i1e: Any = _ladder(
    "i1e.derivative", "SpecialI1EBackward0", values.i1e_derivative, lambda x, n: _i1e(x, n + 1)
)
unary("special.i0e", values.i0e, lambda x: _i0e(x, 1), node="SpecialI0EBackward0")
unary("special.i1e", values.i1e, lambda x: _i1e(x, 1), node="SpecialI1EBackward0")

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
