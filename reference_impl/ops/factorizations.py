"""Factorizations: Cholesky, LU, QR, and products of Householder reflections."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import (
    adjoint,
    array_of,
    concatenate,
    constant,
    matmul,
    op,
    part,
    shape_of,
    swap,
    zeros,
)  # fmt: skip
from reference_impl.ops.matrices import (
    check_square,
    first_zero,
    minor_order,
    pack_lu,
    partial_cholesky,
    permutation,
    refuse_minor,
)
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor, make

# ruff: noqa: N803, N806 - torch's signatures, and matrices have capital letters


def _solve_left(T: Any, B: Any, *, upper: bool, unit: bool = False) -> Any:
    """T^-1 B."""
    return op("linalg.solve_triangular", T, B, upper=upper, unitriangular=unit)


def _solve_right(T: Any, B: Any, *, upper: bool, unit: bool = False) -> Any:
    """B T^-1."""
    return op("linalg.solve_triangular", T, B, upper=upper, left=False, unitriangular=unit)


def _half_triangle(x: Any, *, upper: bool = False) -> Any:
    """A triangle with the diagonal halved, so that a Hermitian matrix is the sum of it and its adjoint."""
    n = shape_of(x)[-1]
    weights = (np.triu if upper else np.tril)(np.ones((n, n))) - 0.5 * np.eye(n)
    return x * constant(weights.astype(array_of(x).dtype), x)


def _hermitian(x: Any) -> Any:
    return (x + adjoint(x)) / 2


# -- Cholesky ----------------------------------------------------------------------------------------------------------


def _cholesky_forward(A: Any, upper: bool = False, checked: bool = True) -> Any:
    check_square("linalg.cholesky", A)
    H = np.swapaxes(A.conj(), -1, -2) if upper else A
    try:
        L = np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        if checked:
            refuse_minor("linalg.cholesky", minor_order(H))
        L = partial_cholesky(H)[0]
    return np.swapaxes(L.conj(), -1, -2) if upper else L


def _cholesky_vjp(ct: Any, result: Any, upper: bool) -> Any:
    """A = L L^H: L^-1 dA L^-H = X + X^H with X = L^-1 dL lower triangular, so dL = L half_triangle(L^-1 dA L^-H)."""
    L, G = (adjoint(result), adjoint(ct)) if upper else (result, ct)
    inner = _half_triangle(matmul(adjoint(L), G))
    outer = _solve_left(adjoint(L), inner, upper=True)
    return _hermitian(_solve_right(L, outer, upper=False))


def _cholesky_jvp(A_t: Any, result: Any, upper: bool) -> Any:
    L = adjoint(result) if upper else result
    D = _solve_right(adjoint(L), _solve_left(L, _hermitian(A_t), upper=False), upper=True)
    made = matmul(L, _half_triangle(D))
    return adjoint(made) if upper else made


cholesky_op = define_op(
    "linalg.cholesky.matrix",
    node="LinalgCholeskyExBackward0",
    forward=_cholesky_forward,
    inputs=("A",),
    vjp={"A": _cholesky_vjp},
    jvp=_cholesky_jvp,
    method=False,
)
_cholesky_ex = make_type("linalg_cholesky_ex", "L", "info")


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The Cholesky factor as far as it goes, and the order of the first minor that is not positive; 0 if all are."""
    H = np.swapaxes(A._data.conj(), -1, -2) if upper else A._data
    return _cholesky_ex((cholesky_op(A, upper, check_errors), make(minor_order(H))))


define_function("linalg.cholesky", lambda A, *, upper=False: cholesky_op(A, upper), method=False)
define_function("linalg.cholesky_ex", cholesky_ex, method=False)
define_function("cholesky", lambda self, upper=False: cholesky_op(self, upper))

# -- LU ----------------------------------------------------------------------------------------------------------------


def _unit_lower(LU: Any, k: int) -> Any:
    """The (m, k) factor L of a packed matrix."""
    shape = shape_of(LU)
    low = op("tril", part(LU, len(shape) - 1, 0, k), -1)
    return low + constant(np.eye(shape[-2], k, dtype=array_of(LU).dtype), LU)


def _upper(LU: Any, k: int) -> Any:
    """The (k, n) factor U of a packed matrix."""
    return op("triu", part(LU, len(shape_of(LU)) - 2, 0, k))


