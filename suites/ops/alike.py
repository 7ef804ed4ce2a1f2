"""What two sides mean by errors and by no gradient: different words, or None and zeros, that say the same."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case, CaseOutcome
from suites.ops.answers import FIELDS
from suites.ops.ways import is_composed

Outcomes = tuple[CaseOutcome | None, CaseOutcome | None]

# Note [Errors that no clause knows]
# Errors are the same where a clause's pattern knows both. Beside that, two sides that refuse an operator in
# the same words mean the same, whatever sizes they name; and so do two that say that it has no derivative.
_NUMBER = re.compile(r"\d+")
_OPERATOR = re.compile(r"^[\w.]+(: |\([^()]*\) )")
_BATCH = re.compile(r"\(Batch element \d+\): ")
_SHAPES = re.compile(r"\bshape|\bsizes?\b|\dD tensor")
UNDEFINED = re.compile(
    r"derivative for .* is not implemented|Trying to use forward AD with .* that does not support it|"
    r"Double backward is unsupported for"
)


def raised_alike(check: str, outcomes: Outcomes) -> bool:
    """See Note [Errors that no clause knows]."""
    raised = [outcome.raised.get(check) if outcome is not None else None for outcome in outcomes]
    if raised[0] is None or raised[1] is None:
        return False
    if all(UNDEFINED.search(error.message) for error in raised if error is not None):
        return True
    if all(_SHAPES.search(error.message) for error in raised if error is not None):
        return raised[0].exception == raised[1].exception
    words = sorted((_words(error.message) for error in raised if error is not None), key=len)
    return raised[0].exception == raised[1].exception and words[1].startswith(words[0])


def _words(message: str) -> str:
    """A message without the operator's name before it, and without its numbers."""
    return _NUMBER.sub("#", _OPERATOR.sub("", _BATCH.sub("", message))).rstrip(". ")


# Note [None and nothing]  # noqa: ERA001
# A first backward tells no gradient (None) from a gradient of zeros, and is held to that. Everywhere else,
# and where one of the tensors has no elements, the two are one: what is None on one side only stands for
# zeros of the other's shape.
def aligned(check: str, case: Case, one: CaseOutcome | None, other: CaseOutcome | None) -> Outcomes:
    """See Note [None and nothing]."""
    if one is None or other is None or check == "value" or one.raised or other.raised:
        return one, other
    field = FIELDS[check]
    mine, theirs = getattr(one, field), getattr(other, field)
    if len(mine) != len(theirs):
        return one, other
    is_first = check == "vjp" and not is_composed(case)
    is_strict = is_first and all(array.size for array in case.arrays())
    return (
        replace(
            one,
            **{
                field: tuple(
                    _filled(a, b, is_strict=is_strict) for a, b in zip(mine, theirs, strict=True)
                )
            },
        ),
        replace(
            other,
            **{
                field: tuple(
                    _filled(b, a, is_strict=is_strict) for a, b in zip(mine, theirs, strict=True)
                )
            },
        ),
    )


def _filled(
    answer: NDArray[Any] | None, like: NDArray[Any] | None, *, is_strict: bool
) -> NDArray[Any] | None:
    if answer is not None or like is None or (is_strict and like.size):
        return answer
    return np.zeros_like(like)
