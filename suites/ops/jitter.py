"""How far an answer moves where every operation of the reference rounds otherwise: Monte Carlo arithmetic."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference_impl.grad_mode import MODE
from suites.harness.case import Case
from suites.harness.tolerances import EPS
from suites.ops.conditioning import Answers, slopes

# Note [What an ulp in each operation does]
# An answer that is 0 whatever the inputs are, or hardly hangs on them, has no condition; where it is what is left of
# large terms, its roundings may by luck be none at the few places where they are looked for. So the reference answers
# with what each of its operations makes moved by a relative step, up or down at random, and what the answer moves,
# scaled down to one ulp, is what formulas like this one lose (D. S. Parker, Monte Carlo Arithmetic, 1997). As with the
# condition, what does not shrink with the step is a jump and explains nothing: the draws of the longer and the shorter
# step go the same ways.
STEP = 1e-6
DRAWS = 3
_WAYS = np.array([-1.0, 1.0])


def jitter(answer: Callable[[Case], Answers], case: Case) -> Answers:
    """How far each element of each answer moves with an ulp in each operation.

    See Note [What an ulp in each operation does].

    Args:
        answer: the reference's, in float64, for a case like this one.
        case: with its cotangents and tangents drawn.
    """
    here = answer(case)

    def moved(seed: int) -> Callable[[float], Answers]:
        def stirred(step: float) -> Answers:
            with rounding_otherwise(step, seed):
                return answer(case)

        return stirred

    found = [slopes(moved(seed), here, STEP) for seed in range(DRAWS)]
    return [
        None if want is None else EPS["float64"] * np.max([of[i] for of in found], axis=0)
        for i, want in enumerate(here)
    ]


@contextmanager
def rounding_otherwise(step: float, seed: int) -> Generator[None]:
    """Inside, whatever an operation of the reference computes is off by the relative ``step``, up or down."""
    rng = np.random.default_rng(seed)

    def stirred(x: Any) -> Any:
        if not isinstance(x, np.ndarray | np.generic) or x.dtype.kind not in "fc":
            return x
        return (x * (1 + step * rng.choice(_WAYS, x.shape))).astype(x.dtype)

    def compute(rule: Any, _inputs: Any, _params: Any, forward: Callable[[], Any]) -> Any:
        made = forward()
        if rule.view:
            return made
        return tuple(map(stirred, made)) if isinstance(made, tuple) else stirred(made)

    before, MODE.compute = MODE.compute, compute
    MODE.refresh()
    try:
        yield
    finally:
        MODE.compute = before
        MODE.refresh()
