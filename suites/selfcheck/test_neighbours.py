"""What a coarse dtype cannot tell apart is allowed there, and what it can is not."""

import numpy as np

from suites.harness.case import Case
from suites.harness.tolerances import EPS
from suites.ops.neighbours import COARSE, reach


def _case(*numbers):
    return Case(op="step", args=(np.array(numbers),), differentiable=(0,))


def _step(case):
    return (np.where(case.args[0] > 0, 1.0, 0.0),)


def test_a_jump_within_a_few_ulps_is_reached():
    (found,) = reach(_step, _case(1e-3, 1.0), EPS["bfloat16"])
    np.testing.assert_array_equal(found, [1.0, 0.0])


def test_a_jump_further_away_is_not():
    (found,) = reach(_step, _case(0.25, 1.0), EPS["bfloat16"])
    np.testing.assert_array_equal(found, [0.0, 0.0])


def test_only_half_precision_is_coarse():
    assert {name for name, eps in EPS.items() if eps > COARSE} == {
        "bfloat16",
        "float16",
        "complex32",
    }
