"""Linear systems: inverses, solutions, determinants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.errors import LinAlgError
from reference_impl.ops.lang import (
    adjoint,
    array_of,
    conj,
    constant,
    is_complex,
    matmul,
    op,
    real,
    reshape,
    shape_of,
    sum,
    sum_to,
    swap,
    where,
    zeros,
)  # fmt: skip
from reference_impl.ops.matrices import (
    check_square,
    first_zero,
    is_vector,
    pack_lu,
    refuse_singular,
    solve_anyway,
    substitute,
)
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor, make

# ruff: noqa: N803, N806 - torch's signatures, and matrices have capital letters


# -- inverse -----------------------------------------------------------------------------------------------------------


def _inv_forward(A: Any, checked: bool = True) -> Any:
    check_square("linalg.inv", A)
    try:
        return np.linalg.inv(A)
    except np.linalg.LinAlgError:
        if checked:
            refuse_singular("linalg.inv", A)
        return solve_anyway(A, np.broadcast_to(np.eye(A.shape[-1], dtype=A.dtype), A.shape))


inv_op = define_op(
    "linalg.inv.matrix",
    node="LinalgInvExBackward0",
    forward=_inv_forward,
    inputs=("A",),
    # d A^-1 = -A^-1 dA A^-1
    vjp={"A": lambda ct, result: -matmul(adjoint(result), matmul(ct, adjoint(result)))},
    jvp=lambda A_t, result: -matmul(result, matmul(A_t, result)),
    method=False,
)
_inv_ex, _solve_ex = (
    make_type("linalg_inv_ex", "inverse", "info"),
    make_type("linalg_solve_ex", "result", "info"),
)


def _info(A: Tensor) -> Tensor:
    """The first zero that elimination meets, counted from 1; 0 for a matrix with an inverse."""
    return make(first_zero(pack_lu(A._data)[0]))


define_function("linalg.inv", lambda A: inv_op(A), method=False)
define_function("inverse", lambda self: inv_op(self))
define_function(
    "linalg.inv_ex",
    lambda A, *, check_errors=False: _inv_ex((inv_op(A, check_errors), _info(A))),
    method=False,
)

# -- solve -------------------------------------------------------------------------------------------------------------


def _solve_forward(A: Any, B: Any, left: bool = True, checked: bool = True) -> Any:
    check_square("linalg.solve", A)
    vector = left and is_vector(A, B)
    M, R = (
        (A, B[..., None] if vector else B)
        if left
        else (np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2))
    )
    try:
        X = np.linalg.solve(M, R)
    except np.linalg.LinAlgError:
        if checked:
            raise LinAlgError(
                "torch.linalg.solve: The solver failed because the input matrix is singular."
            ) from None
        X = solve_anyway(M, R)
    return X[..., 0] if vector else X if left else np.swapaxes(X, -1, -2)


def _solve_vjp_b(ct: Any, A: Any, B_shape: tuple[int, ...], left: bool, checked: bool) -> Any:
    return sum_to(op("linalg.solve.matrix", adjoint(A), ct, left, checked), B_shape)


def _solve_vjp_a(
    ct: Any, A: Any, result: Any, B_shape: tuple[int, ...], left: bool, checked: bool
) -> Any:
    # A X = B: dX = A^-1 (dB - dA X), so with G = A^-H ct the cotangent of A is -G X^H.
    vector = is_vector(A, np.empty(B_shape, dtype=bool))
    G = op("linalg.solve.matrix", adjoint(A), ct, left, checked)
    X = result
    if vector:
        G, X = op("unsqueeze", G, -1), op("unsqueeze", X, -1)
    made = -matmul(G, adjoint(X)) if left else -matmul(adjoint(X), G)
    return sum_to(made, shape_of(A))


solve_op = define_op(
    "linalg.solve.matrix",
    node="LinalgSolveExBackward0",
    forward=_solve_forward,
    inputs=("A", "B"),
    vjp={"A": _solve_vjp_a, "B": _solve_vjp_b},
    jvp=lambda A_t, B_t, A, B, result, left, checked: _solve_jvp(
        A_t, B_t, A, B, result, left, checked
    ),
    method=False,
)


def _solve_jvp(A_t: Any, B_t: Any, A: Any, B: Any, result: Any, left: bool, checked: bool) -> Any:
    if is_vector(A, B):
        moved = op("squeeze", matmul(A_t, op("unsqueeze", result, -1)), -1)
    else:
        moved = matmul(A_t, result) if left else matmul(result, A_t)
    B_t = B_t if shape_of(B_t) == shape_of(moved) else op("expand", B_t, shape_of(moved))
    return solve_op(A, B_t - moved, left, checked)


define_function("linalg.solve", lambda A, B, *, left=True: solve_op(A, B, left), method=False)
define_function(
    "linalg.solve_ex",
    lambda A, B, *, left=True, check_errors=False: _solve_ex(
        (solve_op(A, B, left, check_errors), _info(A))
    ),
    method=False,
)

# -- triangular systems ------------------------------------------------------------------------------------------------


def triangle(x: Any, upper: bool, unit: bool = False) -> Any:
    """The part of a matrix that a triangular solve reads; without the diagonal if that counts as ones."""
    k = (1 if unit else 0) * (1 if upper else -1)
    return op("triu" if upper else "tril", x, k)


def _triangular_forward(
    A: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    check_square("linalg.solve_triangular", A)
    T = np.triu(A) if upper else np.tril(A)
    if unitriangular:
        n = A.shape[-1]
        T = T * (1 - np.eye(n, dtype=A.dtype)) + np.eye(n, dtype=A.dtype)
    if not left:
        return np.swapaxes(
            substitute(np.swapaxes(T, -1, -2), np.swapaxes(B, -1, -2), not upper), -1, -2
        )
    return substitute(T, B, upper)


def _triangular_vjp_a(
    ct: Any, A: Any, result: Any, upper: bool, left: bool, unitriangular: bool
) -> Any:
    G = op(
        "linalg.solve_triangular",
        adjoint(A),
        ct,
        upper=not upper,
        left=left,
        unitriangular=unitriangular,
    )
    made = -matmul(G, adjoint(result)) if left else -matmul(adjoint(result), G)
    return sum_to(triangle(made, upper, unitriangular), shape_of(A))


def _triangular_vjp_b(
    ct: Any, A: Any, B_shape: Any, upper: bool, left: bool, unitriangular: bool
) -> Any:
    made = op(
        "linalg.solve_triangular",
        adjoint(A),
        ct,
        upper=not upper,
        left=left,
        unitriangular=unitriangular,
    )
    return sum_to(made, B_shape)


def _triangular_jvp(
    A_t: Any, B_t: Any, A: Any, result: Any, upper: bool, left: bool, unitriangular: bool
) -> Any:
    D = triangle(A_t, upper, unitriangular)
    moved = matmul(D, result) if left else matmul(result, D)
    return triangular_op(A, B_t - moved, upper, left, unitriangular)


triangular_op = define_op(
    "linalg.solve_triangular.matrix",
    node="LinalgSolveTriangularBackward0",
    forward=_triangular_forward,
    inputs=("A", "B"),
    vjp={"A": _triangular_vjp_a, "B": _triangular_vjp_b},
    jvp=_triangular_jvp,
    method=False,
)
define_function(
    "linalg.solve_triangular",
    lambda A, B, *, upper, left=True, unitriangular=False: triangular_op(
        A, B, upper, left, unitriangular
    ),
    method=False,
)
_triangular_solve = make_type("triangular_solve", "solution", "cloned_coefficient")

# The two results belong to one node: each requires a gradient where either operand does.
_solved_op = define_op(
    "triangular_solve.results",
    node="TriangularSolveBackward0",
    forward=lambda solution, A: (np.array(solution), np.array(A)),
    inputs=("solution", "A"),
    outputs=("solution", "cloned_coefficient"),
    vjp={"solution": lambda cts: cts[0], "A": lambda cts: cts[1]},
    jvp=lambda solution_t, A_t: (solution_t, A_t),
    method=False,
)


def triangular_solve(
    self: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
) -> Any:
    """torch's older triangular solve; returns the coefficients as well."""
    matrix = op("transpose", A, -2, -1) if transpose else A
    found = triangular_op(matrix, self, upper != transpose, True, unitriangular)
    return _triangular_solve(_solved_op(found, A))


