"""What functions of matrices share: checks, and elimination by hand where NumPy refuses a matrix."""

# ruff: noqa: N803, N806 - torch's signatures, and matrices have capital letters

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.errors import LinAlgError
from reference_impl.ops.lang import shape_of


def check_square(name: str, a: Any) -> None:
    """Refuse what is no square matrix."""
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices"
        )


def is_vector(A: Any, B: Any) -> bool:
    """True if ``B`` is a vector, or a batch of them, rather than a matrix."""
    a, b = shape_of(A), shape_of(B)
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])


# -- elimination -------------------------------------------------------------------------------------------------------


def pack_lu(A: Any, pivot: bool = True) -> tuple[Any, Any]:
    """L and U in one matrix (the ones of L's diagonal left out), and the row each step exchanged, counted from 1."""
    LU = np.array(A)
    m, n = A.shape[-2:]
    k = min(m, n)
    pivots = np.tile(np.arange(1, k + 1, dtype=np.int32), (*A.shape[:-2], 1))
    for place in np.ndindex(*A.shape[:-2]):
        _lu_one(LU[place], pivots[place], pivot)
    return LU, pivots


def _lu_one(M: Any, pivots: Any, pivot: bool) -> None:
    for i in range(len(pivots)):
        if pivot:
            column = M[i:, i]
            size = (
                np.abs(column.real) + np.abs(column.imag) if M.dtype.kind == "c" else np.abs(column)
            )
            p = i + int(np.argmax(size))
            pivots[i] = p + 1
            if p != i:
                M[[i, p]] = M[[p, i]]
        if M[i, i] != 0:
            M[i + 1 :, i] /= M[i, i]
            M[i + 1 :, i + 1 :] -= np.outer(M[i + 1 :, i], M[i, i + 1 :])


def permutation(pivots: Any, m: int) -> Any:
    """The matrix P with A = P L U for a list of row exchanges."""
    P = np.zeros((*pivots.shape[:-1], m, m))
    for place in np.ndindex(*pivots.shape[:-1]):
        order = np.arange(m)
        for i, p in enumerate(pivots[place]):
            order[[i, p - 1]] = order[[p - 1, i]]
        P[place][order, np.arange(m)] = 1
    return P


def first_zero(LU: Any) -> Any:
    """The first zero on the diagonal of U, counted from 1, per matrix; 0 if there is none."""
    diagonal = np.diagonal(LU, axis1=-2, axis2=-1) == 0
    return np.where(
        diagonal.any(axis=-1), diagonal.argmax(axis=-1) + 1 if diagonal.shape[-1] else 0, 0
    ).astype(np.int32)


def substitute(T: Any, B: Any, upper: bool) -> Any:
    """Solve a triangular system row by row, from the row with one unknown on."""
    lead = np.broadcast_shapes(T.shape[:-2], B.shape[:-2])
    X = np.array(np.broadcast_to(B, (*lead, *B.shape[-2:])))
    n = T.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        for i in reversed(range(n)) if upper else range(n):
            X[..., i, :] /= T[..., i, i, None]
            rest = slice(0, i) if upper else slice(i + 1, n)
            X[..., rest, :] -= T[..., rest, i, None] * X[..., i, None, :]
    return X


def solve_anyway(A: Any, B: Any) -> Any:
    """A^-1 B by elimination, with infinities and NaN where the matrix is singular."""
    LU, pivots = pack_lu(A)
    n = A.shape[-1]
    P = permutation(pivots, n).astype(A.dtype)
    half = substitute(
        np.tril(LU, -1) + np.eye(n, dtype=A.dtype), np.swapaxes(P, -1, -2) @ B, upper=False
    )
    return substitute(np.triu(LU), half, upper=True)


def _batch(found: Any) -> tuple[str, int]:
    """Which matrix of a batch is the first with a number other than 0, and the number."""
    flat = np.asarray(found).reshape(-1)
    at = int(np.flatnonzero(flat)[0]) if flat.any() else 0
    return (f"(Batch element {at}): " if np.ndim(found) else ""), int(flat[at]) if flat.size else 0


def refuse_singular(name: str, A: Any) -> None:
    """Raise torch's error for a matrix without an inverse."""
    batch, at = _batch(first_zero(pack_lu(A)[0]))
    raise LinAlgError(
        f"{name}: {batch}The diagonal element {at or A.shape[-1]} is zero, the inversion could not be "
        "completed because "
        "the input matrix is singular."
    )


def refuse_minor(name: str, found: Any) -> None:
    """Raise torch's error for a matrix that is not positive definite."""
    batch, order = _batch(found)
    raise LinAlgError(
        f"{name}: {batch}The factorization could not be completed because the input is not "
        "positive-definite (the leading "
        f"minor of order {order} is not positive-definite)."
    )


def partial_cholesky(A: Any) -> tuple[Any, Any]:
    """The factor column by column until one fails, and the number of that column, counted from 1; 0 if none does."""
    L = np.tril(A)
    info = np.zeros(A.shape[:-2], dtype=np.int32)
    for place in np.ndindex(*A.shape[:-2]):
        M = L[place]
        for j in range(A.shape[-1]):
            M[j, j] = (M[j, j] - M[j, :j] @ M[j, :j].conj()).real
            if not M[j, j].real > 0:
                info[place] = j + 1
                break
            M[j, j] = np.sqrt(M[j, j])
            M[j + 1 :, j] = (M[j + 1 :, j] - M[j + 1 :, :j] @ M[j, :j].conj()) / M[j, j]
    return L, info


def minor_order(A: Any) -> Any:
    """The order of the first leading minor that is not positive, per matrix; 0 if all are."""
    return partial_cholesky(A)[1]
