"""The reference in extended precision: how many of its last digits are roundings of its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import reference_impl
from reference_impl.tensor import make
from suites.harness.case import Case
from suites.harness.implementation import Operator, TorchSpelling
from suites.harness.subject import REFERENCE, Subject
from suites.ops.conditioning import Answers, beside, moves

# Note [The last digits]
# A formula that loses digits - the rest of two sums that cancel, a softmax of which all but one weight vanish - shows
# it in what its answer in float64 and its answer in longdouble, by the same formula, are apart. Other formulas for the
# same number lose as many, so that may lie between right answers. It is asked for at the inputs and beside them, where
# roundings fall otherwise: one of them may be right by luck. Kinks and ties are the same in both. Where an operator
# knows no longdouble (factorizations, for one) nothing is told.
PLACES = 4


class Extended(TorchSpelling):
    """The reference on longdouble, which has 11 bits more than float64 on x86 and may have none elsewhere."""

    def __init__(self, find_op: Callable[[str], Operator | None]) -> None:
        super().__init__(reference_impl, Subject(REFERENCE, "float64"), find_op)

    def tensor(self, array: NDArray[Any], *, requires_grad: bool = False) -> Any:
        given = np.array(array)
        if given.dtype.kind in "fc":
            wide = np.clongdouble if given.dtype.kind == "c" else np.longdouble
            given = given.astype(wide)
        return make(given).requires_grad_(requires_grad)


def roundings(
    answer: Callable[[Case], Answers],
    extended: Callable[[Case], Answers],
    case: Case,
    is_hopeless: Callable[[Answers], bool] = lambda _: False,
) -> Answers:
    """How far each element of each answer lies from that of the same formula in longdouble.

    See Note [The last digits].

    Args:
        answer: the reference's, for a case like this one.
        extended: the same in longdouble.
        case: with its cotangents and tangents drawn.
        is_hopeless: whether what the case itself shows says that no more will help.
    """
    here = answer(case)
    found = [moves(here, extended(case))]
    for seed in () if is_hopeless(found[0]) else range(PLACES - 1):
        at = beside(case, seed)
        others = answer(at)
        if [_shape(a) for a in others] == [_shape(a) for a in here]:
            found.append(moves(others, extended(at)))
    return [
        None if a is None else _digits(a, np.max([of[i] for of in found], axis=0).astype(float))
        for i, a in enumerate(here)
    ]


def _digits(answer: NDArray[Any], lost: NDArray[Any]) -> NDArray[Any]:
    """What was lost, where it is no more than digits: a rule that is wrong in float64 alone is no rounding."""
    return np.where(lost <= max(_LAST_DIGITS * _largest(answer), _LEAST), lost, 0.0)


def _largest(answer: NDArray[Any]) -> float:
    size = np.abs(answer)
    return float(np.max(size, initial=0.0, where=np.isfinite(size)))


def _shape(array: NDArray[Any] | None) -> Any:
    return None if array is None else array.shape


_LAST_DIGITS = 1e-6  # of the largest: what is off by more is a rule, no matter of digits
_LEAST = 1e-9
_CLEARLY = 16.0


def by_last_digits(wanted: Answers, found: Answers, extended: Answers) -> tuple[str, str] | None:
    """Who lost digits, where finite differences cannot see so few: the blame and a sentence; None where that is open.

    Args:
        wanted: the reference's answers.
        found: the subject's.
        extended: the reference's in longdouble.
    """
    if not len(wanted) == len(found) == len(extended):
        return None
    if not all(is_finite_where(w, f) for w, f in _both(wanted, found)):
        return None  # no digits are what differs
    gaps, own = moves(wanted, found), moves(wanted, extended)
    places = [
        (float(g[at]), float(o[at]), _largest(w))
        for g, o, w in zip(gaps, own, wanted, strict=True)
        if g is not None and o is not None and w is not None and g.size
        for at in [np.unravel_index(np.argmax(g), g.shape)]
    ]
    gap, lost, size = max(places, default=(0.0, 0.0, 0.0))
    if not 0 < gap <= _LAST_DIGITS * size or gap / _CLEARLY < lost < gap / 2:
        return None
    blame = "subject" if lost < gap / 2 else "reference"
    changes = f"in longdouble the reference changes by {lost:.2g} of the {gap:.2g} between the two"
    return blame, f"the {blame} lost digits: {changes}"


def is_finite_where(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two answers are finite, infinite and no numbers at the same places."""
    kinds = (np.isfinite, np.isnan)
    return all(np.array_equal(kind(one), kind(other)) for kind in kinds)


def _both(ones: Answers, others: Answers) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    pairs = zip(ones, others, strict=True)
    return [(a, b) for a, b in pairs if a is not None and b is not None and a.shape == b.shape]
