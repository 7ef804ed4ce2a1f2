"""Options with which torch is known to be wrong: the calls that have them are cases of their own."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart


def _takes_another_frequency(case: Case) -> bool:
    """Whether, of the sorted words, the one at the place of a word's rank is another one with another frequency."""
    if not case.kwargs.get("scale_grad_by_freq"):
        return False
    words = np.sort(next(a for a in case.arrays() if a.dtype.kind == "i").ravel())
    found, counts = np.unique(words, return_counts=True)
    frequency = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return any(
        frequency[int(words[rank])] != count for rank, count in enumerate(frequency.values())
    )


def _takes_half_of_minus_infinity(case: Case, order: int = 0) -> bool:
    """Whether the square root of minus infinity is taken, or one over it, for a value or a derivative of an order."""
    exponent = case.args[1]
    return (
        isinstance(exponent, float)
        and abs(exponent - order) == 0.5  # noqa: PLR2004 - the square root, and one over it
        and bool(np.any(np.isneginf(case.args[0].real)))
    )


def _takes_half_in_second_derivative(case: Case) -> bool:
    return _takes_half_of_minus_infinity(case, 2)


def _is_masked(case: Case) -> bool:
    return any(case.kwargs.get(name) is not None for name in ("input_mask", "other_mask"))


def _is_smaller_than_product(case: Case) -> bool:
    """Whether what a product is added to would have to broadcast."""
    target, batch, other = case.args[:3]
    return bool(target.shape != (batch.shape[1], other.shape[2]))


def _goes_in_chunks(case: Case) -> bool:
    """Whether targets are classes, of which there is one dimension: otherwise chunks are not what torch takes."""
    _, weight, target = case.args[:3]
    return bool(target.dtype.kind == "i" and weight.ndim == 2)  # noqa: PLR2004 - a matrix


OPTION_APART: tuple[Apart, ...] = (
    Apart(
        ("nn.functional.embedding_bag",),
        ("vjp", "vjp-edges", "forward-over-reverse"),
        "frequency",
        _takes_another_frequency,
    ),
    Apart(("masked.logaddexp",), ("double", "reverse-over-forward"), "masked", _is_masked),
    Apart(("addbmm",), ("inplace",), "broadcast", _is_smaller_than_product),
    Apart(
        tuple(f"nn.functional.linear_cross_entropy.{how}" for how in ("chunked", "chunked_none")),
        ("double", "double-edges"),
        "in-chunks",
        _goes_in_chunks,
    ),
    Apart(
        ("pow", "float_power"), ("value-edges",), "half-of-infinity", _takes_half_of_minus_infinity
    ),
    Apart(("pow",), ("vjp-edges", "jvp-edges"), "half-of-infinity", _takes_half_of_minus_infinity),
    Apart(
        ("pow",),
        ("forward-over-reverse-edges",),
        "half-of-infinity",
        _takes_half_in_second_derivative,
    ),
)
