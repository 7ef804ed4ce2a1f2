"""Where torch's second derivatives of norms, losses, activations and matrices are known to be wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.apart import Apart
from suites.ops.matrix_conditions import has_complex_beyond, is_singular

Array = NDArray[Any]


def _argument(case: Case, place: int, *names: str) -> Any:
    """An argument that is given by place, or by one of the names; None where it is left out."""
    if len(case.args) > place:
        return case.args[place]
    return next((case.kwargs[name] for name in names if name in case.kwargs), None)


def _norm_of(case: Case) -> tuple[Array, float | None, Any]:
    """What an operator takes the norm of, of which order, along which dimensions; no order for norms of matrices."""
    x = np.asarray(case.args[0])
    if case.op == "dist":
        return x - case.args[1], _order(_argument(case, 2, "p")), None
    order, dim = _order(_argument(case, 1, "p", "ord")), _argument(case, 2, "dim")
    if case.op == "linalg.norm" and _is_norm_of_matrices(x, _argument(case, 1, "ord"), dim):
        order = None
    if case.op == "nn.functional.normalize":
        dim = 1 if dim is None else dim
    if case.op == "renorm":
        dim = tuple(axis for axis in range(x.ndim) if axis != dim % x.ndim)
    return x, order, tuple(dim) if isinstance(dim, list) else dim


def _is_norm_of_matrices(x: Array, order: Any, dim: Any) -> bool:
    """Whether linalg.norm takes another norm of matrices than that of all their elements."""
    count = x.ndim if dim is None else np.size(dim)
    return order not in {None, "fro"} and count == 2  # noqa: PLR2004 - a matrix has two dimensions


def _order(given: Any) -> float | None:
    if given in {None, "fro"}:
        return 2.0
    return None if isinstance(given, str) else float(given)


# By these orders the norm is the number of elements that are not 0, a sum of sizes, or one of the sizes.
_WITHOUT_POWERS = (0.0, 1.0, np.inf, -np.inf)
_THIRD = 3.0  # from this order on the second derivative has no power of |x| below the first


def _has_zero_vector(case: Case) -> bool:
    """Whether the norm of some vector is zero, where it is made of powers below the third."""
    _, order, _ = _norm_of(case)
    if order is not None and order >= _THIRD and case.op != "renorm":  # which divides by the norm
        return False
    return has_vector_of_norm_zero(case)


def has_vector_of_norm_zero(case: Case) -> bool:
    """Whether the norm of some vector is zero, and made of powers."""
    x, order, dim = _norm_of(case)
    if order is None or order in _WITHOUT_POWERS or not x.size:
        return False
    mask = case.kwargs.get("mask")
    mask = np.broadcast_to(True if mask is None else mask, x.shape)
    is_zero = np.all((x == 0) | ~mask, axis=dim) & np.any(mask, axis=dim)
    if order < 0:  # one element that is 0 is enough
        is_zero = np.any((x == 0) & mask, axis=dim)
    return bool(np.any(is_zero))


def _has_zero_in_fractional_order(case: Case) -> bool:
    """Whether some element of a vector is 0, where its norm is made of fractional powers below the third."""
    x, order, _ = _norm_of(case)
    if order is None or not 0 < order < _THIRD or order in {1.0, 2.0}:
        return False
    return bool(np.any(x == 0))


def _underflows_in_norm(case: Case) -> bool:
    """Whether n^(2p-2) of some p-norm n is below what the dtype has a reciprocal of."""
    x, order, dim = _norm_of(case)
    if order is None or not _THIRD <= order < np.inf or case.dtype not in _SMALLEST:
        return False
    norms = np.sum(np.abs(x).astype(float) ** order, axis=dim) ** (1 / order)
    return bool(np.any((norms > 0) & (norms ** (2 * order - 2) < _SMALLEST[case.dtype])))


_SMALLEST = {"float32": 3e-39, "complex64": 3e-39}


def _meets_zero(case: Case) -> bool:
    return bool(np.any(case.args[0] == 0))


def _is_near_bounds(case: Case) -> bool:
    """Whether a probability, or what is left to 1, is so small that 2e-12 beside it shows."""
    x = case.args[0]
    return bool(np.any((x < _NEAR_BOUNDS) | (1 - x < _NEAR_BOUNDS)))


_NEAR_BOUNDS = 1e-4  # the bound has room for 7e-8, see the tolerances; 2e-12 is more than that of less than 3e-5


def _overflows(case: Case) -> bool:
    """Whether the exponential of an element is beyond the largest number of the dtype."""
    return bool(np.max(case.args[0], initial=0.0) > _LARGEST_EXPONENT.get(case.dtype, 88.72))


_LARGEST_EXPONENT = {"float64": 709.78}


def _is_large_complex_spectrum(case: Case) -> bool:
    """Whether singular values of complex matrices, by themselves or in a norm, are large beside the second gradient."""
    is_norm = case.op in {"linalg.norm", "linalg.matrix_norm"}
    order = _argument(case, 1, "ord") if is_norm else "nuc"
    return order in _OF_SINGULAR_VALUES and has_complex_beyond(case, LARGE_MATRIX)


LARGE_MATRIX = (
    100.0  # from where on the gradient of its singular vectors shows the error, see the findings
)
_OF_SINGULAR_VALUES = {2, -2, "nuc"}


def _lacks_two_ranks(case: Case) -> bool:
    """Whether a matrix is so singular that the adjugate, the first derivative of its determinant, is zero."""
    x = case.args[0]
    return bool(x.size and np.any(np.linalg.matrix_rank(x) < x.shape[-1] - 1))


def _is_singular_with_vectors_to_choose(case: Case) -> bool:
    """Whether a matrix is singular, and its singular vectors are arbitrary: by a phase, or as two values are equal."""
    x = case.args[0]
    return is_singular(case) and (x.dtype.kind == "c" or _repeats_a_singular_value(x))


def _repeats_a_singular_value(x: np.ndarray[Any, Any]) -> bool:
    values = np.linalg.svd(x, compute_uv=False)
    above, below = values[..., :-1], values[..., 1:]
    return bool(np.any((below > 0) & (above - below < _EQUAL * above)))


_EQUAL = 1e-2  # a gap by which torch's formula divides, and loses more digits than the bound has


def _has_small_factors(case: Case) -> bool:
    size = np.abs(case.args[0])
    return bool(np.any((size > 0) & (size < _SMALL_FACTOR)))


_SMALL_FACTOR = 2e-3  # of two such neighbours an ulp over their product is beyond the bound


def _has_reflector_near_pole(case: Case) -> bool:
    """Whether tau |v|^2 of some reflector is so near to 1 that its inverse, which torch takes, loses digits."""
    a, tau = case.args[:2]
    if case.dtype not in {"float64", "complex128"} or not tau.size:
        return False
    below = np.tril(a, -1)[..., : tau.shape[-1]]
    return bool(np.any(np.abs(1 - tau * (1 + np.sum(np.abs(below) ** 2, axis=-2))) < _NEAR_POLE))


_NEAR_POLE = 0.05  # the bound has room for one over its square

DOUBLE_NETWORKS: tuple[Apart, ...] = (
    Apart(
        (
            "dist",
            "linalg.norm",
            "linalg.vector_norm",
            "masked.norm",
            "nn.functional.normalize",
            "norm",
            "renorm",
        ),
        ("double-edges",),
        "zero-vector",
        _has_zero_vector,
    ),
    Apart(
        ("dist", "linalg.norm", "linalg.vector_norm", "nn.functional.normalize", "norm"),
        ("double-edges",),
        "fractional-order",
        _has_zero_in_fractional_order,
    ),
    Apart(("linalg.vector_norm",), ("double-edges",), "small", _underflows_in_norm),
    Apart(
        ("nn.functional.binary_cross_entropy",), ("double-edges",), "near-bounds", _is_near_bounds
    ),
    Apart(
        ("svd", "linalg.svd", "linalg.svdvals", "norm.nuc", "linalg.norm", "linalg.matrix_norm"),
        ("double-edges",),
        "large",
        _is_large_complex_spectrum,
    ),
    Apart(("cumprod", "masked.cumprod"), ("double-edges",), "small-factors", _has_small_factors),
    Apart(("linalg.det",), ("double-edges",), "rankless", _lacks_two_ranks),
    Apart(("linalg.det",), ("double-edges",), "singular", _is_singular_with_vectors_to_choose),
    Apart(
        ("linalg.householder_product",),
        ("double", "double-edges"),
        "near-pole",
        _has_reflector_near_pole,
    ),
    Apart(("nn.functional.prelu",), ("double-edges",), "at-zero", _meets_zero),
    Apart(("nn.functional.mish",), ("double-edges",), "overflow", _overflows),
)