define_function("triangular_solve", triangular_solve)


def cholesky_solve(self: Tensor, L: Tensor, upper: bool = False) -> Any:
    """The solution X of ``(L L^H) X = B`` from the factor L, or from the upper one."""
    half = triangular_op(L if not upper else adjoint(L), self, False)
    return triangular_op(adjoint(L) if not upper else L, half, True)


define_function("cholesky_solve", cholesky_solve)


def _cholesky_inverse_vjp(ct: Any, self: Any, result: Any, upper: bool) -> Any:
    # Y = (L L^H)^-1: dY = -Y (dL L^H + L dL^H) Y. Only a triangle of the factor is read.
    S = matmul(result, matmul(ct + adjoint(ct), result))
    return -triangle(matmul(self, S) if upper else matmul(S, self), upper)


def _cholesky_inverse_jvp(self_t: Any, self: Any, result: Any, upper: bool) -> Any:
    D = triangle(self_t, upper)
    T = triangle(self, upper)
    M = matmul(adjoint(D), T) if upper else matmul(D, adjoint(T))
    return -matmul(result, matmul(M + adjoint(M), result))


def _cholesky_inverse_forward(self: Any, upper: bool = False) -> Any:
    T = np.triu(self) if upper else np.tril(self)
    if np.any(np.diagonal(T, axis1=-2, axis2=-1) == 0):
        refuse_singular("cholesky_inverse", T)
    X = substitute(T, np.broadcast_to(np.eye(T.shape[-1], dtype=T.dtype), T.shape), upper)
    H = np.swapaxes(X.conj(), -1, -2)
    return X @ H if upper else H @ X


