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


def _weighs_by_zero(case: Case) -> bool:
    """Whether the weights of observations, less the correction, sum to nothing that can be divided by."""
    x = case.args[0]
    if not x.size:
        return False
    given = [case.kwargs.get(name) for name in ("fweights", "aweights")]
    often, much = (np.ones(np.atleast_2d(x).shape[1]) if w is None else w for w in given)
    total, correction = np.sum(often * much), case.kwargs.get("correction", 1)
    if given[1] is not None:
        correction = correction * np.sum(often * much**2) / total
    return not total - correction > 0


def _weighs_complex_by_zero(case: Case) -> bool:
    return case.args[0].dtype.kind == "c" and _weighs_by_zero(case)


def _scales_complex_by_infinity(case: Case) -> bool:
    return any(x.dtype.kind == "c" for x in case.arrays()) and bool(
        np.any(case.args[1].real > _OVERFLOWS)
    )


_OVERFLOWS = 127.0  # exponents of 2, in float32


def _exponential_overflows(case: Case) -> bool:
    """Whether the exponential of a matrix is beyond its dtype, and so what is squared and multiplied on the way."""
    x = case.args[0]
    return bool(x.size and np.max(np.linalg.eigvals(x).real) > _largest_exponent(case))


def _negative_alpha_overflows(case: Case) -> bool:
    alpha = case.kwargs.get("alpha", case.args[1] if len(case.args) > 1 else 1.0)
    return bool(alpha < 0 and np.any(case.args[0] / alpha > _largest_exponent(case)))


def _largest_exponent(case: Case) -> float:
    return _LARGEST_EXPONENT.get(case.dtype, 700.0)


# exp of 709 is the largest number of float64, of 88.7 that of float32; beside it, products on the way are larger.
_LARGEST_EXPONENT = {"float32": 85.0, "complex64": 85.0, "bfloat16": 85.0, "float16": 10.0}


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
        ("jvp",),
        _weighs_by_zero,
        "over weights that sum to zero the terms of the quotient rule are infinities whose sum hangs on their order; "
        "source: IEEE 754, section 7.2",
    ),
    Pole(
        ("cov",),
        ("value", "vjp"),
        _weighs_complex_by_zero,
        "a complex number over weights that sum to zero is an infinity of no direction, or NaN; "
        "source: C99, annex G.5.1",
    ),
    Pole(
        ("ldexp",),
        ("value", "vjp", "jvp"),
        _scales_complex_by_infinity,
        "a complex number times an infinite power of two is an infinity of no direction, or NaN; source: torch.ldexp, "
        "whose formula is input * 2 ** other, and C99, annex G.5.1",
    ),
    Pole(
        ("matrix_exp",),
        ("value", "vjp", "jvp", "double"),
        _exponential_overflows,
        "the exponential is a power of a matrix, in which infinities of both signs meet where it overflows; source: "
        "IEEE 754, section 7.2",
    ),
    Pole(
        ("nn.functional.celu",),
        ("double",),
        _negative_alpha_overflows,
        "with a negative alpha the slope is an exponential that overflows, which the product rule multiplies by the "
        "zero tangent of a constant; source: IEEE 754, section 7.2",
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


def with_poles(
    want: NDArray[Any], got: NDArray[Any], largest: float = np.finfo(np.float64).max
) -> NDArray[Any]:
    """``got``, with what ``want`` has wherever one of the two is NaN and the other beyond the dtype's numbers."""
    mixed = (np.isnan(want) & np.isinf(got)) | ((np.abs(want) > largest) & np.isnan(got))
    return np.where(mixed, want, got)