def _lu_vjp(gL: Any, gU: Any, P: Any, L: Any, U: Any) -> Any:
    """P^H A = L U. For square matrices L^-1 P^H dA U^-1 = L^-1 dL + dU U^-1 is a sum of a strictly lower and an upper
    triangle. The columns of a wide matrix beyond the square obey U2 = L^-1 A2, the rows of a tall one L2 = A2 U^-1.
    """
    m, k = shape_of(L)[-2:]
    n = shape_of(U)[-1]
    row, column = len(shape_of(L)) - 2, len(shape_of(L)) - 1
    extra = None
    if n > k:
        U2, gU2 = part(U, column, k, n), part(gU, column, k, n)
        extra = _solve_left(adjoint(L), gU2, upper=True, unit=True)
        gL = gL - matmul(extra, adjoint(U2))
        U, gU = part(U, column, 0, k), part(gU, column, 0, k)
    elif m > k:
        L2, gL2 = part(L, row, k, m), part(gL, row, k, m)
        extra = _solve_right(adjoint(U), gL2, upper=False)
        gU = gU - matmul(adjoint(L2), extra)
        L, gL = part(L, row, 0, k), part(gL, row, 0, k)
    inner = op("tril", matmul(adjoint(L), gL), -1) + op("triu", matmul(gU, adjoint(U)))
    made = _solve_right(
        adjoint(U), _solve_left(adjoint(L), inner, upper=True, unit=True), upper=False
    )
    if extra is not None:
        made = concatenate([made, extra], column if n > k else row)
    return matmul(P, made)


def _lu_jvp(D: Any, L: Any, U: Any) -> tuple[Any, Any]:
    """Tangents of L and U from ``D``, the tangent of P^H A."""
    m, k = shape_of(L)[-2:]
    n = shape_of(U)[-1]
    row, column = len(shape_of(L)) - 2, len(shape_of(L)) - 1
    D1 = part(part(D, column, 0, k), row, 0, k)
    L1, U1 = part(L, row, 0, k), part(U, column, 0, k)
    F = _solve_right(U1, _solve_left(L1, D1, upper=False, unit=True), upper=True)
    dL, dU = matmul(L1, op("tril", F, -1)), matmul(op("triu", F), U1)
    if n > k:
        rest = _solve_left(
            L1, part(D, column, k, n) - matmul(dL, part(U, column, k, n)), upper=False, unit=True
        )
        dU = concatenate([dU, rest], column)
    elif m > k:
        rest = _solve_right(U1, part(D, row, k, m) - matmul(part(L, row, k, m), dU), upper=True)
        dL = concatenate([dL, rest], row)
    return dL, dU


def _factor_vjp(ct: Any, LU: Any, pivots: Any) -> Any:
    m, n = shape_of(LU)[-2:]
    k = min(m, n)
    P = constant(permutation(array_of(pivots), m).astype(array_of(LU).dtype), LU)
    gL = op("tril", part(ct, len(shape_of(ct)) - 1, 0, k), -1)
    return _lu_vjp(gL, _upper(ct, k), P, _unit_lower(LU, k), _upper(LU, k))


def _packed(dL: Any, dU: Any) -> Any:
    """Tangents of both factors in one matrix."""
    m, k = shape_of(dL)[-2:]
    n = shape_of(dU)[-1]
    left = op("constant_pad_nd", dL, [0, n - k, 0, 0], 0.0)
    return left + op("constant_pad_nd", dU, [0, 0, 0, m - k], 0.0)


def _factor_jvp(A_t: Any, LU: Any, pivots: Any) -> Any:
    m, n = shape_of(LU)[-2:]
    k = min(m, n)
    P = make(permutation(array_of(pivots), m).astype(array_of(LU).dtype))
    return _packed(*_lu_jvp(matmul(swap(P), A_t), _unit_lower(LU, k), _upper(LU, k))), None


lu_factor_op = define_op(
    "linalg.lu_factor.packed",
    node="LinalgLuFactorExBackward0",
    forward=pack_lu,
    inputs=("A",),
    outputs=("LU", "pivots"),
    differentiable=("LU",),
    vjp={"A": lambda ct, LU, pivots: _factor_vjp(ct, LU, pivots)},
    jvp=lambda A_t, LU, pivots: _factor_jvp(A_t, LU, pivots),
    method=False,
)
_lu_factor = make_type("linalg_lu_factor", "LU", "pivots")
_lu_factor_ex = make_type("linalg_lu_factor_ex", "LU", "pivots", "info")


def _info(LU: Tensor) -> Tensor:
    """The first step with a zero on the diagonal of U, counted from 1; 0 if there is none."""
    return make(first_zero(LU._data))


