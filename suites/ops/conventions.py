"""Where an answer is nobody's promise: checks that are not made, each with its reason."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case

Array = NDArray[Any]

_KINK = "every sample lies on the kink of the norm, where a subgradient is documented but no second derivative"

# (operator, check): why reference and subject need not agree.
NOT_COMPARED: Mapping[tuple[str, str], str] = {
    ("linalg.norm.subgradients_at_zero", "double"): _KINK,
    ("linalg.norm.subgradients_at_zero", "reverse-over-forward"): _KINK,
    ("linalg.norm.subgradients_at_zero", "forward-over-reverse"): _KINK,
    ("linalg.eig", "reverse-over-forward"): (
        "the tangents of eigenvectors are fixed up to a phase of their own, which torch refuses to differentiate"
    ),
}


def _overlaps_windows(case: Case) -> bool:
    _, _, size, step = case.args
    return bool(step < size)


def _overlaps_strides(case: Case) -> bool:
    _, size, stride = case.args[:3]
    places = sum(
        np.arange(n).reshape(-1, *[1] * (len(size) - i - 1)) * step
        for i, (n, step) in enumerate(zip(size, stride, strict=True))
    )
    return np.unique(places).size < np.asarray(places).size


def _is_singular(case: Case) -> bool:
    x = case.args[0]
    if case.op == "linalg.tensorinv":
        x = x.reshape(int(np.prod(x.shape[: case.kwargs.get("ind", 2)])), -1)
    if case.op == "linalg.tensorsolve":
        x = x.reshape(case.args[1].size, -1)
    return bool(x.size and np.any(np.linalg.matrix_rank(x) < x.shape[-1]))


def _repeats_eigenvalue(case: Case) -> bool:
    """Whether two eigenvalues of a matrix are equal, as far as rounding can tell."""
    x = case.args[0]
    if not x.size:
        return False
    values = np.linalg.eigvals(x)
    gaps = np.abs(values[..., :, None] - values[..., None, :])
    gaps += np.where(np.eye(x.shape[-1], dtype=bool), np.inf, 0.0)
    return bool(np.any(gaps < _EQUAL * np.max(np.abs(values), initial=1.0)))


# Where a matrix is not normal, n equal eigenvalues come out split by the n-th root of an ulp: 6e-6 of three.
_EQUAL = 1e-4


# The coarser dtypes, in which an operator may be documented to do something else than in double precision.
_SINGLE = frozenset({"float32", "complex64", "bfloat16", "float16"})


def _is_single(case: Case) -> bool:
    return case.dtype in _SINGLE


def _has_complex_diagonal(case: Case) -> bool:
    """Whether a triangle has a diagonal that is not real, which that of no Cholesky factor is."""
    return bool(np.any(np.diagonal(case.args[0], axis1=-2, axis2=-1).imag != 0))


def _inverts_a_singular_one(case: Case) -> bool:
    return case.args[1] < 0 and _is_singular(case)


def _is_on_kink_of_spectrum(case: Case) -> bool:
    """Whether a norm is that of singular values, of which the one that counts is zero, or equal to another."""
    x, order, dim = _options(case, "ord", "dim")
    if order not in {2, -2, "nuc"} or not x.size or (dims := _matrix_dims(x, dim)) is None:
        return False
    values = np.linalg.svdvals(np.moveaxis(x, dims, (-2, -1)))
    equal = values[..., :-1] - values[..., 1:] < _EQUAL * values[..., :1]
    is_zero = bool(np.any(values[..., -1] < _EQUAL * values[..., 0]))
    if order == "nuc":
        return is_zero
    return bool(np.any(equal[..., :1])) if order > 0 else is_zero or bool(np.any(equal[..., -1:]))


def _options(case: Case, *names: str) -> list[Any]:
    """The first argument, and the options after it, given by place or by name."""
    given = [*case.args[1:], *[None] * len(names)]
    return [case.args[0], *(case.kwargs.get(name, given[i]) for i, name in enumerate(names))]


def _matrix_dims(x: Array, dim: Sequence[int] | None) -> tuple[int, int] | None:
    """The two dimensions that hold matrices; None where vectors are meant."""
    first, *more = (-2, -1) if dim is None else np.atleast_1d(dim)
    return (int(first), int(more[0])) if more and x.ndim > 1 else None


def _is_singular_in_single(case: Case) -> bool:
    return _is_single(case) and _is_singular(case)


def _divides_complex_by_zero(case: Case) -> bool:
    """Whether a triangle of complex numbers has a zero on its diagonal, so that infinities become NaN everywhere.

    Of real numbers, whether nothing is divided by that zero: a zero times an infinity is NaN on the side that forms it.
    """
    lu = case.args[1] if case.op in {"lu_solve", "triangular_solve"} else case.args[0]
    is_undirected = lu.dtype.kind == "c" or any(x.size == 0 for x in case.arrays())
    return is_undirected and bool(np.any(np.diagonal(lu, axis1=-2, axis2=-1) == 0))


def _is_beyond_differences(case: Case) -> bool:
    """Whether singular values are so large beside the gradient that differences of them leave no digit of it."""
    x = case.args[0]
    return x.dtype.kind == "c" and float(np.max(np.abs(x), initial=0.0)) > _TOO_LARGE


_TOO_LARGE = 1e3


def _is_nearly_singular_factor(case: Case) -> bool:
    """Whether a factor is so close to a singular one that the fourth power of its inverse has no digits left."""
    x = case.args[1 if case.op == "cholesky_solve" else 0]
    upper = bool(case.kwargs.get("upper", False))
    cut = np.triu(x) if upper else np.tril(x)
    return bool(x.size and np.max(np.linalg.cond(cut)) > _NEARLY_SINGULAR)


_NEARLY_SINGULAR = 1e4


def _lacks_rank(case: Case) -> bool:
    """Whether columns depend on each other, so that rounding chooses the pivots of the rest."""
    x = case.args[0]
    return bool(x.size and np.any(np.linalg.matrix_rank(x) < min(x.shape[-2:])))


def _takes_logarithm_of_zero(case: Case) -> bool:
    """Whether a slope is infinite, so that its own slopes are infinities of two signs."""
    end = -1.0 if case.op.endswith("xlog1py") else 0.0
    return bool(np.any(np.asarray(case.args[1]) == end))


def _divides_by_zero(case: Case) -> bool:
    return bool(np.any(np.asarray(case.args[1]) == 0))


def _holds_zero(case: Case) -> bool:
    return bool(np.any(case.args[0] == 0))


def _is_at_threshold(case: Case) -> bool:
    x, beta, threshold = _options(case, "beta", "threshold")
    return bool(
        np.any(x * (1 if beta is None else beta) == (20 if threshold is None else threshold))
    )


def _multiplies_zeros(case: Case) -> bool:
    """Whether two zeros or more are multiplied into one place."""
    dim, (x, index, src) = case.args[1], (np.atleast_1d(case.args[i]) for i in (0, 2, 3))
    if case.op.startswith("index"):
        along = np.moveaxis(index.reshape(-1, *[1] * (src.ndim - 1)), 0, dim)
        index = np.broadcast_to(along, src.shape)
    places = list(np.indices(index.shape))
    zeros = src[tuple(places)] == 0
    places[dim] = index
    count = np.zeros(x.shape, int)
    np.add.at(count, tuple(places), zeros)
    return bool(np.any(count > 1))


def _has_negative_size(case: Case) -> bool:
    return bool(np.any(case.args[0] < 0))


def _is_at_rounded_delta(case: Case) -> bool:
    """Whether a difference is delta but for the rounding of single precision, which decides on which side it lies."""
    delta = case.kwargs.get("delta", 1.0)
    gaps = np.abs(case.args[0] - case.args[1])
    return _is_single(case) and bool(np.any(np.abs(gaps - delta) < _ULPS_OF_SINGLE * delta))


_ULPS_OF_SINGLE = 1e-6


def _enters_by_scores_alone(case: Case) -> bool:
    """Whether attention is differentiated by nothing but what its softmax is of: query, keys and the mask."""
    return frozenset(case.differentiable) <= _OF_SCORES


# The places of query, key, bias_k and attn_mask among the tensors of multi_head_attention_forward.
_OF_SCORES = frozenset({0, 1, 5, 9})


def _has_negative_slope(case: Case) -> bool:
    return any(case.kwargs.get(name, 1.0) < 0 for name in ("alpha", "negative_slope"))


# Gaps of the reference: (operator, check) of complex numbers that it does not answer as documented, and why. Its conj
# is a copy, while torch documents H, mH and conj of complex tensors as views: what is written to it misses its base.
_CONJ_IS_NO_VIEW = "the reference's conj is a copy and no view"
GAPS_OF_COMPLEX: Mapping[tuple[str, str], str] = {
    ("H", "view"): _CONJ_IS_NO_VIEW,
    ("mH", "view"): _CONJ_IS_NO_VIEW,
}


def _is_gap(op: str, check: str, case: Case) -> bool:
    return (op, check) in GAPS_OF_COMPLEX and any(x.dtype.kind == "c" for x in case.inputs())


# Whether a matrix without an inverse is noticed hangs on rounding; source: torch.linalg.inv, "raises a RuntimeError
# if any matrix in the batch is not invertible". With check_errors=False infinities or NaN come, whichever first.
_INVERSES = (
    "inverse", "linalg.inv", "linalg.inv_ex", "linalg.solve", "linalg.solve_ex", "linalg.tensorinv",
    "linalg.tensorsolve",
)  # fmt: skip


# Inputs of our own that are left out, by operator: which mutations, and why.
_TIED = ("zeros", "ties", "wholes")
_RANKLESS = "a matrix of lower rank, or with equal eigenvalues, has no derivative here; torch.linalg says so of each"
_WHICH = "which of several equal elements is taken is documented as unspecified"
_REFLECTORS = (
    "numbers that are no reflectors, on which the documented use (those of geqrf) does not come"
)
_PIVOTED = "multipliers beyond 1, which pivoting (that of linalg.lu_factor) never leaves, and which grow without bound"
_FAR_AWAY = (
    "a grid a thousand images away reads one pixel of the border again and again: its gradient is 0, and what rounding "
    "leaves of terms as large as the pixel"
)
_FULL_RANK = "the driver gels is documented to assume full rank, and refuses other matrices only where it notices"
_INFINITE = "what comes by the two operands are infinities that cancel: which comes first decides what is left"
_TIMES_ZERO = "a gap: forward mode of the reference multiplies what is infinite by the 0 of the side that is not taken"
_EDGES_LEFT_OUT: Mapping[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(("kthvalue", "topk", "mode"), (_TIED, _WHICH)),
    **dict.fromkeys(
        (
            "lu", "qr", "svd", "norm.nuc", "logdet", "linalg.qr", "linalg.svd", "linalg.svdvals", "linalg.cond",
            "linalg.eig", "linalg.eigh", "linalg.slogdet",
        ),
        (_TIED, _RANKLESS),
    ),
    **dict.fromkeys(
        ("ormqr", "linalg.householder_product"), ((*_TIED, "large", "tails"), _REFLECTORS)
    ),
    **dict.fromkeys(("lu_solve", "linalg.lu_solve"), (("large", "tails"), _PIVOTED)),
    **dict.fromkeys(("grid_sampler_2d", "grid_sampler_3d", "nn.functional.grid_sample"), (("large",), _FAR_AWAY)),
    **dict.fromkeys(("lerp", "nn.functional.mse_loss", "polar"), (("infinities",), _INFINITE)),
    **dict.fromkeys(("nn.functional.prelu", "nn.functional.rrelu", "special.ndtr"), (("infinities",), _TIMES_ZERO)),
    **dict.fromkeys(("linalg.lstsq", "linalg.lstsq.grad_oriented"), (_TIED, _FULL_RANK)),
}  # fmt: skip


def is_edge_defined(op: str, mutation: str) -> bool:
    """Whether an operator has one documented answer on inputs of this sort."""
    return mutation not in _EDGES_LEFT_OUT.get(op, ((), ""))[0]


def _ties(case: Case) -> bool:
    """Whether numbers occur twice, where the order of equal ones is not asked for."""
    array = case.args[0]
    return not case.kwargs.get("stable", False) and bool(np.unique(array).size < array.size)


# (operator, check): the samples on which it is undefined. Writing to a tensor whose elements share memory is
# documented as undefined; source: torch.Tensor.expand and torch.as_strided, their warnings.
_UNDEFINED_ON: Mapping[tuple[str, str], Callable[[Case], bool]] = {
    ("unfold", "view"): _overlaps_windows,
    ("as_strided", "view"): _overlaps_strides,
    ("as_strided.partial_views", "view"): _overlaps_strides,
    # In which order equal elements come is unspecified without stable=True, and so is which of several the most
    # frequent one is found at; source: torch.sort and torch.mode. In low precision there are many.
    **{
        (op, check): _ties
        for op in ("sort", "msort", "mode")
        for check in ("value", "vjp", "jvp", "double", "value-edges", "vjp-edges", "jvp-edges")
    },
    # Complex eigenvectors have a phase of their own, which tangents fix anew; source: torch.linalg.eigh, its warnings.
    ("linalg.eigh", "reverse-over-forward"): lambda case: case.args[0].dtype.kind == "c",
    # Where eigenvalues are equal, each alone has no derivative; source: torch.linalg.eigh, its warnings.
    **{
        (op, f"{check}-edges"): _repeats_eigenvalue
        for op in ("linalg.eigvals", "linalg.eigvalsh")
        for check in ("vjp", "jvp", "double")
    },
    **{(op, "double-edges"): _repeats_eigenvalue for op in ("linalg.eig", "linalg.eigh")},
    # Nor are they themselves more exact than that (Golub and Van Loan, Matrix Computations, 7.2.2).
    ("linalg.eigvals", "value-edges"): _repeats_eigenvalue,
    # An operator that draws is judged by differences alone.
    **{("svd_lowrank", f"{check}-edges"): _is_beyond_differences for check in ("vjp", "jvp")},
    # Ties make the factor nearly singular, and its inverse enters four times; source: torch.cholesky_solve, whose
    # matrix is positive definite.
    **{
        (op, f"{check}-edges"): _is_nearly_singular_factor
        for op in ("cholesky_solve", "cholesky_inverse")
        for check in ("vjp", "jvp", "double")
    },
    # Where the slope on the left is negative the result does not tell the sides apart; source: the message of the
    # refusal.
    **{
        (f"nn.functional.{op}", "inplace"): _has_negative_slope
        for op in ("elu", "celu", "leaky_relu")
    },
    # Source: torch.nn.HuberLoss, whose cases part at delta; the reference has a delta of double precision.
    ("nn.functional.huber_loss", "double-edges"): _is_at_rounded_delta,
    # These refuse a second derivative there; source: the message, "Double backward is unsupported for src when >1 zeros
    # in src are scattered to the same position in self".
    **{
        (f"{op}.prod", "double-edges"): _multiplies_zeros
        for op in ("index_reduce", "scatter_reduce")
    },
    # The scores of op_db are of the order of a thousand, and their softmax is saturated: gradients through it are what
    # rounding leaves of large terms, of which differences, that alone judge what draws, decide nothing.
    ("nn.functional.multi_head_attention_forward", "double-edges"): _enters_by_scores_alone,
    # At 0 the first derivative of these has a kink, or jumps: the second is 0 on the right and not on the left. Source:
    # torch.nn.ELU, CELU and SELU, of which only the first says to which side 0 belongs, and for the result alone.
    **{(f"nn.functional.{op}", "double-edges"): _holds_zero for op in ("elu", "celu", "selu")},
    # The result reverts to a line above the threshold, where the first derivative jumps; source: torch.nn.Softplus.
    ("nn.functional.softplus", "double-edges"): _is_at_threshold,
    # In place it refuses whatever is not double precision; source: torch.float_power, "computes in double precision".
    ("float_power", "inplace"): _is_single,
    # Its cutoff is less than an ulp of single precision, so that rounding decides the rank; source: torch.pinverse,
    # rcond=1e-15.
    **{("pinverse", f"{check}-edges"): _is_singular_in_single for check in ("value", "vjp", "jvp")},
    # These divide by the pivots; source: torch.lu_solve, whose factors are those of an invertible matrix, and C99,
    # annex G.5.1, by which a complex infinity has no direction.
    **{
        (op, f"{check}-edges"): _divides_complex_by_zero
        for op in ("lu_solve", "linalg.lu_solve", "triangular_solve", "linalg.solve_triangular")
        for check in ("value", "vjp", "jvp")
    },
    **{
        ("linalg.matrix_power", f"{check}-edges"): _inverts_a_singular_one
        for check in ("value", "vjp", "jvp")
    },
    # A factor has a real diagonal, of which LAPACK reads no imaginary part; source: torch.linalg.cholesky, "real
    # positive diagonal entries (even in the complex case)".
    **{
        ("cholesky_inverse", f"{check}-edges"): _has_complex_diagonal
        for check in ("value", "vjp", "jvp")
    },
    # Source: torch.special.xlogy, x log y, which is infinite there, or 0 as the limit along one line only.
    **{(op, "double-edges"): _takes_logarithm_of_zero for op in ("xlogy", "special.xlog1py")},
    # A pole has infinities on its two sides, of which formulas form the difference; source: IEEE 754, 7.2.
    **{(op, "double-edges"): _divides_by_zero for op in ("div.no_rounding_mode", "true_divide")},
    # Source: torch.linalg.lu, its warning that the decomposition is almost never unique; here rounding chooses pivots.
    **{("linalg.lu", f"{check}-edges"): _lacks_rank for check in ("value", "vjp", "jvp", "double")},
    # Source: torch.linalg.svdvals and matrix_norm: norms of singular values, of which equal ones have no derivative.
    **{
        (op, f"{check}-edges"): _is_on_kink_of_spectrum
        for op in ("linalg.norm", "linalg.matrix_norm")
        for check in ("vjp", "jvp", "double")
    },
    # Source: torch.polar, "The behavior of this function is undefined if abs is negative". Its values are those of a
    # number on the other side all the same.
    **{("polar", f"{check}-edges"): _has_negative_size for check in ("vjp", "double")},
    **{
        (op, f"{check}-edges"): _is_singular
        for op in _INVERSES
        for check in ("value", "vjp", "jvp", "double")
    },
}


def is_defined(op: str, check: str, case: Case) -> bool:
    """Whether a check of this case has one documented answer, and the reference gives it."""
    undefined = _UNDEFINED_ON.get((op, check))
    return not _is_gap(op, check, case) and (undefined is None or not undefined(case))
