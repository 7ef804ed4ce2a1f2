"""Bessel and Airy functions by quadrature of their integrals; torch defines no derivative of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl.ops import special_values as values
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_op

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(160)
_FAR = 30.0  # from here on Hankel's series has double precision


def _integral(fn: Callable[[Any, Any], Any], x: Any, end: Any) -> Any:
    """Integral of ``fn(x, t)`` over t from 0 to ``end``, which may depend on x, by Gauss and Legendre's rule."""
    half = np.broadcast_to(np.asarray(end, np.float64) / 2, x.shape)[..., None]
    t = half * (_NODES + 1)
    return np.sum(half * _WEIGHTS * fn(x[..., None], t), axis=-1)


def _hankel(n: int, x: Any) -> tuple[Any, Any, Any]:
    """Parts P and Q of the series for large x, and the angle of the wave."""
    terms = [np.ones_like(x)]
    for k in range(1, 24):
        terms.append(terms[-1] * (4 * n * n - (2 * k - 1) ** 2) / (k * 8 * x))
    p = sum((-1) ** k * terms[2 * k] for k in range(12))
    q = sum((-1) ** k * terms[2 * k + 1] for k in range(12))
    return p, q, x - (n / 2 + 0.25) * math.pi


def _j(n: int) -> Callable[[Any], Any]:
    """J_n(x) = 1/pi times the integral of cos(n t - x sin t) from 0 to pi."""

    def value(x: Any) -> Any:
        size = np.abs(x)
        near, far = np.minimum(size, _FAR), np.maximum(size, _FAR)
        inner = _integral(lambda x, t: np.cos(n * t - x * np.sin(t)), near, math.pi) / math.pi
        p, q, angle = _hankel(n, far)
        outer = np.sqrt(2 / (math.pi * far)) * (p * np.cos(angle) - q * np.sin(angle))
        return np.where(size <= _FAR, inner, outer) * (np.sign(x) if n else 1.0)

    return value


def _y(n: int) -> Callable[[Any], Any]:
    """Y_n(x): 1/pi times the integral of sin(x sin t - n t), less one that decays, over all t > 0."""

    def value(x: Any) -> Any:
        near, far = np.clip(x, 1e-300, _FAR), np.maximum(x, _FAR)
        wave = _integral(lambda x, t: np.sin(x * np.sin(t) - n * t), near, math.pi)
        end = np.arcsinh(760 / near) + n
        tail = _integral(
            lambda x, t: (np.exp(n * t) + (-1) ** n * np.exp(-n * t)) * np.exp(-x * np.sinh(t)),
            near,
            end,
        )
        p, q, angle = _hankel(n, far)
        outer = np.sqrt(2 / (math.pi * far)) * (p * np.sin(angle) + q * np.cos(angle))
        made = np.where(x <= _FAR, (wave - tail) / math.pi, outer)
        return np.where(x == 0, -np.inf, np.where(x < 0, np.nan, made))

    return value


def _k(n: int, *, scaled: bool) -> Callable[[Any], Any]:
    """K_n(x), the integral of e^(-x cosh t) cosh(n t) over all t > 0; scaled by e^x."""

    def value(x: Any) -> Any:
        safe = np.maximum(x, 1e-300)
        end = np.arccosh(1 + 760 / safe) + n / np.maximum(safe, 1)
        made = _integral(
            lambda x, t: np.exp(-x * 2 * np.sinh(t / 2) ** 2) * np.cosh(n * t), safe, end
        )
        made = made if scaled else made * np.exp(-safe)
        return np.where(x == 0, np.inf, np.where(x < 0, np.nan, made))

    return value


def _airy(x: Any) -> Any:
    """Ai(x), 1/2pi times the integral of e^(i (s^3/3 + x s)) along a line above the real axis.

    At the height of the saddle point, sqrt(x), nothing cancels; of a negative x a low line is taken.
    """
    height = np.sqrt(np.maximum(x, 0.25))[..., None]
    step = 0.5 / (4 + np.sqrt(np.abs(x)))[..., None]
    s = step * np.arange(-4000, 4001) + 1j * height
    shift = 2 / 3 * np.maximum(x, 0)[..., None] ** 1.5
    terms = np.exp(1j * (s**3 / 3 + x[..., None] * s) + shift)
    return np.sum(terms.real * step, axis=-1) / (2 * math.pi) * np.exp(-shift[..., 0])


def _row(name: str, forward: Callable[[Any], Any]) -> None:
    define_op(
        f"special.{name}",
        forward=values.double(lambda x: np.where(np.isnan(x), x, forward(x))),
        inputs=("input",),
        params={},
        pointwise=True,
        promote="float",
        vjp=NOT_DIFFERENTIABLE,
        jvp=None,
        method=False,
    )


for _n in (0, 1):
    _row(f"bessel_j{_n}", _j(_n))
    _row(f"bessel_y{_n}", _y(_n))
    _row(f"modified_bessel_k{_n}", _k(_n, scaled=False))
    _row(f"scaled_modified_bessel_k{_n}", _k(_n, scaled=True))
_row("modified_bessel_i0", values.i0)
_row("modified_bessel_i1", values.i1)
_row("spherical_bessel_j0", lambda x: np.sinc(x / math.pi))
_row("airy_ai", _airy)
