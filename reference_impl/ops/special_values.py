"""Values of special functions on arrays, in double precision, from series, continued fractions and recurrences."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

SQRT_PI = math.sqrt(math.pi)


def double(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` computed in float64, its result in the dtype of the last argument."""

    @functools.wraps(fn)
    def wrapped(*args: Any) -> Any:
        wide = [
            np.asarray(a, dtype=np.float64) if isinstance(a, np.ndarray | np.generic) else a
            for a in args
        ]
        return np.asarray(fn(*wide)).astype(args[-1].dtype)

    return wrapped


def _each(fn: Callable[[float], float]) -> Callable[..., Any]:
    """A function of one Python number, element by element."""
    ufunc = np.frompyfunc(fn, 1, 1)
    return double(lambda x: np.asarray(ufunc(x)).astype(np.float64))


# -- error functions ---------------------------------------------------------------------------------------------------

erf = _each(math.erf)
erfc = _each(math.erfc)


def _erfcx(x: float) -> float:
    """e^(x^2) erfc(x): the product where it can be formed, else the continued fraction of erfc."""
    if x < 5:
        # 2 exp(x^2) is the largest double where x^2 = 709.0895
        return math.exp(x * x) * math.erfc(x) if x * x < 709.0895 or x > 0 else math.inf
    if math.isinf(x):
        return 0.0
    # erfc(x) = e^(-x^2)/sqrt(pi) * 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))))
    tail = x
    for k in range(60, 0, -1):
        tail = x + 0.5 * k / tail
    return 1 / (SQRT_PI * tail)


erfcx = _each(_erfcx)

# Steps of the logarithm of what is integrated over: of a function that is analytic beside the line and falls off at its
# two ends, the rule of equal steps converges exponentially.
_STEP = 1 / 8
_LOGARITHMS = np.arange(-20.0, 4.0, _STEP)


def erfcx_derivative(x: Any, n: int) -> Any:
    """The n-th derivative of e^(x^2) erfc(x), n >= 1, none of whose terms cancel.

    By e^(x^2) i^n erfc(x) (Abramowitz and Stegun, 7.2.3 and 7.2.9) it is (-2)^n 2/sqrt(pi) times the integral of
    u^n e^(-u^2 - 2xu) over u > 0. Left of 0 the derivatives follow from y' = 2xy - 2/sqrt(pi), all terms of one sign.
    """
    wide = np.asarray(x, np.float64)
    right, left = np.maximum(wide, 0.0), np.minimum(wide, 0.0)
    far = np.isinf(right)
    right = np.where(far, 0.0, right)[..., None]
    u = np.exp(_LOGARITHMS) / (right + np.sqrt(right * right + 1))
    integral = np.sum(u ** (n + 1) * np.exp(-u * (u + 2 * right)), axis=-1) * _STEP
    outer = np.where(far, 0.0, (-2.0) ** n * 2 / SQRT_PI * integral)
    before, inner = erfcx(left), 2 * left * erfcx(left) - 2 / SQRT_PI
    for k in range(1, n):
        before, inner = inner, 2 * left * inner + 2 * k * before
    return np.where(np.isnan(wide), wide, np.where(wide >= 0, outer, inner)).astype(x.dtype)


def _erfc_inverse(z: float) -> float:
    """y with erfc(y) = z for z in (0, 1]: Halley steps from the leading term e^(-y^2) of the tail."""
    y = math.sqrt(max(-math.log(z * (2 - z)), 0.0))
    for _ in range(60):
        # For f = erfc(y) - z: f'' / f' = -2 y, so Halley's step is r / (1 + y r) with r = f / f'.
        r = (math.erfc(y) - z) * SQRT_PI / -2 * math.exp(y * y)
        step = r / (1 + y * r)
        y -= step
        if abs(step) <= 1e-16 * abs(y):
            break
    return y


def _erf_inverse(x: float) -> float:
    if math.isnan(x) or abs(x) > 1:
        return math.nan
    if abs(x) == 1:
        return math.copysign(math.inf, x)
    if abs(x) > 0.5:
        return math.copysign(_erfc_inverse(1 - abs(x)), x)
    y = x * SQRT_PI / 2
    for _ in range(60):
        r = (math.erf(y) - x) * SQRT_PI / 2 * math.exp(y * y)
        step = r / (1 + y * r)
        y -= step
        if abs(step) <= 1e-17:
            break
    return y


