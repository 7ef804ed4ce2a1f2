"""What matrices and factors of them are like where functions of them have no answer that anybody promises."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.adapters import HERMITIAN

Array = NDArray[Any]


# The coarser dtypes, in which an operator may be documented to do something else than in double precision.
_SINGLE = frozenset({"float32", "complex64", "bfloat16", "float16"})


def is_single(case: Case) -> bool:
    """Whether the case is asked in single precision or a coarser one."""
    return case.dtype in _SINGLE


def options(case: Case, *names: str) -> list[Any]:
    """The first argument, and the options after it, given by place or by name."""
    given = [*case.args[1:], *[None] * len(names)]
    return [case.args[0], *(case.kwargs.get(name, given[i]) for i, name in enumerate(names))]


def is_singular(case: Case) -> bool:
    """Whether a matrix, or what is a matrix after a reshape, has no inverse."""
    x = case.args[0]
    if case.op == "linalg.tensorinv":
        x = x.reshape(int(np.prod(x.shape[: case.kwargs.get("ind", 2)])), -1)
    if case.op == "linalg.tensorsolve":
        x = x.reshape(case.args[1].size, -1)
    return bool(x.size and np.any(np.linalg.matrix_rank(x) < x.shape[-1]))


def repeats_eigenvalue(case: Case) -> bool:
    """Whether two eigenvalues of a matrix are equal, as far as rounding can tell."""
    x = case.args[0]
    if not x.size:
        return False
    if case.op in HERMITIAN:
        x = (x + np.conj(np.swapaxes(x, -1, -2))) / 2
    values = np.linalg.eigvals(x)
    gaps = np.abs(values[..., :, None] - values[..., None, :])
    gaps += np.where(np.eye(x.shape[-1], dtype=bool), np.inf, 0.0)
    return bool(np.any(gaps < _EQUAL * np.max(np.abs(values), initial=1.0)))


# Where a matrix is not normal, n equal eigenvalues come out split by the n-th root of an ulp: 6e-6 of three.
_EQUAL = 1e-4


def has_complex_diagonal(case: Case) -> bool:
    """Whether a triangle has a diagonal that is not real, which that of no Cholesky factor is."""
    return bool(np.any(np.diagonal(case.args[0], axis1=-2, axis2=-1).imag != 0))


def inverts_a_singular_one(case: Case) -> bool:
    """Whether a negative power is asked of a matrix that has no inverse."""
    return case.args[1] < 0 and is_singular(case)


def is_on_kink_of_spectrum(case: Case) -> bool:
    """Whether a norm is that of singular values, of which the one that counts is zero, or equal to another."""
    x, order, dim = options(case, "ord", "dim")
    if order not in {2, -2, "nuc"} or not x.size or (dims := _matrix_dims(x, dim)) is None:
        return False
    values = np.linalg.svdvals(np.moveaxis(x, dims, (-2, -1)))
    equal = values[..., :-1] - values[..., 1:] < _EQUAL * values[..., :1]
    is_zero = bool(np.any(values[..., -1] < _EQUAL * values[..., 0]))
    if order == "nuc":
        return is_zero
    return bool(np.any(equal[..., :1])) if order > 0 else is_zero or bool(np.any(equal[..., -1:]))


def _matrix_dims(x: Array, dim: Sequence[int] | None) -> tuple[int, int] | None:
    """The two dimensions that hold matrices; None where vectors are meant."""
    first, *more = (-2, -1) if dim is None else np.atleast_1d(dim)
    return (int(first), int(more[0])) if more and x.ndim > 1 else None


def is_singular_in_single(case: Case) -> bool:
    """Whether rounding of single precision decides the rank of a matrix."""
    return is_single(case) and is_singular(case)


def divides_complex_by_zero(case: Case) -> bool:
    """Whether a triangle of complex numbers has a zero on its diagonal, so that infinities become NaN everywhere.

    Of real numbers, whether nothing is divided by that zero: a zero times an infinity is NaN on the side that forms it.
    """
    lu = case.args[1] if case.op in {"lu_solve", "triangular_solve"} else case.args[0]
    is_undirected = lu.dtype.kind == "c" or any(x.size == 0 for x in case.arrays())
    return is_undirected and bool(np.any(np.diagonal(lu, axis1=-2, axis2=-1) == 0))


def is_beyond_differences(case: Case) -> bool:
    """Whether singular values are so large beside the gradient that differences of them leave no digit of it."""
    return has_complex_beyond(case, _TOO_LARGE)


_TOO_LARGE = 1e3


def has_complex_beyond(case: Case, size: float) -> bool:
    """Whether a matrix is complex, and some element of it larger than this."""
    x = case.args[0]
    return x.dtype.kind == "c" and float(np.max(np.abs(x), initial=0.0)) > size


def is_nearly_singular_factor(case: Case) -> bool:
    """Whether a factor is so close to a singular one that the fourth power of its inverse has no digits left."""
    x = case.args[1 if case.op == "cholesky_solve" else 0]
    upper = bool(case.kwargs.get("upper", False))
    cut = np.triu(x) if upper else np.tril(x)
    return bool(x.size and np.max(np.linalg.cond(cut)) > _NEARLY_SINGULAR)


_NEARLY_SINGULAR = 1e4


def lacks_rank(case: Case) -> bool:
    """Whether columns that hold pivots depend on each other, so that rounding chooses, or divides by, the rest."""
    x = case.args[0]
    least = min(x.shape[-2:])
    return bool(x.size and np.any(np.linalg.matrix_rank(x[..., :least]) < least))


def rounding_picks_pivots(case: Case) -> bool:
    """Whether two candidates for a pivot are equally large, up to rounding, once rows were subtracted.

    Before, in the first column, BLAS takes the first of them.
    """
    x = case.args[0]
    matrices = x.reshape(-1, *x.shape[-2:])
    return any(_has_rival_pivots(matrix.astype(matrix.dtype, copy=True)) for matrix in matrices)


def _has_rival_pivots(rest: Array) -> bool:
    for step in range(min(rest.shape)):
        sizes = np.abs(rest[:, 0].real) + np.abs(rest[:, 0].imag)  # what BLAS compares
        order = np.argsort(-sizes, kind="stable")
        largest = sizes[order[0]]
        if not largest > 0:
            return False
        if step and len(order) > 1 and sizes[order[1]] > largest * (1 - _RIVAL):
            return True
        pivot, others = rest[order[0]], np.delete(rest, order[0], axis=0)
        rest = (others - np.outer(others[:, 0] / pivot[0], pivot))[:, 1:]
    return False


_RIVAL = 1e-9
