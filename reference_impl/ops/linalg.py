"""Functions of matrices: exponential, powers, pseudo-inverse, norms, least squares, cross products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.ops.lang import (
    adjoint,
    array_of,
    concatenate,
    conj,
    matmul,
    op,
    part,
    shape_of,
    sum_to,
    zeros,
)  # fmt: skip
from reference_impl.ops.matrices import check_square, is_vector
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.registry import OPS
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor, make

# ruff: noqa: N803, N806 - torch's signatures, and matrices have capital letters

# -- exponential and powers --------------------------------------------------------------------------------------------


_EXP_TERMS = 16  # of a matrix of norm 1/8 at most: 8**-16 / 16! is far below a rounding of extended precision


def _exp_forward(self: Any) -> Any:
    """Taylor series of the matrix scaled down by a power of two, squared back up.

    Each squaring doubles what was rounded before it, so all of it happens in extended precision.
    """
    check_square("linalg.matrix_exp", self)
    if self.size == 0:
        return np.array(self)
    size = np.abs(self).sum(axis=-1).max()
    squarings = (
        max(0, math.ceil(math.log2(max(float(size), 1e-300))) + 4) if np.isfinite(size) else 0
    )
    made = _exp_series(self.astype(np.result_type(self.dtype, np.longdouble)), squarings)
    narrow = made.astype(self.dtype)
    # Beyond the dtype's range, what it would have met on the way is infinity less infinity.
    return narrow if np.all(np.isfinite(narrow)) else _exp_series(self, squarings)


def _exp_series(self: Any, squarings: int) -> Any:
    X = self / self.dtype.type(2.0**squarings)
    term = made = np.broadcast_to(np.eye(self.shape[-1], dtype=self.dtype), self.shape).copy()
    for k in range(1, _EXP_TERMS):
        term = term @ X / self.dtype.type(k)
        made = made + term
    for _ in range(squarings):
        made = made @ made
    return made


def _exp_direction(X: Any, D: Any) -> Any:
    """The derivative of exp at X along D: the upper right block of exp([[X, D], [0, X]])."""
    shape = shape_of(X)
    n, row, column = shape[-1], len(shape) - 2, len(shape) - 1
    above = concatenate([X, D], column)
    below = concatenate([zeros(shape, X), X], column)
    whole = op("matrix_exp", concatenate([above, below], row))
    return part(part(whole, row, 0, n), column, n, 2 * n)


matrix_exp_op = define_op(
    "matrix_exp",
    node="LinalgMatrixExpBackward0",
    forward=_exp_forward,
    inputs=("self",),
    # The transpose of the derivative at X is the derivative at X^H.
    vjp={"self": lambda ct, self: _exp_direction(adjoint(self), ct)},
    jvp=lambda self_t, self: _exp_direction(self, self_t),
    aliases=("linalg.matrix_exp",),
)


def matrix_power(A: Tensor, n: int) -> Any:
    """The product of ``n`` factors ``A``; of their inverses for a negative number."""
    check_square("linalg.matrix_power", A._data)
    if n == 0:
        eye = np.broadcast_to(np.eye(A.shape[-1], dtype=A._data.dtype), A.shape)
        return op("copy_", op("clone", A), make(eye.copy()))
    made, square = None, A if n > 0 else op("linalg.inv", A)
    n = abs(n)
    while n:
        if n % 2:
            made = square if made is None else matmul(made, square)
        n //= 2
        square = matmul(square, square) if n else square
    return op("clone", made) if made is A else made


define_function("linalg.matrix_power", matrix_power, method=False)
define_function("matrix_power", matrix_power)


def multi_dot(tensors: Any) -> Any:
    """The product of several matrices in the cheapest order; the first and last may be vectors."""
    parts = list(tensors)
    if len(parts) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(parts)}")
    first, last = parts[0].ndim == 1, parts[-1].ndim == 1
    shape = [] if first else [parts[0].shape[0]]
    shape += [] if last else [parts[-1].shape[1]]
    if first:
        parts[0] = op("unsqueeze", parts[0], 0)
    if last:
        parts[-1] = op("unsqueeze", parts[-1], -1)
    return op("view", _chain(parts), tuple(shape))


def _chain(parts: list[Tensor]) -> Any:
    """The product, cut where the two halves cost least."""
    if len(parts) == 1:
        return parts[0]
    sizes = [parts[0].shape[0], *[p.shape[1] for p in parts]]
    cost, cuts = _costs(sizes)
    _ = cost
    return _product(parts, 0, len(parts) - 1, cuts)


def _costs(sizes: list[int]) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    n = len(sizes) - 1
    cost, cuts = {(i, i): 0 for i in range(n)}, {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            found = [
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            ]
            cost[i, j], cuts[i, j] = min(found)
    return cost, cuts


def _product(parts: list[Tensor], i: int, j: int, cuts: dict[tuple[int, int], int]) -> Any:
    if i == j:
        return parts[i]
    k = cuts[i, j]
    return op("mm", _product(parts, i, k, cuts), _product(parts, k + 1, j, cuts))


define_function("linalg.multi_dot", multi_dot, method=False)

# -- pseudo-inverse ----------------------------------------------------------------------------------------------------


def _cut_off(A: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Absolute and relative bounds below which a singular value counts as zero."""
    eps = np.finfo(A.dtype).eps * max(A.shape[-2:])
    atol = None if atol is None else np.asarray(array_of(atol))
    if rtol is None:
        rtol = np.where(atol > 0, 0.0, eps) if atol is not None else eps
    return 0.0 if atol is None else atol, np.asarray(array_of(rtol))


