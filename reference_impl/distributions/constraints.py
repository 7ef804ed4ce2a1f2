"""Sets that parameters and values of distributions must lie in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.registry import OPS


class Constraint:
    """A set; ``check`` says for each event whether it is in it."""

    def __init__(self, text: str, test: Callable[[Any], Any], event_dim: int = 0) -> None:
        self.text, self.test, self.event_dim = text, test, event_dim

    def check(self, value: Any) -> Any:
        """True where the value is in the set."""
        return self.test(value)

    def __repr__(self) -> str:
        return self.text


def _whole(value: Any) -> Any:
    return value % 1 == 0


def greater_than(bound: Any) -> Constraint:
    """Numbers above ``bound``."""
    return Constraint(f"GreaterThan(lower_bound={bound})", lambda x: x > bound)


def greater_than_eq(bound: Any) -> Constraint:
    """Numbers from ``bound`` on."""
    return Constraint(f"GreaterThanEq(lower_bound={bound})", lambda x: x >= bound)


def interval(low: Any, high: Any) -> Constraint:
    """Numbers from ``low`` to ``high``."""
    text = f"Interval(lower_bound={low}, upper_bound={high})"
    return Constraint(text, lambda x: (x >= low) & (x <= high))


def integer_interval(low: int, high: Any) -> Constraint:
    """Whole numbers from ``low`` to ``high``."""
    text = f"IntegerInterval(lower_bound={low}, upper_bound={high})"
    return Constraint(text, lambda x: _whole(x) & (x >= low) & (x <= high))


def _is_simplex(x: Any) -> Any:
    return (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() < 1e-6)


def _is_one_hot(x: Any) -> Any:
    return ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1)


def _is_positive_definite(x: Any) -> Any:
    same = OPS["isclose"](x, x.mT, atol=1e-6).all(-2).all(-1)
    return same & (OPS["linalg.cholesky_ex"](x)[1] == 0)


def _is_lower_cholesky(x: Any) -> Any:
    return (x.tril() == x).flatten(-2).all(-1) & (x.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


real = Constraint("Real()", lambda x: x == x)  # noqa: PLR0124 - all but NaN
real_vector = Constraint("IndependentConstraint(Real(), 1)", lambda x: (x == x).all(-1), 1)  # noqa: PLR0124
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1))
nonnegative_integer = Constraint(
    "IntegerGreaterThan(lower_bound=0)", lambda x: _whole(x) & (x >= 0)
)
simplex = Constraint("Simplex()", _is_simplex, 1)
one_hot = Constraint("OneHot()", _is_one_hot, 1)
positive_definite = Constraint("PositiveDefinite()", _is_positive_definite, 2)
lower_cholesky = Constraint("LowerCholesky()", _is_lower_cholesky, 2)
