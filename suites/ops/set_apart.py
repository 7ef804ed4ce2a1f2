"""Inputs of an operator on which torch is known to be wrong: cases of their own, so that the others still count."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart
from suites.ops.by_input_apart import BY_INPUT_APART
from suites.ops.double_networks_apart import DOUBLE_NETWORKS, LARGE_MATRIX
from suites.ops.double_pointwise_apart import DOUBLE_POINTWISE
from suites.ops.forward_apart import FORWARD_APART
from suites.ops.infinite_apart import INFINITE
from suites.ops.matrix_conditions import has_complex_beyond
from suites.ops.option_apart import OPTION_APART
from suites.ops.tails_apart import TAILS_APART
from suites.ops.ways import holding_for


def _is_trigamma(case: Case) -> bool:
    return 1 in case.args[1:]


def _is_trigamma_off(case: Case) -> bool:
    """Whether trigamma is asked for where what is cut off of its series shows in float64."""
    low, high = _SERIES_OFF
    size = np.abs(case.args[0])
    return _is_trigamma(case) and bool(np.any((size > low) & (size < high)))


def _lacks_weight(case: Case) -> bool:
    return _option(case, "weight", 2) is None and _option(case, "bias", 3) is not None


def _masks_whole_rows(case: Case) -> bool:
    mask = case.kwargs.get("mask")
    if mask is None:
        return False
    wide = np.broadcast_to(mask, case.args[0].shape)
    dim = _option(case, "dim", 1)
    axes = tuple(dim) if isinstance(dim, Sequence) else dim
    return bool(np.any(~np.any(wide, axis=axes)))


def _option(case: Case, name: str, place: int) -> Any:
    """An argument that may be given by name or by place."""
    given = case.args[place] if len(case.args) > place else None
    return case.kwargs.get(name, given)


_FAR = 9.5  # from where on exp(9.5) times torch's added constant is more than 1e-9
_LARGE, _HUGE = (
    5e3,
    2e6,
)  # from where on the digits before the point are missed in float32, and in float64
_OVERFLOWS = {
    "float64": 709.0,
    "float32": 88.0,
}  # its exponential is the largest number of the dtype
_FAR_LEFT = -100.0  # from here on exp(-x^2 / 2 - log_ndtr(x)) may lose more than its bound allows
_SERIES_OFF = (1e-3, 40.0)
_NEAR_ZERO = (
    2e-4  # the derivative of sinc at numbers below it has lost more digits than its bound allows
)


def _rises(case: Case) -> bool:
    """Whether the running maximum begins far below the last one."""
    x, dim = case.args[0], case.args[1]
    if not x.ndim or not x.size:
        return False
    running = np.maximum.accumulate(x, axis=dim)
    return bool(np.max(np.max(x, axis=dim, keepdims=True) - running) > _FAR)


def _is_large(case: Case) -> bool:
    return any(np.max(np.abs(x), initial=0.0) > _LARGE for x in case.inputs())


def _is_huge(case: Case) -> bool:
    return any(np.max(np.abs(x), initial=0.0) > _HUGE for x in case.inputs())


def _loses_digits(case: Case) -> bool:
    """Whether ulps of the numbers are so wide that exp(x - result) misses digits, of complex ones of its phase."""
    size = np.abs(case.args[0])
    largest = float(np.max(size, initial=0.0, where=np.isfinite(size)))
    return largest > _WITH_DIGITS.get(case.dtype, np.inf)


def _has_infinity(case: Case) -> bool:
    return bool(np.any(np.isinf(case.args[0])))


def _loses_phase(case: Case) -> bool:
    return case.args[0].dtype.kind == "c" and _loses_digits(case)


def _loses_digits_in_single(case: Case) -> bool:
    return case.dtype == "float32" and _loses_digits(case)


def _is_large_in_single(case: Case) -> bool:
    return case.dtype == "float32" and _is_large(case)


_WITH_DIGITS = {
    "complex128": 2e6,
    "complex64": 64.0,
    "float32": 64.0,
}  # op_db has complex numbers of 2e6


def _is_near_zero(case: Case) -> bool:
    size = np.abs(case.args[0])
    return bool(np.any((size > 0) & (size < _NEAR_ZERO)))


def _is_near_zero_to_second_order(case: Case) -> bool:
    size = np.abs(case.args[0])
    return bool(np.any((size > 0) & (size < _NEAR_ZERO_TO_SECOND_ORDER)))


_NEAR_ZERO_TO_SECOND_ORDER = (
    1e-2  # an ulp over the square of it is what the second derivative's bound has room for
)


def _overflows(case: Case) -> bool:
    return bool(
        np.any(-case.args[0] * case.args[1] > _OVERFLOWS.get(case.dtype, _OVERFLOWS["float64"]))
    )


def _is_far_left(case: Case) -> bool:
    return bool(np.min(case.args[0], initial=0.0) < _FAR_LEFT)


def _has_infinity_norm(case: Case) -> bool:
    return np.inf in [*(a for a in case.args if isinstance(a, float)), case.kwargs.get("p")]


def _ties_in_infinity_norm(case: Case) -> bool:
    """Whether the largest difference of some pair of points is reached in two coordinates, by the infinity norm."""
    x = case.args[0]
    others = [a for a in case.args[1:] if isinstance(a, np.ndarray)]
    y = others[0] if others else x
    if not (_has_infinity_norm(case) and x.size and y.size):
        return False
    gaps = np.abs(x[..., :, None, :] - y[..., None, :, :])
    largest = np.max(gaps, axis=-1, keepdims=True)
    return bool(np.any((largest > 0) & (np.sum(gaps == largest, axis=-1, keepdims=True) > 1)))


def _takes_eighth_degree(case: Case) -> bool:
    """Whether torch takes its polynomial of degree eight for some matrix, and the errors of that exceed the bound."""
    low, high = _EIGHTH_DEGREE.get(case.dtype, (np.inf, 0.0))
    sizes = np.max(np.sum(np.abs(case.args[0]), axis=-2), axis=-1, initial=0.0)
    return bool(np.any((sizes > low) & (sizes < high)))


# By 1-norm n: below these numbers a tenth of the fifth term, n^5 / 120, is less than the bound.
_EIGHTH_DEGREE = {
    **dict.fromkeys(("float64", "complex128"), (7e-3, 4.99122e-2)),
    **dict.fromkeys(("float32", "complex64"), (0.39, 0.5800524)),
}


def _touches_bounds(case: Case) -> bool:
    return bool(np.any((case.args[0] == 0) | (case.args[0] == 1)))


def _has_zero(case: Case) -> bool:
    return any(bool(np.any(x == 0)) for x in case.inputs())


def _ties_with_what_is_left_out(case: Case) -> bool:
    """Whether with include_self=False an old value equals the extremum that replaces it."""
    if case.kwargs.get("include_self") is not False:
        return False
    x, dim, index, src = np.atleast_1d(case.args[0]), *case.args[1:4]
    index, src = np.atleast_1d(index), np.atleast_1d(src)
    if case.op.startswith("index"):
        index = np.broadcast_to(
            np.moveaxis(index.reshape(-1, *[1] * (src.ndim - 1)), 0, dim), src.shape
        )
    is_max = case.op.endswith("amax")
    found = np.full(x.shape, -np.inf if is_max else np.inf)
    places = list(np.indices(index.shape))
    taken = src[tuple(places)]
    places[dim] = index
    (np.maximum if is_max else np.minimum).at(found, tuple(places), taken)
    return bool(np.any(found == x))


def _meets_poles(case: Case) -> bool:
    """Whether some element is a negative whole number; at zero torch finds the pole."""
    x = case.args[0]
    return bool(np.any(np.isfinite(x) & (x < 0) & (x == np.round(x))))


def _meets_trigamma_poles(case: Case) -> bool:
    return _is_trigamma(case) and _meets_poles(case)


def _lacks_one_rank(case: Case) -> bool:
    """Whether a matrix is singular and yet has an adjugate: its rank is lower by one."""
    x = case.args[0]
    return bool(x.size and np.any(np.linalg.matrix_rank(x) == x.shape[-1] - 1))


def _meets_origin(case: Case) -> bool:
    y, x = np.broadcast_arrays(*case.args[:2])
    return bool(np.any((x == 0) & (y == 0)))


def _ties(case: Case) -> bool:
    x, y = np.broadcast_arrays(*case.args[:2])
    return bool(np.any(x == y))


def _repeats_an_extremum(case: Case) -> bool:
    """Whether a largest or smallest element may occur twice in a segment."""
    return case.args[1] in {"max", "min"} and np.unique(case.args[0]).size < case.args[0].size


def _is_below_equal_bounds(case: Case) -> bool:
    low, high = _option(case, "min", 1), _option(case, "max", 2)
    if not (isinstance(low, np.ndarray) and isinstance(high, np.ndarray)):
        return False
    x, low, high = np.broadcast_arrays(case.args[0], low, high)
    return bool(np.any((low == high) & (x < low)))


def _is_below_eps(case: Case, above: float = -1.0) -> bool:
    """Whether the norm of a vector is so small that it counts as eps; a norm up to ``above`` does not count."""
    eps = _option(case, "eps", 3) or _COSINE_EPS
    dim = 1 if (given := _option(case, "dim", 2)) is None else given
    vectors = np.broadcast_arrays(*case.arrays())
    norms = [np.linalg.norm(x, axis=dim) for x in vectors if x.ndim]
    return any(bool(np.any((norm < eps) & (norm > above))) for norm in norms)


def _is_below_eps_and_not_zero(case: Case) -> bool:
    return _is_below_eps(case, above=0.0)


_COSINE_EPS = 1e-8


def _ties_with_one_bound(case: Case) -> bool:
    """Whether an element equals its bound, where there is but one, and that a tensor."""
    bounds = [_option(case, "min", 1), _option(case, "max", 2)]
    given = [bound for bound in bounds if bound is not None]
    if len(given) != 1 or not isinstance(given[0], np.ndarray):
        return False
    return bool(np.any(case.args[0] == given[0]))


def _is_one_norm(case: Case) -> bool:
    """Whether the norm is the largest 1-norm of the rows or columns of matrices, or a 1-norm itself."""
    order = _option(case, "p" if case.op == "norm" else "ord", 1)
    dims = case.args[0].ndim if (dim := _option(case, "dim", 2)) is None else np.size(dim)
    is_of_matrix = case.op == "linalg.matrix_norm" or dims == _MATRIX
    if case.op in {"linalg.norm", "linalg.matrix_norm"} and is_of_matrix:
        return order in {1, -1, np.inf, -np.inf}
    return bool(order == 1)


_MATRIX = 2  # dimensions


def _is_large_and_complex(case: Case) -> bool:
    return has_complex_beyond(case, LARGE_MATRIX)


def _has_subnormal_parts(case: Case) -> bool:
    """Whether a complex number is so small that the dtype has its parts with fewer digits, or has lost one of them."""
    x = case.args[0]
    size = np.maximum(np.abs(x.real), np.abs(x.imag))
    smallest = _SMALLEST_NORMAL.get(case.dtype, 0.0)
    return x.dtype.kind == "c" and bool(np.any((size > 0) & (size < smallest)))


_SMALLEST_NORMAL = {"complex64": 2.0**-126, "complex128": 2.0**-1022}


def _is_subnormal_apart(case: Case) -> bool:
    """Whether exp of the difference of two complex numbers that are summed may be as small."""
    x = case.args[0]
    if x.dtype.kind != "c" or not x.ndim:
        return False
    if case.op == "logaddexp":
        gaps = np.abs(x.real - case.args[1].real)
        low, high = _SUBNORMAL_EXPONENTS[case.dtype]
    else:  # torch sums complex64 numbers in complex128
        rows = np.moveaxis(x.real, case.args[1], -1)
        gaps = np.abs(rows[..., :, None] - rows[..., None, :])
        low, high = _SUBNORMAL_EXPONENTS["complex128"]
    return bool(np.any((gaps > low) & (gaps < high)))


_SUBNORMAL_EXPONENTS = {"complex128": (700.0, 746.0), "complex64": (86.0, 104.0)}


def _has_whole_exponents(case: Case) -> bool:
    """Whether the exponents are whole numbers, some of them negative."""
    exponents = case.args[1]
    return (
        isinstance(exponents, np.ndarray)
        and exponents.dtype.kind == "i"
        and bool(np.any(exponents < 0))
    )


def _has_norm_without_svd(case: Case) -> bool:
    return _option(case, "p", 1) in {1, -1, np.inf, -np.inf, "fro"}


def _counts_broadcast(case: Case) -> bool:
    """Whether differences are counted, by order 0, of operands of unequal shapes."""
    return _option(case, "p", 2) == 0 and case.args[0].shape != case.args[1].shape


def _masks_in_negative_order(case: Case) -> bool:
    mask, order = case.kwargs.get("mask"), _option(case, "ord", 1)
    return (
        mask is not None
        and not np.all(mask)
        and isinstance(order, (int, float))
        and -np.inf < order < 0
    )


def _holds_nan(case: Case) -> bool:
    return bool(np.any(np.isnan(case.args[0])))


def _is_infinite(case: Case) -> bool:
    return bool(np.any(np.isinf(case.args[0])))


def _is_distance_by_one_norm(case: Case) -> bool:
    return bool(_option(case, "p", 4 if case.op.endswith("triplet_margin_loss") else 2) == 1)


EVERY_VALUE = ("value", "value-edges", "inplace")
DERIVATIVES = ("vjp", "jvp", "vjp-edges", "jvp-edges")
FORWARD = ("jvp", "jvp-edges")
REVERSE = ("vjp", "vjp-edges")
SECOND = ("double", "reverse-over-forward", "forward-over-reverse")
POLYGAMMA = tuple(f"polygamma.polygamma_n_{n}" for n in range(5))
WITH_AMAX = tuple(
    f"{op}.{how}" for op in ("index_reduce", "scatter_reduce") for how in ("amax", "amin")
)

TRIGAMMA = (*POLYGAMMA, "special.polygamma.special_polygamma_n_0")

# The first that holds for a sample counts.
SET_APART: tuple[Apart, ...] = (
    Apart(TRIGAMMA, ("value-edges",), "at-poles", _meets_trigamma_poles),
    Apart(
        TRIGAMMA,
        EVERY_VALUE,
        "trigamma",
        _is_trigamma_off,
    ),
    Apart(
        ("native_layer_norm", "nn.functional.layer_norm"),
        ("double", "double-edges"),
        "without-weight",
        _lacks_weight,
    ),
    Apart(("masked.logsumexp",), FORWARD, "masked-rows", _masks_whole_rows),
    Apart(("logcumsumexp",), FORWARD, "rising", _rises),
    Apart(("logaddexp",), ("value-edges",), "subnormal", _is_subnormal_apart),
    Apart(
        ("logcumsumexp",),
        ("value-edges", "vjp-edges", "double-edges"),
        "subnormal",
        _is_subnormal_apart,
    ),
    Apart(("logcumsumexp",), ("vjp-edges",), "at-infinity", _has_infinity),
    Apart(
        ("logcumsumexp",), ("vjp-edges", "double", "double-edges"), "large", _loses_digits_in_single
    ),
    Apart(("logcumsumexp",), ("vjp-edges", "double-edges"), "huge", _is_huge),
    Apart(("logcumsumexp",), ("vjp",), "large", _is_large),
    Apart(
        ("nn.functional.soft_margin_loss",),
        ("value-edges", "double-edges", *DERIVATIVES),
        "overflow",
        _overflows,
    ),
    Apart(
        ("cdist", "nn.functional.pdist"), ("vjp-edges",), "infinity-norm", _ties_in_infinity_norm
    ),
    Apart(
        ("nn.functional.binary_cross_entropy",),
        DERIVATIVES,
        "at-bounds",
        _touches_bounds,
    ),
    Apart(WITH_AMAX, REVERSE, "without-self", _ties_with_what_is_left_out),
    Apart(("digamma",), DERIVATIVES, "at-poles", _meets_poles),
    Apart(("linalg.det",), ("vjp-edges", "jvp-edges"), "singular", _lacks_one_rank),
    Apart(("special.log_ndtr",), DERIVATIVES, "far-left", _is_far_left),
    Apart(
        ("_segment_reduce.lengths", "_segment_reduce.offsets"),
        ("vjp-edges",),
        "ties",
        _repeats_an_extremum,
    ),
    Apart(("atan2",), FORWARD, "origin", _meets_origin),
    Apart(("fmax",), FORWARD, "ties", _ties),
    Apart(("nn.functional.prelu",), FORWARD, "at-zero", _has_zero),
    Apart(("sinc",), DERIVATIVES, "near-zero", _is_near_zero),
    Apart(("sinc",), SECOND, "near-zero", _is_near_zero_to_second_order),
    Apart(("clamp",), ("vjp-edges",), "below-equal-bounds", _is_below_equal_bounds),
    Apart(("clamp",), FORWARD, "ties", _ties_with_one_bound),
    Apart(
        ("nn.functional.cosine_similarity",),
        ("double-edges", *SECOND),
        "below-eps",
        _is_below_eps,
    ),
    Apart(("nn.functional.cosine_similarity",), REVERSE, "below-eps", _is_below_eps_and_not_zero),
    Apart(
        ("norm", "linalg.norm", "linalg.matrix_norm", "linalg.vector_norm", "masked.norm"),
        ("reverse-over-forward",),
        "one-norm",
        _is_one_norm,
    ),
    Apart(("svd", "linalg.svd"), ("vjp-edges",), "large", _is_large_and_complex),
    Apart(("matrix_exp",), ("value-edges",), "eighth-degree", _takes_eighth_degree),
    Apart(("log1p",), ("value-edges",), "subnormal", _has_subnormal_parts),
    Apart(("logsumexp",), ("vjp", "double", "vjp-edges", "double-edges"), "huge", _loses_phase),
    Apart(("logsumexp",), ("vjp-edges", "double-edges"), "large", _is_large_in_single),
    Apart(
        ("dist", "nn.functional.pairwise_distance", "nn.functional.triplet_margin_loss"),
        ("reverse-over-forward",),
        "one-norm",
        _is_distance_by_one_norm,
    ),
    Apart(TRIGAMMA, ("value-edges", "vjp-edges", "jvp-edges"), "at-infinity", _is_infinite),
    Apart(("amax", "amin"), ("vjp-edges", "jvp-edges"), "nan", _holds_nan),
    Apart(("copysign",), ("vjp-edges", "jvp-edges"), "at-infinity", _is_infinite),
    Apart(("ldexp",), (*DERIVATIVES, "inplace"), "whole-exponents", _has_whole_exponents),
    Apart(
        ("linalg.cond",), (*REVERSE, *SECOND, "double-edges"), "other-norms", _has_norm_without_svd
    ),
    Apart(("dist",), (*REVERSE, *SECOND), "counted", _counts_broadcast),
    Apart(
        ("masked.norm",),
        (*EVERY_VALUE, *DERIVATIVES, *SECOND),
        "negative-order",
        _masks_in_negative_order,
    ),
    *BY_INPUT_APART,
    *INFINITE,
    *DOUBLE_POINTWISE,
    *DOUBLE_NETWORKS,
    *OPTION_APART,
    *FORWARD_APART,
    *TAILS_APART,
)


def labels(op: str, check: str) -> list[str]:
    """The labels of what is set apart from an operator's check."""
    told = (apart.label for apart in _of_operators().get(op, ()) if _speaks_of(apart, check))
    return list(dict.fromkeys(told))


def label_of(op: str, check: str, case: Case) -> str | None:
    """The label under which a sample is set apart; None for one that is not."""
    for apart in _of_operators().get(op, ()):
        if _speaks_of(apart, check) and apart.holds(case):
            return apart.label
    return None


def _speaks_of(apart: Apart, check: str) -> bool:
    return not {*apart.checks}.isdisjoint(holding_for(check))


@functools.cache
def _of_operators() -> dict[str, list[Apart]]:
    found: dict[str, list[Apart]] = {}
    for apart in SET_APART:
        for op in apart.ops:
            found.setdefault(op, []).append(apart)
    return found
