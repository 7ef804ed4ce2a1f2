"""Which other answers lie within a few ulps of the inputs: what a coarse dtype cannot tell apart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.conditioning import Answers, moves

# Note [Jumps in coarse dtypes]
# A kernel that computes in bfloat16 or float16 rounds what it forms on the way - a difference, a coordinate of a
# pixel - by half an ulp of numbers as large as its inputs. Where a kink or a boundary lies within that distance, it
# may come out on the other side, and an ulp is so wide that every tenth sample has such a place. So what the
# reference answers at inputs moved by ULPS ulps of their largest number, in random directions, is right as well. In
# float32 and wider dtypes such places are rare enough to be looked at one by one, and nothing of this is asked.
COARSE = 1e-4
ULPS = 4.0
DRAWS = 12


def reach(answer: Callable[[Case], Answers], case: Case, eps: float) -> Answers:
    """How far each element of each answer gets within ULPS ulps. See Note [Jumps in coarse dtypes]."""
    here = answer(case)
    moved = [moves(here, answer(_moved(case, ULPS * eps, seed))) for seed in range(DRAWS)]
    return [
        None if want is None else np.max([m[i] for m in moved], axis=0)
        for i, want in enumerate(here)
    ]


def _moved(case: Case, step: float, seed: int) -> Case:
    rng = np.random.default_rng((case.seed, seed))
    args, kwargs = case.rebuilt(lambda _, array: _shifted(rng, array, step))
    return replace(case, args=args, kwargs=kwargs)


def _shifted(rng: np.random.Generator, array: NDArray[Any], step: float) -> NDArray[Any]:
    if array.dtype.kind not in "fc" or not array.size:
        return array
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(array), initial=0.0, where=np.isfinite(array))
        return np.asarray(array + step * largest * rng.uniform(-1.0, 1.0, array.shape))