def _ndtri(p: float) -> float:
    """x with normal integral p: p = erfc(-x / sqrt(2)) / 2."""
    if math.isnan(p) or not 0 <= p <= 1:
        return math.nan
    if p in (0, 1):
        return math.inf if p else -math.inf
    return (
        -math.sqrt(2) * _erfc_inverse(2 * p)
        if p <= 0.5
        else math.sqrt(2) * _erfc_inverse(2 * (1 - p))
    )


def _log_ndtr(x: float) -> float:
    y = x * -math.sqrt(0.5)
    if math.isinf(y) and y > 0:
        return -math.inf
    if x < -1:
        return math.log(_erfcx(y) / 2) - y * y
    return math.log1p(-math.erfc(-y) / 2)


def _ndtr_share(x: float) -> float:
    """The normal density over its integral up to x: with y = -x/sqrt(2) that is sqrt(2/pi) / (e^(y^2) erfc(y))."""
    below = _erfcx(x * -math.sqrt(0.5))
    return math.sqrt(2 / math.pi) / below if below else math.inf


def _ndtr_excess(x: float) -> float:
    """x + share(x): far to the left a continued fraction, since the two cancel there."""
    if x > -5:
        return x + _ndtr_share(x)
    if math.isinf(x):
        return 0.0
    # share(-z) = z + 1/(z + 2/(z + 3/(z + ...))), by the fraction of erfc
    tail = -x
    for k in range(60, 1, -1):
        tail = k / tail - x
    return 1 / tail


erfinv = _each(_erf_inverse)
ndtri = _each(_ndtri)
log_ndtr = _each(_log_ndtr)
ndtr_share = _each(_ndtr_share)
ndtr_excess = _each(_ndtr_excess)


@double
def entr(x: Any) -> Any:
    """-x log x; 0 at 0, -inf below."""
    return np.where(np.isnan(x), x, np.where(x > 0, -x * np.log(x), np.where(x == 0, 0.0, -np.inf)))


# -- gamma and its kin -------------------------------------------------------------------------------------------------


def _log_gamma(x: float) -> float:
    if math.isinf(x) or (x <= 0 and x == math.floor(x)):
        return math.inf
    return math.lgamma(x)


lgamma = _each(_log_gamma)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x), of whose exponentials the one that never overflows is taken, by the sign of the real part."""
    is_right = x.real >= 0
    small = np.exp(np.where(is_right, -x, x))
    return np.where(is_right, 1 / (1 + small), small / (1 + small)).astype(x.dtype, copy=False)


def log1p(x: Any) -> Any:
    """log(1 + x); a complex one as log |1 + z|^2 / 2, in which the 1 has cancelled, and the angle of 1 + z."""
    if not np.iscomplexobj(x):
        return np.log1p(x)
    size = np.log1p(x.real * (2 + x.real) + x.imag**2) / 2
    return (size + 1j * np.arctan2(x.imag, 1 + x.real)).astype(x.dtype)


@double
def digamma(x: Any) -> Any:
    """psi(x): its recurrence psi(x) = psi(x + 1) - 1/x up to 10, then Stirling's series; reflected for x < 0."""
    mirror = x < 0
    y = np.where(mirror, 1 - x, x)
    made = np.zeros_like(y)
    while np.any(small := y < 10):
        made = np.where(small, made - 1 / y, made)
        y = np.where(small, y + 1, y)
    # psi(y) ~ log y - 1/(2y) - sum B_2k / (2k y^2k)
    series = sum(b / (2 * k) * y ** (-2.0 * k) for k, b in enumerate(BERNOULLI, 1))
    made = made + np.log(y) - 0.5 / y - series
    # psi(1 - x) - psi(x) = pi / tan(pi x), which has period 1; what is left of the nearest integer is exact.
    made = np.where(mirror, made - math.pi / np.tan(math.pi * (x - np.rint(x))), made)
    made = np.where(x == 0, np.copysign(np.inf, -x), made)
    return np.where(mirror & (x == np.floor(x)), np.nan, made)