cholesky_inverse_op = define_op(
    "cholesky_inverse",
    node="CholeskyInverseBackward0",
    forward=_cholesky_inverse_forward,
    inputs=("self",),
    vjp={
        "self": lambda ct, self, result, upper: _cholesky_inverse_vjp(
            ct, triangle(self, upper), result, upper
        )
    },
    jvp=_cholesky_inverse_jvp,
)

# -- determinants ------------------------------------------------------------------------------------------------------


def _cofactors(A: Any) -> Any:
    """The matrix of cofactors: determinants of what is left without a row and a column.

    They exist for singular matrices as well, and so do their derivatives, which are determinants again.
    """
    shape = shape_of(A)
    n = shape[-1]
    if n == 1:
        return zeros(shape, A) + 1
    keep = np.array([[j for j in range(n) if j != i] for i in range(n)])
    rows = op("index_select", A, len(shape) - 2, constant(keep.reshape(-1), A))
    minors = op("index_select", rows, len(shape) - 1, constant(keep.reshape(-1), A))
    minors = reshape(minors, (*shape[:-2], n, n - 1, n, n - 1))
    minors = swap(minors, -3, -2)
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return op("linalg.det", minors) * constant(signs.astype(array_of(A).dtype), A)


def _nearly_singular(A: Any, result: Any) -> bool:
    a, d = array_of(A), np.asarray(array_of(result))
    scale = np.prod(np.linalg.norm(a, axis=-1), axis=-1)
    return bool(np.any(np.abs(d) <= 1e3 * np.finfo(a.dtype).eps * scale)) or not np.all(
        np.isfinite(a)
    )


def _det_slope(A: Any, result: Any) -> Any:
    """d det A / dA: det A times A^-T, or the cofactors where A may be singular."""
    if shape_of(A)[-1] == 0:
        return A
    if _nearly_singular(A, result):
        return _cofactors(A)
    return reshape(result, (*shape_of(result), 1, 1)) * swap(op("linalg.inv", A))