def _pinv_forward(A: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    if A.size == 0:
        return np.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), dtype=A.dtype)
    if hermitian:
        values, V = np.linalg.eigh(A)
        size, left, right = np.abs(values), V, np.swapaxes(V.conj(), -1, -2)
    else:
        U, values, Vh = np.linalg.svd(A, full_matrices=False)
        size, left, right = values, np.swapaxes(Vh.conj(), -1, -2), np.swapaxes(U.conj(), -1, -2)
    absolute, relative = _cut_off(A, atol, rtol)
    bound = np.maximum(absolute, relative * size.max(axis=-1))
    keep = size > np.expand_dims(bound, -1)
    inverse = np.where(keep, 1 / np.where(keep, values, 1), 0).astype(A.dtype)
    return left @ (inverse[..., None] * right)


def _pinv_vjp(ct: Any, A: Any, result: Any) -> Any:
    """d A^+ = -A^+ dA A^+ + (1 - A^+ A) dA^H A^+^H A^+ + A^+ A^+^H dA^H (1 - A A^+), for matrices of constant rank."""
    P, PH, G = result, adjoint(result), adjoint(ct)
    right = matmul(PH, matmul(P, G))
    left = matmul(G, matmul(P, PH))
    return (
        -matmul(PH, matmul(ct, PH))
        + right
        - matmul(right, matmul(P, A))
        + left
        - matmul(matmul(A, P), left)
    )


def _pinv_jvp(A_t: Any, A: Any, result: Any) -> Any:
    P, PH, D = result, adjoint(result), adjoint(A_t)
    first = matmul(D, matmul(PH, P))
    second = matmul(matmul(P, PH), D)
    return (
        -matmul(P, matmul(A_t, P))
        + first
        - matmul(P, matmul(A, first))
        + second
        - matmul(second, matmul(A, P))
    )


pinv_op = define_op(
    "linalg.pinv.matrix",
    node="LinalgPinvBackward0",
    forward=_pinv_forward,
    inputs=("A",),
    vjp={"A": _pinv_vjp},
    jvp=_pinv_jvp,
    method=False,
)