# B_2, B_4 ...
BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
)


_LOWEST = 10_000


@double
def zeta(s: Any, x: Any) -> Any:
    """Hurwitz's zeta, the sum of (x + k)^-s: ten terms, then Euler and Maclaurin's formula for the rest."""
    s, x = np.broadcast_arrays(s, x)
    terms = 10
    # A negative x has so many terms more before the sum is smooth; below the limit nearly all doubles are poles.
    shift = np.where((x < 0) & (x > -_LOWEST), np.ceil(-x), 0.0)
    count = terms + int(shift.max(initial=0))
    made = sum((x + k) ** -s for k in range(count))
    y = x + count
    rest = y ** (1 - s) / (s - 1) + 0.5 * y**-s
    rising = s * y ** (-s - 1)  # s (s+1) ... (s+2k-2) y^(-s-2k+1) / (2k)! times B_2k
    factorial = 2.0
    for k, b in enumerate(BERNOULLI, 1):
        rest = rest + b * rising / factorial
        rising = rising * (s + 2 * k - 1) * (s + 2 * k) / (y * y)
        factorial *= (2 * k + 1) * (2 * k + 2)
    made = made + rest
    made = np.where((x < 0) & ((s != np.floor(s)) | (x <= -_LOWEST)), np.nan, made)
    made = np.where((x <= 0) & (x == np.floor(x)), np.inf, made)
    return np.where(s == 1, np.inf, np.where(s < 1, np.nan, made))


def polygamma(n: int, x: Any) -> Any:
    """(-1)^(n+1) n! zeta(n + 1, x); between its poles there is no limit towards minus infinity."""
    if n == 0:
        return digamma(x)
    sign = 1.0 if n % 2 else -1.0
    wide = np.asarray(x, dtype=np.float64)
    wide = np.where(np.isneginf(wide), np.nan, wide)
    return (sign * math.factorial(n) * zeta(np.asarray(n + 1.0), wide)).astype(x.dtype)


