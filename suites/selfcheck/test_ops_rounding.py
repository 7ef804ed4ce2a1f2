"""What rounding may explain of operators: conditions, and neither jumps, nor signs, nor a missing derivative."""

import numpy as np
import pytest

from suites.harness.case import Case
from suites.harness.tolerances import EPS as ULP
from suites.harness.tolerances import tolerance_for
from suites.ops import test_coverage as coverage
from suites.ops.conditioning import SAFETY, allowance
from suites.ops.poles import POLES, with_poles
from suites.ops.rounding import error_of, held, is_within

EPS = 2.0**-23


def allowed(function, x):
    case = Case(op="", args=(np.array(x),), differentiable=(0,))
    (found,) = allowance(lambda at: [function(at.args[0])], case, EPS)
    return found


def test_what_is_badly_conditioned_is_allowed_more():
    well, badly = allowed(np.exp, [1.0]), allowed(lambda x: x - 0.9999, [1.0])
    assert 0.5 * SAFETY * EPS < well / np.e < 2 * SAFETY * EPS
    assert 0.5 * SAFETY * EPS < badly < 2 * SAFETY * EPS


@pytest.mark.parametrize("jump", [np.sign, np.floor, lambda x: np.where(x > x[0], 1.0, 0.0)])
def test_a_jump_at_a_kink_explains_nothing(jump):
    assert np.all(allowed(jump, [1.0 - 1.0, 2.0, 2.0]) == 0)


@pytest.mark.parametrize(
    ("want", "got"),
    [(np.inf, -np.inf), (np.inf, np.nan), (np.nan, 1.0), (1.0, np.inf), (0.0, np.nan)],
)
def test_infinities_and_nan_are_told_apart(want, got):
    tolerance = tolerance_for("mul", "float64")
    assert not is_within(np.array([want]), np.array([got]), np.array([1e300]), tolerance)
    assert is_within(np.array([want]), np.array([want]), np.array([0.0]), tolerance)


def test_at_a_listed_pole_nan_stands_for_infinity_and_nothing_else():
    want, got = (
        np.array([np.inf, -np.inf, np.inf, 1.0]),
        np.array([np.nan, np.nan, -np.inf, np.nan]),
    )
    assert str(with_poles(want, got).tolist()) == str([np.inf, -np.inf, -np.inf, np.nan])
    assert all(pole.why for pole in POLES)


def test_a_reason_that_is_missing_or_not_needed_fails(monkeypatch):
    monkeypatch.delitem(coverage.WITHOUT_CHECK, "chalf")
    with pytest.raises(AssertionError):
        coverage.test_each_entry_has_a_row_or_a_reason()
    monkeypatch.setitem(coverage.WITHOUT_CHECK, "mul", "no reason at all")
    with pytest.raises(AssertionError):
        coverage.test_each_reason_is_still_needed()


def test_an_entry_without_a_row_fails(monkeypatch):
    find = coverage.find_reference_rule
    monkeypatch.setattr(
        coverage, "find_reference_rule", lambda name: None if name == "cumsum" else find(name)
    )
    with pytest.raises(AssertionError):
        coverage.test_each_entry_has_a_row_or_a_reason()


def test_what_rounding_explains_is_recorded_in_units_of_the_wider_bound():
    tolerance = tolerance_for("mul", "float64")
    want, got = np.array([0.0, 1.0]), np.array([1e-9, 1.0])
    worst = error_of(want, got, np.array([1e-8, 0.0]), tolerance)
    assert 0.05 < worst.over_bound < 0.1
    assert worst.absolute == 1e-9
    assert worst.ulps > 1


@pytest.mark.parametrize(
    ("want", "got", "is_right"),
    [
        (9e4, np.inf, True),
        (-9e4, np.inf, False),
        (9e4, np.nan, False),
        (9e3, np.inf, False),
        (9e4, 1.0, False),
    ],
)
def test_beyond_the_range_of_a_dtype_only_the_infinity_of_the_sign_is_right(want, got, is_right):
    found = held(np.array([want]), np.array([got]), ULP["float16"], overflows=False)
    assert (found[0] == want) == is_right


def test_where_the_value_overflows_a_finite_derivative_is_still_compared():
    found = held(np.array([2.0, 2.0]), np.array([np.nan, 3.0]), ULP["float16"], overflows=True)
    assert found.tolist() == [2.0, 3.0]


def test_the_range_of_float64_excuses_nothing():
    found = held(np.array([9e300]), np.array([np.inf]), ULP["float64"], overflows=False)
    assert np.isinf(found[0])
