"""Where NaN may stand for an infinity: a table of operators and points, each with its reason; nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case


@dataclass(frozen=True, slots=True)
class Pole:
    """Points of an operator at which one side may find an infinity and the other NaN, and why neither is promised."""

    ops: tuple[str, ...]
    checks: tuple[str, ...]
    holds: Callable[[Case], bool]
    why: str


def _divides_by_zero(case: Case) -> bool:
    return bool(np.any(case.args[-1] == 0))


def _divides_complex_by_zero(case: Case) -> bool:
    return case.args[-1].dtype.kind == "c" and _divides_by_zero(case)


def _weighs_complex_by_zero(case: Case) -> bool:
    """Whether the weights of complex observations may sum to zero."""
    weights = [case.kwargs.get(name) for name in ("fweights", "aweights")]
    return case.args[0].dtype.kind == "c" and any(
        w is not None and bool(np.any(w == 0)) for w in weights
    )


def _has_zero_pivot(case: Case) -> bool:
    lu = case.args[1] if case.op in {"lu_solve", "triangular_solve"} else case.args[0]
    return bool(np.any(np.diagonal(lu, axis1=-2, axis2=-1) == 0))


POLES: tuple[Pole, ...] = (
    Pole(
        ("addcdiv",),
        ("jvp", "double"),
        _divides_by_zero,
        "at 0 / 0 and beyond, the terms of the quotient rule are infinities whose sum hangs on their order; "
        "source: IEEE 754, section 7.2",
    ),
    Pole(
        ("addcdiv",),
        ("value", "vjp"),
        _divides_complex_by_zero,
        "a complex number over zero is an infinity of no direction, or NaN; source: C99, annex G.5.1",
    ),
    Pole(
        ("cov",),
        ("value", "vjp"),
        _weighs_complex_by_zero,
        "a complex number over weights that sum to zero is an infinity of no direction, or NaN; "
        "source: C99, annex G.5.1",
    ),
    Pole(
        ("lu_solve", "linalg.lu_solve", "triangular_solve", "linalg.solve_triangular"),
        ("value", "vjp", "jvp", "double"),
        _has_zero_pivot,
        "the solution divides by the pivots, and infinities of both signs meet in it; source: torch.linalg.lu_solve, "
        "whose factors are those of linalg.lu_factor and so of an invertible matrix",
    ),
)


def is_pole(op: str, check: str, case: Case) -> bool:
    """Whether this check of an operator may find NaN where the other side finds an infinity."""
    return any(op in pole.ops and check in pole.checks and pole.holds(case) for pole in POLES)


def with_poles(want: NDArray[Any], got: NDArray[Any]) -> NDArray[Any]:
    """``got``, with what ``want`` has wherever one of the two is NaN and the other infinite."""
    mixed = (np.isnan(want) & np.isinf(got)) | (np.isinf(want) & np.isnan(got))
    return np.where(mixed, want, got)