def _det_forward(A: Any) -> Any:
    check_square("linalg.det", A)
    return np.linalg.det(A)


def _of_matrix(x: Any) -> Any:
    """A number per matrix, as a matrix of one element."""
    return reshape(x, (*shape_of(x), 1, 1))


det_op = define_op(
    "linalg.det",
    node="LinalgDetBackward0",
    forward=_det_forward,
    inputs=("A",),
    vjp={"A": lambda ct, A, result: _of_matrix(ct) * conj(_det_slope(A, result))},
    jvp=lambda A_t, A, result: sum(A_t * _det_slope(A, result), [-2, -1]),
    method=False,
)
define_function("det", lambda self: det_op(self))


def _slogdet_vjp(cts: Any, A: Any, sign: Any) -> Any:
    """d log det A = tr(A^-1 dA): log|det A| takes its real part, the sign (a phase) turns by the rest."""
    g_sign, g_log = cts
    weight = None if g_log is None else g_log
    if g_sign is not None and is_complex(sign):
        turn = op("imag", conj(sign) * g_sign)
        turned = op("complex", zeros(shape_of(turn), turn), turn)
        weight = turned if weight is None else weight + turned
    if weight is None:
        return zeros(shape_of(A), A)
    return _of_matrix(weight) * adjoint(op("linalg.inv_ex", A)[0])


def _slogdet_jvp(A_t: Any, A: Any, sign: Any) -> Any:
    trace = sum(A_t * swap(op("linalg.inv_ex", A)[0]), [-2, -1])
    turned = (
        sign * op("complex", zeros(shape_of(trace), real(trace)), op("imag", trace))
        if is_complex(A)
        else zeros(shape_of(trace), trace)
    )
    return turned, real(trace)


slogdet_op = define_op(
    "linalg.slogdet.matrix",
    node="LinalgSlogdetBackward0",
    forward=lambda A: _slogdet_forward(A),
    inputs=("A",),
    outputs=("sign", "logabsdet"),
    vjp={"A": _slogdet_vjp},
    jvp=_slogdet_jvp,
    method=False,
)


def _slogdet_forward(A: Any) -> Any:
    check_square("linalg.slogdet", A)
    sign, log = np.linalg.slogdet(A)
    return np.asarray(sign, dtype=A.dtype), np.asarray(log, dtype=A.real.dtype)


_slogdet, _linalg_slogdet = (
    make_type("slogdet", "sign", "logabsdet"),
    make_type("linalg_slogdet", "sign", "logabsdet"),
)
define_function("linalg.slogdet", lambda A: _linalg_slogdet(slogdet_op(A)), method=False)
define_function("slogdet", lambda self: _slogdet(slogdet_op(self)))


def logdet(self: Tensor) -> Any:
    """Logarithm of the determinant; NaN where that is negative."""
    sign, log = slogdet_op(self)
    if self._data.dtype.kind == "c":
        return op("log", sign) + log
    return op("where", sign == -1, math.nan, log)


define_function("logdet", logdet)

# -- systems of tensors ------------------------------------------------------------------------------------------------


def tensorinv(A: Tensor, ind: int = 2) -> Any:
    """The inverse of a tensor seen as a matrix: its first ``ind`` axes by the rest."""
    rows, columns = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    made = inv_op(op("reshape", A, (math.prod(rows), math.prod(columns))))
    return op("reshape", made, (*columns, *rows))


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Any:
    """The tensor X with ``tensordot(A, X, X.ndim) = B``."""
    if dims is not None:
        A = op("movedim", A, tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    rest = tuple(A.shape[B.ndim :])
    n = math.prod(rest)
    return op("reshape", solve_op(op("reshape", A, (n, n)), op("reshape", B, (-1,))), rest)


define_function("linalg.tensorinv", tensorinv, method=False)
define_function("linalg.tensorsolve", tensorsolve, method=False)
_ = where, OPS
