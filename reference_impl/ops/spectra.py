"""Eigenvalues, eigenvectors, singular values."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.ops.lang import (
    adjoint,
    array_of,
    concatenate,
    conj,
    constant,
    is_complex,
    matmul,
    op,
    part,
    real,
    shape_of,
    unsqueeze,
    zeros,
)  # fmt: skip
from reference_impl.ops.matrices import check_square
from reference_impl.ops.rule import define_function, define_op
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor

# ruff: noqa: N803, N806 - torch's signatures, and matrices have capital letters

# Note [Gauge freedom]
# Eigenvectors and singular vectors are determined up to a phase each (a sign, for real matrices). The formulas hold for
# results that do not depend on that choice. Where two eigenvalues are equal the vectors are not determined at all and
# 1 / (difference) is infinite: the derivative does not exist, and the formulas give infinities or NaN there.


def _diagonal(x: Any) -> Any:
    """The diagonal of a matrix as a vector."""
    return op("diagonal", x, 0, -2, -1)


def _embed(x: Any) -> Any:
    """A vector as a diagonal matrix."""
    return op("diag_embed", x)


def _off_diagonal(x: Any) -> Any:
    """The matrix with zeros on its diagonal."""
    n = shape_of(x)[-1]
    return op("where", constant(np.eye(n, dtype=bool), x), zeros(shape_of(x), x), x)


def _over_gaps(x: Any, gaps: Any) -> Any:
    """``x / gaps`` off the diagonal, where gaps are no zeros by design; 0 on it."""
    n = shape_of(x)[-1]
    return _off_diagonal(x) / (gaps + constant(np.eye(n, dtype=array_of(gaps).dtype), gaps))


def _gaps(values: Any) -> Any:
    """Entry (i, j) is value j less value i."""
    return unsqueeze(values, -2) - unsqueeze(values, -1)


def _scaled_columns(x: Any, values: Any) -> Any:
    """x diag(values)."""
    return x * unsqueeze(values, -2)


# -- Hermitian matrices ------------------------------------------------------------------------------------------------


def _eigh_forward(A: Any, UPLO: Any = "L") -> tuple[Any, Any]:
    check_square("linalg.eigh", A)
    values, vectors = np.linalg.eigh(A, UPLO.upper())
    return values, vectors


def _eigh_vjp(cts: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    """With F = V^H dA V: d lambda is F's diagonal, and dV = V (F / gaps) off the diagonal.

    The matrix is Hermitian, so what F / gaps contributes is its skew part's partner: the Hermitian matrix
    (V^H gV - its adjoint) / (2 gaps). See Note [Gauge freedom].
    """
    g_values, g_vectors = cts
    V = eigenvectors
    if g_vectors is None:
        return matmul(_scaled_columns(V, g_values), adjoint(V))
    G = matmul(adjoint(V), g_vectors)
    inner = _over_gaps((G - adjoint(G)) / 2, _gaps(eigenvalues))
    if g_values is not None:
        inner = inner + _embed(g_values)
    return matmul(V, matmul(inner, adjoint(V)))


def _eigh_jvp(A_t: Any, eigenvalues: Any, eigenvectors: Any) -> tuple[Any, Any]:
    V = eigenvectors
    F = matmul(adjoint(V), matmul((A_t + adjoint(A_t)) / 2, V))
    return real(_diagonal(F)), matmul(V, _over_gaps(F, _gaps(eigenvalues)))


eigh_op = define_op(
    "linalg.eigh.two",
    node="LinalgEighBackward0",
    forward=_eigh_forward,
    inputs=("A",),
    outputs=("eigenvalues", "eigenvectors"),
    vjp={"A": _eigh_vjp},
    jvp=_eigh_jvp,
    method=False,
)
_eigh = make_type("linalg_eigh", "eigenvalues", "eigenvectors")
define_function("linalg.eigh", lambda A, UPLO="L": _eigh(eigh_op(A, UPLO)), method=False)
define_function("linalg.eigvalsh", lambda A, UPLO="L": eigh_op(A, UPLO)[0], method=False)

# -- other square matrices ---------------------------------------------------------------------------------------------


def _eig_forward(A: Any) -> tuple[Any, Any]:
    check_square("linalg.eig", A)
    values, vectors = np.linalg.eig(A)
    kind = np.result_type(A.dtype, np.complex64)
    return values.astype(kind), vectors.astype(kind)


def _eig_vjp(cts: Any, A_dtype: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    """With F = V^-1 dA V: d lambda is F's diagonal, and dV = V (F / gaps + D), where the real diagonal D keeps the
    vectors at length one: D = -Re diag(V^H V (F / gaps)).
    """
    g_values, g_vectors = cts
    V = eigenvectors
    inner = None
    if g_vectors is not None:
        G = matmul(adjoint(V), g_vectors)
        lengths = real(_diagonal(G))
        G = G - _scaled_columns(matmul(adjoint(V), V), lengths + 0 * _diagonal(G))
        inner = _over_gaps(G, conj(_gaps(eigenvalues)))
    if g_values is not None:
        inner = _embed(g_values) if inner is None else inner + _embed(g_values)
    made = op("linalg.solve", adjoint(V), matmul(inner, adjoint(V)))
    return made if A_dtype.kind == "c" else real(made)


def _eig_jvp(A_t: Any, eigenvalues: Any, eigenvectors: Any) -> tuple[Any, Any]:
    V = eigenvectors
    F = op("linalg.solve", V, matmul(A_t + 0 * V, V))
    K = _over_gaps(F, _gaps(eigenvalues))
    VK = matmul(V, K)
    lengths = real(op("sum", conj(V) * VK, -2))
    return _diagonal(F), VK - V * unsqueeze(lengths, -2)


eig_op = define_op(
    "linalg.eig.two",
    node="LinalgEigBackward0",
    forward=_eig_forward,
    inputs=("A",),
    outputs=("eigenvalues", "eigenvectors"),
    vjp={"A": _eig_vjp},
    jvp=_eig_jvp,
    method=False,
)
_eig = make_type("linalg_eig", "eigenvalues", "eigenvectors")
define_function("linalg.eig", lambda A: _eig(eig_op(A)), method=False)
define_function("linalg.eigvals", lambda A: eig_op(A)[0], method=False)

# -- singular values ---------------------------------------------------------------------------------------------------


def _svd_forward(A: Any, full_matrices: bool = True) -> tuple[Any, Any, Any]:
    U, S, Vh = np.linalg.svd(A, full_matrices=full_matrices)
    return U, S, Vh


def _times_i_half(x: Any, S: Any) -> Any:
    """i x / (2 S), complex."""
    value = op("imag", x) / (2 * S)
    return op("complex", zeros(shape_of(value), value), value)


def _svd_vjp(cts: Any, U: Any, S: Any, Vh: Any) -> Any:
    """With P = U^H dA V: dS is P's real diagonal; U^H dU = (P S + S P^H) / gaps and V^H dV = (S P + P^H S) / gaps with
    the gaps s_j^2 - s_i^2; what of dA leaves the spans of U and V turns them too. See Note [Gauge freedom].
    """
    gU, gS, gVh = cts
    k = shape_of(S)[-1]
    row, column = len(shape_of(U)) - 2, len(shape_of(U)) - 1
    U, Vh = part(U, column, 0, k), part(Vh, row, 0, k)
    gU = None if gU is None else part(gU, column, 0, k)
    gVh = None if gVh is None else part(gVh, row, 0, k)
    if gU is None and gVh is None:
        return matmul(_scaled_columns(U, gS), Vh)
    gaps = _gaps(S * S)
    inner = None if gS is None else _embed(gS)
    outside: list[Any] = []
    phase = None
    if gU is not None:
        M = matmul(adjoint(U), gU)
        K = _scaled_columns(_over_gaps(M - adjoint(M), gaps), S)
        inner = K if inner is None else inner + K
        phase = _diagonal(M)
        if shape_of(U)[-2] > k:
            rest = (gU - matmul(U, M)) / unsqueeze(S, -2)
            outside.append(matmul(rest, Vh))
    if gVh is not None:
        gV, V = adjoint(gVh), adjoint(Vh)
        N = matmul(Vh, gV)
        K = _over_gaps(N - adjoint(N), gaps) * unsqueeze(S, -1)
        inner = K if inner is None else inner + K
        phase = -_diagonal(N) if phase is None else phase - _diagonal(N)
        if shape_of(V)[-2] > k:
            rest = (gV - matmul(V, N)) / unsqueeze(S, -2)
            outside.append(matmul(U, adjoint(rest)))
    if is_complex(U):
        inner = inner + _embed(_times_i_half(phase, S))
    made = matmul(U, matmul(inner, Vh))
    for extra in outside:
        made = made + extra
    return made


def _svd_jvp(A_t: Any, U: Any, S: Any, Vh: Any) -> tuple[Any, Any, Any]:
    k = shape_of(S)[-1]
    row, column = U.ndim - 2, U.ndim - 1
    Uk, Vk = part(U, column, 0, k), adjoint(part(Vh, row, 0, k))
    P = matmul(adjoint(Uk), matmul(A_t, Vk))
    gaps = _gaps(S * S)
    PS, SP = _scaled_columns(P, S), P * unsqueeze(S, -1)
    wU, wV = _over_gaps(PS + adjoint(PS), gaps), _over_gaps(SP + adjoint(SP), gaps)
    if is_complex(U):
        turn = _embed(_times_i_half(_diagonal(P), S))
        wU, wV = wU + turn, wV - turn
    dU, dV = matmul(Uk, wU), matmul(Vk, wV)
    if U.shape[-2] > k:
        rest = matmul(A_t, Vk)
        dU = dU + (rest - matmul(Uk, matmul(adjoint(Uk), rest))) / unsqueeze(S, -2)
    if Vk.shape[-2] > k:
        rest = matmul(adjoint(A_t), Uk)
        dV = dV + (rest - matmul(Vk, matmul(adjoint(Vk), rest))) / unsqueeze(S, -2)
    return _widened(dU, U, column), real(_diagonal(P)), _widened(adjoint(dV), Vh, row)


def _widened(tangent: Any, full: Any, axis: int) -> Any:
    """Zeros for the vectors beyond the square, which full_matrices adds."""
    missing = full.shape[axis] - tangent.shape[axis]
    if missing == 0:
        return tangent
    shape = tuple(missing if i == axis else n for i, n in enumerate(full.shape))
    return concatenate([tangent, zeros(shape, tangent)], axis)


svd_op = define_op(
    "linalg.svd.three",
    node="LinalgSvdBackward0",
    forward=_svd_forward,
    inputs=("A",),
    outputs=("U", "S", "Vh"),
    vjp={"A": _svd_vjp},
    jvp=_svd_jvp,
    method=False,
)
_linalg_svd, _svd = make_type("linalg_svd", "U", "S", "Vh"), make_type("svd", "U", "S", "V")
define_function(
    "linalg.svd",
    lambda A, full_matrices=True, *, driver=None: _linalg_svd(svd_op(A, full_matrices)),
    method=False,
)
define_function("linalg.svdvals", lambda A, *, driver=None: svd_op(A, False)[1], method=False)


def svd(self: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """torch's older form: V itself, not its adjoint."""
    U, S, Vh = svd_op(self, not some)
    if not compute_uv:
        m, n = self.shape[-2:]
        return _svd(
            (
                op("new_zeros", self, (*self.shape[:-2], m, m)),
                S,
                op("new_zeros", self, (*self.shape[:-2], n, n)),
            )
        )
    return _svd((U, S, op("mH", Vh)))


define_function("svd", svd)


def svd_lowrank(A: Tensor, q: int = 6, niter: int = 2, M: Any = None) -> Any:
    """The ``q`` largest singular values and their vectors (of A - M); exact, where torch estimates them."""
    _ = niter
    X = A if M is None else A - M
    U, S, Vh = svd_op(X, False)
    return (
        op("narrow", U, -1, 0, q),
        op("narrow", S, -1, 0, q),
        op("mH", op("narrow", Vh, -2, 0, q)),
    )


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Any:
    """svd_lowrank of the matrix less its column means."""
    q = min(6, *A.shape[-2:]) if q is None else q
    return svd_lowrank(A - op("mean", A, -2, keepdim=True) if center else A, q, niter)


define_function("svd_lowrank", svd_lowrank, method=False)
define_function("pca_lowrank", pca_lowrank, method=False)