def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """The packed factors and the exchanges, if a system could be solved with them."""
    LU, pivots = lu_factor_op(A, pivot)
    found = first_zero(LU._data)
    if found.any():
        at = int(found.reshape(-1)[np.flatnonzero(found.reshape(-1))[0]])
        raise RuntimeError(
            f"torch.linalg.lu_factor: U[{at},{at}] is zero and using it on lu_solve would result in a "
            "division by zero. "
            "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)"
        )
    return _lu_factor((LU, pivots))


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """The packed factors, the exchanges, and where U has its first zero."""
    found = lu_factor(A, pivot=pivot) if check_errors else lu_factor_op(A, pivot)
    return _lu_factor_ex((*found, _info(found[0])))


def lu(self: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """torch's older form of lu_factor."""
    found = tuple(lu_factor_op(self, pivot))
    return (*found, _info(found[0])) if get_infos else found


define_function("linalg.lu_factor", lu_factor, method=False)
define_function("linalg.lu_factor_ex", lu_factor_ex, method=False)
define_function("lu", lu)


def _lu_forward(A: Any, pivot: bool = True) -> tuple[Any, Any, Any]:
    LU, pivots = pack_lu(A, pivot)
    m, n = A.shape[-2:]
    k = min(m, n)
    L = np.tril(LU[..., :k], -1) + np.eye(m, k, dtype=A.dtype)
    return permutation(pivots, m).astype(A.dtype), L, np.triu(LU[..., :k, :])


def _or_zeros(ct: Any, like: Any) -> Any:
    return zeros(shape_of(like), like) if ct is None else ct


lu_op = define_op(
    "linalg.lu.three",
    node="LinalgLuBackward0",
    forward=_lu_forward,
    inputs=("A",),
    outputs=("P", "L", "U"),
    differentiable=("L", "U"),
    vjp={"A": lambda cts, P, L, U: _lu_vjp(_or_zeros(cts[1], L), _or_zeros(cts[2], U), P, L, U)},
    jvp=lambda A_t, P, L, U: (None, *_lu_jvp(matmul(swap(P), A_t), L, U)),
    method=False,
)
_linalg_lu, _lu_unpack = (
    make_type("linalg_lu", "P", "L", "U"),
    make_type("lu_unpack", "P", "L", "U"),
)


def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L and U; without pivoting P is empty."""
    P, L, U = lu_op(A, pivot)
    return _linalg_lu((P if pivot else make(np.empty((0,), dtype=A._data.dtype)), L, U))


define_function("linalg.lu", linalg_lu, method=False)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> Any:
    """P, L and U from the packed form."""
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    nothing = make(np.empty((0,), dtype=LU_data._data.dtype))
    P = (
        make(permutation(LU_pivots._data, m).astype(LU_data._data.dtype))
        if unpack_pivots
        else nothing
    )
    if not unpack_data:
        return _lu_unpack((P, nothing, nothing))
    return _lu_unpack((P, _unit_lower(LU_data, k), _upper(LU_data, k)))


define_function("lu_unpack", lu_unpack, method=False)


def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False
) -> Any:
    """Solve with the packed factors of A, for A or its adjoint, from the left or the right."""
    if not left:
        found = lu_solve(LU, pivots, op("mH", B), adjoint=not adjoint)
        return op("mH", found)
    P, L, U = lu_unpack(LU, pivots)
    if adjoint:
        found = _solve_left(op("mH", U), B, upper=False)
        return matmul(P, _solve_left(op("mH", L), found, upper=True, unit=True))
    found = _solve_left(L, matmul(op("mT", P), B), upper=False, unit=True)
    return _solve_left(U, found, upper=True)


define_function("linalg.lu_solve", lu_solve, method=False)
define_function("lu_solve", lambda self, LU_data, LU_pivots: lu_solve(LU_data, LU_pivots, self))

# -- QR ----------------------------------------------------------------------------------------------------------------


def _qr_forward(A: Any, mode: Any = "reduced") -> tuple[Any, ...]:
    if mode == "r":
        return np.empty((0,), dtype=A.dtype), np.linalg.qr(A, "r")
    return tuple(np.linalg.qr(A, mode))


def _qr_vjp(cts: Any, A: Any, Q: Any, R: Any, mode: str) -> Any:
    """With C = Q^H dA R^-1, the skew part of C turns Q and T = upper triangle of C + C^H, diagonal halved, scales R:
    dR = T R, dQ = dA R^-1 - Q T. The columns of a wide matrix beyond the square obey R2 = Q^H A2.
    """
    m, n = shape_of(A)[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
            "use linalg.qr(A, mode='reduced') if you are going to require derivatives."
        )
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    gQ, gR = _or_zeros(cts[0], Q), _or_zeros(cts[1], R)
    extra, column = None, len(shape_of(A)) - 1
    if n > m:
        A2, gR2 = part(A, column, m, n), part(gR, column, m, n)
        extra = matmul(Q, gR2)
        gQ = gQ + matmul(A2, adjoint(gR2))
        R, gR = part(R, column, 0, m), part(gR, column, 0, m)
    N = _half_triangle(matmul(gR, adjoint(R)) - matmul(adjoint(Q), gQ), upper=True)
    made = _solve_right(adjoint(R), gQ + matmul(Q, N + adjoint(N)), upper=False)
    return made if extra is None else concatenate([made, extra], column)


def _qr_jvp(A_t: Any, A: Any, Q: Any, R: Any) -> tuple[Any, Any]:
    m, n = shape_of(A)[-2:]
    column = len(shape_of(A)) - 1
    k = min(m, n)
    D, R1 = part(A_t, column, 0, k), part(R, column, 0, k)
    X = _solve_right(R1, D, upper=True)
    C = matmul(adjoint(Q), X)
    T = _half_triangle(C + adjoint(C), upper=True)
    dQ, dR = X - matmul(Q, T), matmul(T, R1)
    if n > m:
        rest = matmul(adjoint(dQ), part(A, column, m, n)) + matmul(
            adjoint(Q), part(A_t, column, m, n)
        )
        dR = concatenate([dR, rest], column)
    return dQ, dR


qr_op = define_op(
    "linalg.qr.two",
    node="LinalgQrBackward0",
    forward=_qr_forward,
    inputs=("A",),
    outputs=("Q", "R"),
    vjp={"A": _qr_vjp},
    jvp=_qr_jvp,
    method=False,
)
_linalg_qr, _qr = make_type("linalg_qr", "Q", "R"), make_type("qr", "Q", "R")
define_function("linalg.qr", lambda A, mode="reduced": _linalg_qr(qr_op(A, mode)), method=False)
define_function("qr", lambda self, some=True: _qr(qr_op(self, "reduced" if some else "complete")))

# -- reflections -------------------------------------------------------------------------------------------------------


def _reflect(X: Tensor, A: Tensor, tau: Tensor, i: int, *, adjoint_of: bool = False) -> Any:
    """H X for the reflection H = I - tau v v^H, whose v is 1 at i and below it column i of ``A``."""
    m = A.shape[-2]
    below = np.zeros((m, 1), dtype=A._data.dtype)
    below[i + 1 :] = 1
    first = np.zeros((m, 1), dtype=A._data.dtype)
    first[i] = 1
    v = op("narrow", A, -1, i, 1) * make(below) + make(first)
    t = op("unsqueeze", op("narrow", tau, -1, i, 1), -1)
    t = op("conj", t) if adjoint_of and t._data.dtype.kind == "c" else t
    return X - matmul(t * v, matmul(adjoint(v), X))


def householder_product(A: Tensor, tau: Tensor) -> Any:
    """The first columns of the product of the reflections that ``A`` and ``tau`` describe."""
    m, n = A.shape[-2:]
    X = make(np.broadcast_to(np.eye(m, n, dtype=A._data.dtype), (*A.shape[:-2], m, n)).copy())
    for i in reversed(range(tau.shape[-1])):
        X = _reflect(X, A, tau, i)
    # No reflection at all still depends on the matrix, by nothing.
    return X if tau.shape[-1] else X + op("sum", op("narrow", A, -1, 0, 0))


def ormqr(
    self: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False
) -> Any:
    """Q C, Q^H C, C Q or C Q^H for the product Q of all reflections."""
    if not left:
        return op("mH", ormqr(self, tau, op("mH", other), True, not transpose))
    order = range(tau.shape[-1])
    for i in order if transpose else reversed(order):
        other = _reflect(other, self, tau, i, adjoint_of=transpose)
    return other


define_function("linalg.householder_product", householder_product, method=False, aliases=("orgqr",))
define_function("ormqr", ormqr)


def _geqrf(self: Any) -> tuple[Any, Any]:
    m, n = self.shape[-2:]
    packed, tau = np.empty_like(self), np.empty((*self.shape[:-2], min(m, n)), dtype=self.dtype)
    for place in np.ndindex(*self.shape[:-2]):
        h, tau[place] = np.linalg.qr(self[place], "raw")
        packed[place] = h.T
    return packed, tau


geqrf_op = define_op(
    "geqrf.two",
    forward=_geqrf,
    inputs=("self",),
    outputs=("a", "tau"),
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
    method=False,
)
_geqrf_type = make_type("geqrf", "a", "tau")
define_function("geqrf", lambda self: _geqrf_type(geqrf_op(self)))
