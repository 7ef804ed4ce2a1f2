"""Where an answer is nobody's promise: checks that are not made, each with its reason."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.matrix_conditions import (
    divides_complex_by_zero,
    has_complex_diagonal,
    inverts_a_singular_one,
    is_beyond_differences,
    is_nearly_singular_factor,
    is_on_kink_of_spectrum,
    is_single,
    is_singular,
    is_singular_in_single,
    lacks_rank,
    options,
    repeats_eigenvalue,
    rounding_picks_pivots,
)
from suites.ops.ways import holding_for

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


def _takes_logarithm_of_zero(case: Case) -> bool:
    """Whether a slope is infinite, so that its own slopes are infinities of two signs."""
    end = -1.0 if case.op.endswith("xlog1py") else 0.0
    return bool(np.any(np.asarray(case.args[1]) == end))


def _divides_by_zero(case: Case) -> bool:
    return bool(np.any(np.asarray(case.args[1]) == 0))


def _is_short_along_an_axis(case: Case) -> bool:
    """Whether a side is short, and the other one 0 beside it."""
    x, y = np.abs(np.broadcast_arrays(*case.args[:2]))
    return bool(np.any((np.minimum(x, y) == 0) & (np.maximum(x, y) > 0) & (x + y < _SHORT_SIDE)))


_SHORT_SIDE = 1e-2  # ten ulps over it are what the bound of a second derivative leaves room for


def _is_at_edge_of_powers(case: Case) -> bool:
    """Whether 0 is raised to a power above 0 and up to 1, and both are what is differentiated by."""
    base, exponent = case.args[::-1] if case.op == "__rpow__" else case.args
    is_between = (np.asarray(base) == 0) & (np.real(exponent) > 0) & (np.real(exponent) <= 1)
    return case.differentiable == (0, 1) and bool(np.any(is_between))


def _normalizes_numbers_in_single(case: Case) -> bool:
    """Whether each number is divided by its own size, in single precision."""
    x, _, dim = options(case, "p", "dim")
    dims = np.atleast_1d(1 if dim is None else dim)
    return is_single(case) and (not x.ndim or np.prod([x.shape[d] for d in dims]) == 1)


def _takes_cosine_of_zero(case: Case) -> bool:
    """Whether one of the vectors of some pair is zero, or so short that what is added to its norm shows."""
    norms = [np.linalg.norm(x, axis=-1) for x in case.args[:2]]
    return any(bool(np.any(norm < _SHORT)) for norm in norms)


_SHORT = 2e-3  # a number of 1e-12 that is rounded to single precision changes its square by 1e-14


# Of a matrix without full rank these give the same factors, whatever the last pivots are, that are all roundings.
_WITH_ALIKE_PIVOTS = (("linalg.lu_factor", "value"), ("linalg.lu_factor_ex", "value"))


def _chooses_pivots(case: Case) -> bool:
    return lacks_rank(case) or rounding_picks_pivots(case)


def _weighs_beyond_one(case: Case) -> bool:
    """Whether what should be probabilities of classes are numbers beyond 1, in single precision."""
    target = case.args[2]
    is_float = isinstance(target, np.ndarray) and target.dtype.kind == "f"
    return is_float and is_single(case) and bool(np.any(np.abs(target) > 1))


def _correlates_two(case: Case) -> bool:
    x = case.args[0]
    return x.dtype.kind == "c" and x.shape[-1] == 2  # noqa: PLR2004 - observations


def _is_infinite_in_single(case: Case) -> bool:
    return is_single(case) and any(bool(np.any(np.isinf(x))) for x in case.inputs())


def _saturates_attention(case: Case) -> bool:
    sizes = [float(np.max(np.abs(x), initial=0.0)) for x in case.args[:2]]
    return sizes[0] * sizes[1] > _SATURATED


_SATURATED = 1e3


def _holds_zero(case: Case) -> bool:
    return bool(np.any(case.args[0] == 0))


def _is_at_threshold(case: Case) -> bool:
    x, beta, threshold = options(case, "beta", "threshold")
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
    """Whether a difference is delta but for the rounding of single precision, which decides its side, or no number."""
    delta = case.kwargs.get("delta", 1.0)
    gaps = np.abs(case.args[0] - case.args[1])
    is_at_delta = is_single(case) and bool(np.any(np.abs(gaps - delta) < _ULPS_OF_SINGLE * delta))
    return is_at_delta or _subtracts_infinities(case)


def _subtracts_infinities(case: Case) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.any(np.isnan(case.args[0] - case.args[1])))


_ULPS_OF_SINGLE = 1e-6


def _repeats_a_number(case: Case) -> bool:
    x = case.args[0]
    return len(np.unique(x)) < x.size


def _saturates_softmax(case: Case) -> bool:
    """Whether scores lie so far apart that of most of them rounding is all that is left."""
    return bool(np.ptp(case.args[0]) > _FAR_APART * case.kwargs.get("tau", 1.0))


_FAR_APART = 30.0  # exp(-30) is 1e-13


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


def writes_to_its_table(case: Case) -> bool:
    """Whether a call shortens rows of its table in place, so that another one of the same finds another table.

    Source: torch.nn.functional.embedding, its note on max_norm.
    """
    return case.kwargs.get("max_norm") is not None


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
        (op, f"{check}-edges"): repeats_eigenvalue
        for op in ("linalg.eigvals", "linalg.eigvalsh")
        for check in ("vjp", "jvp", "double")
    },
    **{(op, "double-edges"): repeats_eigenvalue for op in ("linalg.eig", "linalg.eigh")},
    # Nor are they themselves more exact than that (Golub and Van Loan, Matrix Computations, 7.2.2).
    ("linalg.eigvals", "value-edges"): repeats_eigenvalue,
    # What becomes of the tangent of a row that is shortened in place is not said, the note speaks of backward alone.
    **{("nn.functional.embedding", check): writes_to_its_table for check in ("jvp", "jvp-edges")},
    # An operator that draws is judged by differences alone.
    **{("svd_lowrank", f"{check}-edges"): is_beyond_differences for check in ("vjp", "jvp")},
    # Ties make the factor nearly singular, and its inverse enters four times; source: torch.cholesky_solve, whose
    # matrix is positive definite.
    **{
        (op, f"{check}-edges"): is_nearly_singular_factor
        for op in ("cholesky_solve", "cholesky_inverse")
        for check in ("vjp", "jvp", "double")
    },
    # Where the slope on the left is negative the result does not tell the sides apart; source: the message of the
    # refusal.
    **{
        (f"nn.functional.{op}", "inplace"): _has_negative_slope
        for op in ("elu", "celu", "leaky_relu")
    },
    # Two observations are correlated perfectly, and what is clipped at 1 is cut by rounding or not; source:
    # torch.corrcoef, "the real and imaginary values are clipped to the interval [-1, 1]".
    ("corrcoef", "double-edges"): _correlates_two,
    # Source: torch.nn.HuberLoss, whose cases part at delta; the reference has a delta of double precision.
    ("nn.functional.huber_loss", "double-edges"): _is_at_rounded_delta,
    # Infinity less infinity is no number and on neither side of beta; source: IEEE 754, 7.2.
    ("nn.functional.smooth_l1_loss", "double-edges"): _subtracts_infinities,
    # These refuse a second derivative there; source: the message, "Double backward is unsupported for src when >1 zeros
    # in src are scattered to the same position in self".
    **{
        (f"{op}.prod", "double-edges"): _multiplies_zeros
        for op in ("index_reduce", "scatter_reduce")
    },
    # A saturated softmax has the gradient 0, the difference of two equal sums of products, which kernels form in one
    # order or in two; source: Dao et al., "FlashAttention", 2022, section 3.1, and its appendix B.4.
    ("nn.functional.scaled_dot_product_attention", "vjp-edges"): _saturates_attention,
    # The scores of op_db are of the order of a thousand, and their softmax is saturated: gradients through it are what
    # rounding leaves of large terms, of which differences, that alone judge what draws, decide nothing.
    ("nn.functional.multi_head_attention_forward", "double-edges"): _enters_by_scores_alone,
    ("nn.functional.gumbel_softmax", "double-edges"): _saturates_softmax,
    # Which of equal numbers is the largest is nobody's promise (source: torch.nn.FractionalMaxPool3d). Of what draws
    # differences alone judge, and they see such a kink, but for directions along which both sides rise alike.
    **{(f"nn.functional.fractional_max_pool{d}d", "vjp-edges"): _repeats_a_number for d in (2, 3)},
    # At 0 the first derivative of these has a kink, or jumps: the second is 0 on the right and not on the left. Source:
    # torch.nn.ELU, CELU and SELU, of which only the first says to which side 0 belongs, and for the result alone.
    **{(f"nn.functional.{op}", "double-edges"): _holds_zero for op in ("elu", "celu", "selu")},
    # The result reverts to a line above the threshold, where the first derivative jumps; source: torch.nn.Softplus.
    ("nn.functional.softplus", "double-edges"): _is_at_threshold,
    # Source: torch.nn.CrossEntropyLoss, "the probability for each class ... should be between 0 and 1". Beyond, with
    # logits of a million, what cancels is of the order of 1e9.
    **{
        (f"nn.functional.linear_cross_entropy{how}", "double-edges"): _weighs_beyond_one
        for how in ("", ".chunked", ".chunked_none")
    },
    # What lies next to an infinity, or stands for it, is the largest number of the dtype: the reference has that of
    # double precision. Source: torch.nextafter; torch.nan_to_num, posinf and neginf.
    **{(op, "value-edges"): _is_infinite_in_single for op in ("nextafter", "nan_to_num")},
    # In place it refuses whatever is not double precision; source: torch.float_power, "computes in double precision".
    ("float_power", "inplace"): is_single,
    # Its cutoff is less than an ulp of single precision, so that rounding decides the rank; source: torch.pinverse,
    # rcond=1e-15.
    **{
        ("pinverse", f"{check}-edges"): is_singular_in_single
        for check in ("value", "vjp", "jvp", "double")
    },
    # These divide by the pivots; source: torch.lu_solve, whose factors are those of an invertible matrix, and C99,
    # annex G.5.1, by which a complex infinity has no direction.
    **{
        (op, f"{check}-edges"): divides_complex_by_zero
        for op in ("lu_solve", "linalg.lu_solve", "triangular_solve", "linalg.solve_triangular")
        for check in ("value", "vjp", "jvp", "double")
    },
    **{
        ("linalg.matrix_power", f"{check}-edges"): inverts_a_singular_one
        for check in ("value", "vjp", "jvp", "double")
    },
    # A factor has a real diagonal, of which LAPACK reads no imaginary part; source: torch.linalg.cholesky, "real
    # positive diagonal entries (even in the complex case)".
    **{
        ("cholesky_inverse", f"{check}-edges"): has_complex_diagonal
        for check in ("value", "vjp", "jvp", "double")
    },
    # Source: torch.special.xlogy, x log y, which is infinite there, or 0 as the limit along one line only.
    **{(op, "double-edges"): _takes_logarithm_of_zero for op in ("xlogy", "special.xlog1py")},
    # The slope at a zero vector is one over the root of what keeps the norm from 0, and hangs on it near zero; source:
    # torch.nn.CosineEmbeddingLoss, which names no such number.
    **{
        ("nn.functional.cosine_embedding_loss", f"{check}-edges"): _takes_cosine_of_zero
        for check in ("vjp", "jvp", "double")
    },
    # Along an axis a length is straight; its second derivative 0 is what is left of two terms of one over the length,
    # that are equal but for rounding. Source: torch.hypot, sqrt(x^2 + y^2).
    ("hypot", "double-edges"): _is_short_along_an_axis,
    # Powers end at 0, where the slope x^(y-1) (1 + y log x) of x^y log x is infinite up to y = 1, and so is what
    # forward mode finds of it; by what reverse mode masks there it is 0, or no number. Source: IEEE 754, 9.2.1, by
    # which pow is invalid below 0.
    **{
        (op, "forward-over-reverse-edges"): _is_at_edge_of_powers
        for op in ("pow", "float_power", "__rpow__")
    },
    # x / |x| is a sign, whose second derivative 0 is what is left of terms as large as 1 / x^2; with the norm of order
    # 1/2 these hold powers, which do not cancel exactly. Source: torch.nn.functional.normalize, "v / max(|v|_p, eps)".
    **{
        ("nn.functional.normalize", f"{modes}-edges"): _normalizes_numbers_in_single
        for modes in ("forward-over-reverse", "reverse-over-forward")
    },
    # A pole has infinities on its two sides, of which formulas form the difference; source: IEEE 754, 7.2.
    **{(op, "double-edges"): _divides_by_zero for op in ("div.no_rounding_mode", "true_divide")},
    # Source: torch.linalg.lu, its warning that the decomposition is almost never unique; here rounding chooses pivots.
    **{
        (op, f"{check}-edges"): _chooses_pivots
        for op in ("linalg.lu", "linalg.lu_factor", "linalg.lu_factor_ex")
        for check in ("value", "vjp", "jvp", "double")
        if (op, check) not in _WITH_ALIKE_PIVOTS
    },
    **{(op, f"{check}-edges"): rounding_picks_pivots for op, check in _WITH_ALIKE_PIVOTS},
    # Source: torch.linalg.svdvals and matrix_norm: norms of singular values, of which equal ones have no derivative.
    **{
        (op, f"{check}-edges"): is_on_kink_of_spectrum
        for op in ("linalg.norm", "linalg.matrix_norm")
        for check in ("vjp", "jvp", "double")
    },
    # Source: torch.polar, "The behavior of this function is undefined if abs is negative". Its values are those of a
    # number on the other side all the same.
    **{("polar", f"{check}-edges"): _has_negative_size for check in ("vjp", "double")},
    **{
        (op, f"{check}-edges"): is_singular
        for op in _INVERSES
        for check in ("value", "vjp", "jvp", "double")
    },
}


def is_defined(op: str, check: str, case: Case) -> bool:
    """Whether a check of this case has one documented answer, and the reference gives it."""
    undefined = (_UNDEFINED_ON.get((op, held)) for held in holding_for(check))
    return not _is_gap(op, check, case) and not any(of and of(case) for of in undefined)