def mvlgamma(x: Any, p: int) -> Any:
    """log of the multivariate gamma function."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    wide = np.asarray(x, dtype=np.float64)
    total = sum(lgamma(wide - 0.5 * i) for i in range(p))
    return np.asarray(total + p * (p - 1) / 4 * math.log(math.pi)).astype(x.dtype)


def _incomplete(a: float, x: float) -> tuple[float, float]:
    """Lower and upper regularised incomplete gamma function."""
    if math.isnan(a) or math.isnan(x) or a < 0 or x < 0 or (a == 0 and x == 0):
        return math.nan, math.nan
    if x == 0 or math.isinf(a):
        return (math.nan, math.nan) if math.isinf(a) and math.isinf(x) else (0.0, 1.0)
    if math.isinf(x) or a == 0:
        return 1.0, 0.0
    if x < a + 1:
        low = math.exp(a * math.log(x) - x - math.lgamma(a + 1)) * _rising_series(a, x)
        return low, 1 - low
    high = math.exp(a * math.log(x) - x - math.lgamma(a)) * _upper_fraction(a, x)
    return 1 - high, high


def _rising_series(a: float, x: float) -> float:
    """1 + x/(a+1) + x^2/((a+1)(a+2)) + ..."""
    term = total = 1.0
    k = 0
    while term > 1e-17 * total:
        k += 1
        term *= x / (a + k)
        total += term
    return total


def _upper_fraction(a: float, x: float) -> float:
    """1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))), by Lentz's method."""
    b = x + 1 - a
    c, d = 1e300, 1 / b
    value = d
    for k in range(1, 10_000):
        step = -k * (k - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


_both = np.frompyfunc(_incomplete, 2, 2)
igamma = double(lambda a, x: np.asarray(_both(a, x)[0]).astype(np.float64))
igammac = double(lambda a, x: np.asarray(_both(a, x)[1]).astype(np.float64))

# -- Bessel functions of imaginary argument ----------------------------------------------------------------------------

_FAR = 30.0  # from here on the asymptotic series has double precision


def _far_bessel(n: int, k: int, x: Any) -> Any:
    """The k-th derivative of e^-x I_n(x) from 30 on, term by term of the asymptotic series (A&S, 9.7.1)."""
    # I_n(x) ~ e^x / sqrt(2 pi x) * (1 - (4n^2 - 1)/(8x) + (4n^2 - 1)(4n^2 - 9)/(2! (8x)^2) - ...)
    part = np.ones_like(x)
    total = np.zeros_like(x)
    for m in range(25):
        # x^(-m - 1/2) becomes (-1)^k (m + 1/2)(m + 3/2)...(m + k - 1/2) x^(-m - 1/2 - k)
        total = total + part * math.prod(-(m + 0.5 + j) for j in range(k))
        part = part * -(4 * n * n - (2 * m + 1) ** 2) / ((m + 1) * 8 * x)
    return total / np.sqrt(2 * math.pi * x) / x**k


def _near_bessel(n: int, x: Any) -> Any:
    """e^-x I_n(x) up to 30: the power series, whose terms all have one sign."""
    term = (x / 2) ** n / math.factorial(n)
    total = term
    for k in range(1, 90):
        term = term * (x / 2) ** 2 / (k * (k + n))
        total = total + term
    return total * np.exp(-x)


def _bessel_moment(n: int, k: int, x: Any) -> Any:
    """The k-th derivative of e^-x I_n(x), k >= 1, up to x = 30: an integral in which hardly a digit cancels.

    e^-x I_n(x) is 1/pi times the integral of cos(nt) e^(-x (1 - cos t)) from 0 to pi (A&S, 9.6.19), and every
    derivative brings one factor 1 - cos t. Of a periodic function the rule of equal steps converges exponentially.
    """
    t = (np.arange(_STEPS) + 0.5) * (math.pi / _STEPS)
    lag = 2 * np.sin(t / 2) ** 2
    terms = (-lag) ** k * np.cos(n * t) * np.exp(-lag * x[..., None])
    return np.sum(terms, axis=-1) / _STEPS


_STEPS = 80


def _scaled_bessel(order: int) -> Callable[[Any, int], Any]:

    def value(x: Any, n: int) -> Any:
        """The n-th derivative of e^-|x| I(x). At 0, where |x| has a kink, |x| counts as constant."""
        wide = np.asarray(x, np.float64)
        size = np.abs(wide)
        near, far = np.minimum(size, _FAR), np.maximum(size, _FAR)
        inner = _bessel_moment(order, n, near) if n else _near_bessel(order, near)
        made = np.where(size <= _FAR, inner, _far_bessel(order, n, far))
        if (order + n) % 2:
            made = made * np.sign(wide)
        elif n:
            # I of this order is a sum of terms (x/2)^(order + 2m) / (m! (order + m)!)
            at_zero = math.comb(n, (n - order) // 2) / 2.0**n
            made = np.where(wide == 0, at_zero, made)
        return np.where(np.isnan(wide), wide, made).astype(x.dtype)

    return value


i0e_derivative, i1e_derivative = _scaled_bessel(0), _scaled_bessel(1)


def bessel(x: Any, n: int) -> Any:
    """I_n(x); e^|x| in two factors, of which neither overflows where the product does not."""
    wide = np.asarray(x, np.float64)
    size = np.abs(wide)
    near, far = np.minimum(size, _FAR), np.maximum(size, _FAR)
    scaled = np.where(size <= _FAR, _near_bessel(n, near), _far_bessel(n, 0, far))
    half = np.exp(size / 2)
    made = np.where(np.isinf(wide), np.inf, scaled * half * half) * (
        np.sign(wide) if n % 2 else 1.0
    )
    return np.where(np.isnan(wide), wide, made).astype(x.dtype)


def i0e(x: Any) -> Any:
    """e^-|x| I_0(x)."""
    return i0e_derivative(x, 0)


def i1e(x: Any) -> Any:
    """e^-|x| I_1(x)."""
    return i1e_derivative(x, 0)


def i0(x: Any) -> Any:
    """I_0(x)."""
    return bessel(x, 0)


def i1(x: Any) -> Any:
    """I_1(x)."""
    return bessel(x, 1)
