"""Orthogonal polynomials by their three-term recurrences; torch defines no derivative of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_op

Step = Callable[[Any, int, Any, Any], Any]


def _polynomial(
    first: Callable[[Any], Any], step: Step, argument: Callable[[Any], Any]
) -> Callable[[Any, Any], Any]:
    """Values of p_n(x): p_0 = 1, p_1 = ``first(x)``, p_k+1 = ``step(x, k, p_k, p_k-1)``; 0 of a negative degree."""

    def value(x: Any, n: Any) -> Any:
        dtype = np.result_type(x, n)
        x, degree = np.broadcast_arrays(
            argument(np.asarray(x, np.float64)), np.trunc(np.asarray(n, np.float64))
        )
        before, now = np.ones_like(x), first(x)
        made = np.where(degree == 0, before, np.where(degree == 1, now, 0.0))
        top = int(degree.max()) if degree.size and np.isfinite(degree).any() else 0
        for k in range(1, top):
            before, now = now, step(x, k, now, before)
            made = np.where(degree == k + 1, now, made)
        return made.astype(dtype)

    return value


def _row(name: str, first: Any, step: Step, argument: Any = lambda x: x) -> None:
    define_op(
        f"special.{name}",
        forward=_polynomial(first, step, argument),
        inputs=("input", "n"),
        params={},
        pointwise=True,
        promote="float",
        vjp=NOT_DIFFERENTIABLE,
        jvp=None,
        method=False,
    )


def _double(x: Any, _k: int, now: Any, before: Any) -> Any:
    """The recurrence that all four kinds of Chebyshev polynomials have."""
    return 2 * x * now - before


_FIRST: dict[str, Any] = {
    "t": lambda x: x,
    "u": lambda x: 2 * x,
    "v": lambda x: 2 * x - 1,
    "w": lambda x: 2 * x + 1,
}
for _kind, _first in _FIRST.items():
    _row(f"chebyshev_polynomial_{_kind}", _first, _double)
    _row(f"shifted_chebyshev_polynomial_{_kind}", _first, _double, lambda x: 2 * x - 1)
_row(
    "hermite_polynomial_h", lambda x: 2 * x, lambda x, k, now, before: 2 * x * now - 2 * k * before
)
_row("hermite_polynomial_he", lambda x: x, lambda x, k, now, before: x * now - k * before)
_row(
    "laguerre_polynomial_l",
    lambda x: 1 - x,
    lambda x, k, now, before: ((2 * k + 1 - x) * now - k * before) / (k + 1),
)
_row(
    "legendre_polynomial_p",
    lambda x: x,
    lambda x, k, now, before: ((2 * k + 1) * x * now - k * before) / (k + 1),
)
