"""How far an ulp of the inputs moves an answer: the reference at inputs moved by a little, scaled down to an ulp."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case

# Note [What rounding explains]
# An answer that is off by more than its op's bound may still be the best that its dtype allows, where the
# problem is badly conditioned: a difference of two nearly equal numbers, an inverse of a nearly singular
# matrix. So the reference, in float64, answers again with every input moved by a relative STEP in a random
# direction. What moves, scaled from STEP down to one ulp of the subject's dtype, is what one rounding of each
# input does: the condition of the problem. What does not shrink with the step is a jump, as at a kink or
# a tie, and explains nothing: no rounding of exact inputs makes one. Beside an extremum the longer of two steps
# may lead back to where it began, so that the move shrinks with a third step only. Exact zeros stay where they are.
STEP_BY_ULP = ((1e-5, 1e-6), (1.0, 3e-2))  # ulps up to this, and the step for them
DRAWS = 3
_SHORTER = 8.0  # the second step is so much shorter
_LEAST_SHRINK = 2.0  # a move that shrinks by less than this with it is a jump

Answers = Sequence[NDArray[Any] | None]


def conditions(answer: Callable[[Case], Answers], case: Case, eps: float) -> Answers:
    """For each element of each answer, how fast it moves with a relative move of the inputs.

    Args:
        answer: the reference's, for a case like this one.
        case: with its cotangents and tangents drawn, so that they move too.
        eps: the ulp of the subject's dtype at 1, which decides how far the inputs are moved.
    """
    step = next(step for largest, step in STEP_BY_ULP if eps <= largest)
    here = answer(case)

    def along(seed: int) -> Callable[[float], Answers]:
        return lambda length: answer(_moved(case, length, seed))

    found = [slopes(along(seed), here, step) for seed in range(DRAWS)]
    return [
        None if want is None else np.max([s[i] for s in found], axis=0)
        for i, want in enumerate(here)
    ]


def slopes(
    answer: Callable[[float], Answers], here: Answers, step: float
) -> list[NDArray[Any] | None]:
    """How fast each element moves along one direction; 0 where it jumps.

    Args:
        answer: what is answered so far along it.
        here: what is answered at its start.
        step: how far it is followed.
    """
    far, near = (moves(here, answer(length)) for length in (step, step / _SHORTER))
    nearest: list[NDArray[Any] | None] = [None] * len(near)
    if any(_is_doubtful(f, n) for f, n in zip(far, near, strict=True)):
        nearest = moves(here, answer(step / _SHORTER**2))
    return [
        None if f is None or n is None else _slope(f, n, n if x is None else x, step)
        for f, n, x in zip(far, near, nearest, strict=True)
    ]


def _is_doubtful(far: NDArray[Any] | None, near: NDArray[Any] | None) -> bool:
    """Whether some element has moved, but not less with the shorter step."""
    if far is None or near is None:
        return False
    return bool(np.any((near > 0) & (far < _LEAST_SHRINK * near)))


def _slope(
    far: NDArray[Any], near: NDArray[Any], nearest: NDArray[Any], step: float
) -> NDArray[Any]:
    slope = np.minimum(far, near * _SHORTER) / step
    beside_an_extremum = np.where(near >= _LEAST_SHRINK * nearest, near * _SHORTER / step, 0.0)
    return np.asarray(np.where(far >= _LEAST_SHRINK * near, slope, beside_an_extremum))


# Note [What scatters]
# Where terms as large as 1 / sigma cancel - a group of two nearly equal numbers is normalised - nothing of them is left
# in the answer, whose condition is 0, but their roundings are. These show as what three answers in a row are off a
# line. They are asked for beside the inputs, in random directions of which the middle one counts, so that a kink or a
# tie lies between them in hardly any.
BESIDE, APART = 1e-6, 2.0**-27
LINES = 5


def scatter(
    answer: Callable[[Case], Answers],
    case: Case,
    is_hopeless: Callable[[Answers], bool] = lambda _: False,
) -> Answers:
    """How far each element of each answer is off by the reference's own roundings. See Note [What scatters].

    The lines after the first are not asked for where ``is_hopeless`` says of that one that no more will help.
    """
    here = answer(case)
    lines: list[list[NDArray[Any] | None]] = []
    for seed in range(LINES):
        bends = _off_a_line(answer, beside(case, seed), seed)
        if len(bends) == len(here):  # others left the domain
            lines.append(bends)
            if len(lines) == 1 and is_hopeless(bends):
                break
    if not lines:
        return moves(here, here)
    return [
        None if bend is None else np.median([bends[i] for bends in lines], axis=0)
        for i, bend in enumerate(lines[0])
    ]


def _off_a_line(
    answer: Callable[[Case], Answers], case: Case, seed: int
) -> list[NDArray[Any] | None]:
    first, middle, last = (answer(_moved(case, i * APART, seed)) for i in range(3))
    if not len(first) == len(middle) == len(last):
        return []
    ends = [
        None if a is None or b is None or a.shape != b.shape else (a + b) / 2
        for a, b in zip(first, last, strict=True)
    ]
    return [None if a is None else _move(a, end) for a, end in zip(middle, ends, strict=True)]


def beside(case: Case, seed: int) -> Case:
    """The case with every number moved by another distance."""
    rng = np.random.default_rng((case.seed, LINES + seed))

    def moved(_: int, array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype.kind not in "fc":
            return array
        return np.asarray(array * (1 + BESIDE * rng.uniform(-1.0, 1.0, array.shape)))

    args, kwargs = case.rebuilt(moved)
    return replace(case, args=args, kwargs=kwargs)


def moves(here: Answers, there: Answers) -> list[NDArray[Any] | None]:
    """How far each element of each answer has moved; nothing where it became no number."""
    if len(here) != len(there):
        return [None if a is None else np.zeros(a.shape) for a in here]
    return [_move(a, b) for a, b in zip(here, there, strict=True)]


def _move(a: NDArray[Any] | None, b: NDArray[Any] | None) -> NDArray[Any] | None:
    if a is None:
        return None
    if b is None or a.shape != b.shape or a.dtype.kind not in "fc":
        return np.zeros(a.shape)
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(a - b), nan=0.0, posinf=0.0)


def _moved(case: Case, step: float, seed: int) -> Case:
    rng = np.random.default_rng((case.seed, seed))
    args, kwargs = case.rebuilt(lambda _, array: _stirred(rng, array, step))
    return replace(
        case,
        args=args,
        kwargs=kwargs,
        cotangents=_all_stirred(rng, case.cotangents, step),
        tangents=_all_stirred(rng, case.tangents, step),
    )


def _all_stirred(
    rng: np.random.Generator, arrays: tuple[NDArray[Any], ...] | None, step: float
) -> tuple[NDArray[Any], ...] | None:
    return None if arrays is None else tuple(_stirred(rng, a, step) for a in arrays)


def _stirred(rng: np.random.Generator, array: NDArray[Any], step: float) -> NDArray[Any]:
    if array.dtype.kind not in "fc":
        return array
    with np.errstate(all="ignore"):
        return np.asarray(array * (1 + step * rng.choice([-1.0, 1.0], array.shape)))