def pinv(
    A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Any:
    """The pseudo-inverse; singular values up to max(atol, rtol * largest) count as zero."""
    return pinv_op(A, atol, rtol if rcond is None else rcond, hermitian)


define_function("linalg.pinv", pinv, method=False)
define_function("pinverse", lambda self, rcond=1e-15: pinv_op(self, None, rcond))

# -- norms and what is made of them ------------------------------------------------------------------------------------


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """Norms of matrices, which lie along two axes."""
    if dtype is not None:
        A = op("to", A, dtype)
    a, b = (d % A.ndim for d in dim)
    if ord == "fro":
        return OPS["linalg.vector_norm"](A, 2, (a, b), keepdim)
    if ord in (1, -1, math.inf, -math.inf):
        summed, rest = (a, b) if abs(ord) == 1 else (b, a)
        sums = OPS["linalg.vector_norm"](A, 1, summed, keepdim)
        at = rest if keepdim or rest < summed else rest - 1
        return op("amax" if ord > 0 else "amin", sums, at, keepdim)
    values = op("linalg.svdvals", op("movedim", A, (a, b), (-2, -1)))
    made = op("sum", values, -1) if ord == "nuc" else op("amax" if ord > 0 else "amin", values, -1)
    if keepdim:
        for d in sorted((a, b)):
            made = op("unsqueeze", made, d)
    return made


def norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A vector's norm for one axis or none, a matrix's for two."""
    if dim is None and ord is not None and A.ndim == 2:
        dim = (0, 1)
    if ord is None or dim is None or isinstance(dim, int) or len(dim) == 1:
        return OPS["linalg.vector_norm"](A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
    return matrix_norm(A, ord, dim, keepdim, dtype=dtype)


define_function("linalg.matrix_norm", matrix_norm, method=False)
define_function("linalg.norm", norm, method=False)


def cond(A: Tensor, p: Any = None) -> Any:
    """The condition number: a norm of the matrix times that of its inverse."""
    if p in (None, 2, -2):
        values = op("linalg.svdvals", A)
        first, last = op("select", values, -1, 0), op("select", values, -1, -1)
        return last / first if p == -2 else first / last
    return matrix_norm(A, p) * matrix_norm(op("linalg.inv", A), p)


define_function("linalg.cond", cond, method=False)


def _rank(A: Any, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    if A.size == 0:
        return np.zeros(A.shape[:-2], dtype=np.int64)
    values = np.abs(np.linalg.eigvalsh(A)) if hermitian else np.linalg.svd(A, compute_uv=False)
    absolute, relative = _cut_off(A, atol, rtol)
    bound = np.maximum(absolute, relative * values.max(axis=-1))
    return np.sum(values > np.expand_dims(bound, -1), axis=-1)


rank_op = define_op(
    "linalg.matrix_rank.matrix",
    forward=_rank,
    inputs=("A",),
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
    method=False,
)


def matrix_rank(
    A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Any:
    """Number of singular values above the bound."""
    return rank_op(A, tol if tol is not None else atol, 0.0 if tol is not None else rtol, hermitian)


define_function("linalg.matrix_rank", matrix_rank, method=False)

_lstsq = make_type("linalg_lstsq", "solution", "residuals", "rank", "singular_values")


def lstsq(A: Tensor, B: Tensor, rcond: Any = None, *, driver: str | None = None) -> Any:
    """The X that makes |A X - B| least, and with full rank the squares that remain."""
    vector = is_vector(A, B)
    right = op("unsqueeze", B, -1) if vector else B
    X = matmul(pinv_op(A, None, rcond, False), right)
    m, n = A.shape[-2:]
    nothing = make(np.empty((0,), dtype=A._data.real.dtype))
    # The default driver, gelsy, tells no residuals; the others do for matrices of full rank.
    if (
        m > n
        and driver not in (None, "gelsy")
        and (driver == "gels" or bool(np.all(_rank(A._data) == n)))
    ):
        rest = matmul(A, X) - right
        residuals = op(
            "sum",
            op("real", rest * conj(rest)) if rest._data.dtype.kind == "c" else rest * rest,
            -2,
        )
    else:
        residuals = op("clone", op("slice", op("real", op("reshape", X, (-1,))), 0, 0, 0))
    return _lstsq(
        (op("squeeze", X, -1) if vector else X, residuals, *_ranks(A, rcond, driver, nothing))
    )


def _ranks(A: Tensor, rcond: Any, driver: str | None, nothing: Tensor) -> tuple[Tensor, Tensor]:
    if driver in (None, "gelsy"):
        rank = make(np.asarray(_rank(A._data, None, rcond)))
        return rank, nothing
    if driver == "gels":
        return make(np.empty((0,), dtype=np.int64)), nothing
    values = np.linalg.svd(A._data, compute_uv=False)
    return make(np.asarray(_rank(A._data, None, rcond))), make(values)


define_function("linalg.lstsq", lstsq, method=False)

# -- products of vectors -----------------------------------------------------------------------------------------------


def _cross_forward(self: Any, other: Any, dim: int = -1) -> Any:
    a, b = np.broadcast_arrays(self, other)
    if a.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[dim]} and {b.shape[dim]}"
        )
    return np.cross(a, b, axis=dim)


cross_op: Any = define_op(
    "linalg.cross.dim",
    node="LinalgCrossBackward0",
    forward=_cross_forward,
    inputs=("self", "other"),
    # <ct, da x b> = <da, b x ct> and <ct, a x db> = <db, ct x a>.
    vjp={
        "self": lambda ct, other, self_shape, dim: sum_to(
            op("linalg.cross", conj(other), ct, dim=dim), self_shape
        ),
        "other": lambda ct, self, other_shape, dim: sum_to(
            op("linalg.cross", ct, conj(self), dim=dim), other_shape
        ),
    },
    jvp=lambda self, other, self_t, other_t, dim: (
        cross_op(self_t, other, dim) + cross_op(self, other_t, dim)
    ),
    method=False,
)


def cross(self: Tensor, other: Tensor, dim: int | None = None) -> Any:
    """The cross product along the first axis of three, or along ``dim``."""
    if dim is None:
        dim = next((i for i, n in enumerate(self.shape) if n == 3), -1)
    return cross_op(self, other, dim)


define_function(
    "linalg.cross", lambda input, other, *, dim=-1: cross_op(input, other, dim), method=False
)
define_function("cross", cross)
define_function(
    "linalg.vecdot",
    lambda x, y, *, dim=-1: op(
        "sum", op("conj", x) * y if x._data.dtype.kind == "c" else x * y, dim
    ),
    method=False,
)
