"""Each comparison finds the fault planted for it, and lets pass what lies inside its bound."""

import numpy as np
import pytest

from suites.harness.assertions import assert_same, assert_values
from suites.harness.compare import compare, worst_error
from suites.harness.notes import Disagreement
from suites.harness.tolerances import EPS, EXACT, fixed_tolerance, value_tolerance

F64 = value_tolerance("float64")
GOOD = np.array([[1.5, -2.0, 0.0], [np.nan, np.inf, 3.0]])


def spoilt(index, value):
    array = GOOD.copy()
    array[index] = value
    return array


FAULTS = {
    "a-wrong-sign": spoilt((0, 1), 2.0),
    "one-element-twice-too-large": spoilt((1, 2), 6.0),
    "one-element-off-in-the-sixth-digit": spoilt((0, 0), 1.500001),
    "not-quite-zero": spoilt((0, 2), 1e-9),
    "a-number-for-nan": spoilt((1, 0), 0.0),
    "nan-for-a-number": spoilt((0, 0), np.nan),
    "a-large-number-for-infinity": spoilt((1, 1), 1e308),
    "infinity-of-the-other-sign": spoilt((1, 1), -np.inf),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_planted_element_is_the_worst_difference(fault):
    place = tuple(
        int(i) for i in np.argwhere(~((fault == GOOD) | (np.isnan(fault) & np.isnan(GOOD))))[0]
    )
    differences = compare(GOOD, fault, F64)
    assert [d.where for d in differences] == [f"value at {place}"]


def test_equal_arrays_have_no_difference():
    assert compare(GOOD, GOOD.copy(), EXACT) == []


def test_what_lies_inside_the_bound_is_no_difference():
    assert compare(np.array([1.0]), np.array([1.0 + 1e-13]), F64) == []


def test_another_shape_is_the_only_difference():
    (difference,) = compare(np.zeros((2, 1)), np.zeros((1, 2)), F64)
    assert difference.kind == "shape"


def test_a_shape_that_would_broadcast_is_a_difference():
    assert compare(np.ones(()), np.ones((1,)), F64) != []


def test_an_imaginary_part_is_compared():
    assert compare(np.array([1 + 1j]), np.array([1 - 1j]), F64) != []


def test_integers_beyond_float64_are_compared_exactly():
    assert compare(np.array([2**60]), np.array([2**60 + 1]), EXACT) != []


def test_the_worst_element_comes_first_by_its_own_bound():
    want = np.array([1e6, 1.0])
    got = np.array([1e6 + 1.0, 1.5])
    assert [d.where for d in compare(want, got, F64)] == ["value at (1,)", "value at (0,)"]


def test_one_ulp_is_measured_as_one():
    want = np.array([3.0])
    assert worst_error(want, want + 2 * EPS["float64"], F64).ulps == 1.0


@pytest.mark.parametrize("dtype", EPS)
def test_bounds_are_wider_where_numbers_are_coarser(dtype):
    assert value_tolerance(dtype).rtol >= EPS[dtype]
    assert fixed_tolerance(dtype, 1).rtol > fixed_tolerance(dtype).rtol


def test_integers_have_no_tolerance():
    assert value_tolerance("int64").is_exact


def test_assert_values_names_the_worst_element():
    with pytest.raises(
        Disagreement, match=r"wanted 4.0, found 3.0 for value at \(1,\): off by 1"
    ) as caught:
        assert_values(np.array([1.0, 3.0]), [1.0, 4.0])
    assert caught.value.kind == "value"


def test_assert_values_does_not_broadcast():
    with pytest.raises(Disagreement, match="wanted shape"):
        assert_values(np.array([1.0, 1.0]), 1.0)


def test_assert_values_finds_a_missing_tensor():
    with pytest.raises(Disagreement, match="found None"):
        assert_values(None, [1.0])


def test_assert_values_widens_for_printed_numbers_only_as_told():
    assert_values(np.array([0.333333333]), [0.3333], rtol=1e-3)
    with pytest.raises(Disagreement):
        assert_values(np.array([0.34]), [0.3333], rtol=1e-3)


def test_assert_same_sees_one_bit(torch):
    x = torch.tensor([1.0])
    with pytest.raises(Disagreement):
        assert_same(x + 2.0**-23, x)


def test_assert_same_sees_the_dtype(torch):
    with pytest.raises(Disagreement, match="wanted dtype"):
        assert_same(torch.tensor([1.0], dtype=torch.float64), torch.tensor([1.0]))


def test_assert_same_sees_the_sign_of_zero(torch):
    with pytest.raises(Disagreement):
        assert_same(torch.tensor([-0.0]), torch.tensor([0.0]))


def test_assert_same_takes_nan_for_nan(torch):
    assert_same(torch.tensor([float("nan")]), torch.tensor([float("nan")]))


def test_assert_same_compares_what_is_no_tensor():
    assert_same((1, "x"), (1, "x"))
    with pytest.raises(Disagreement):
        assert_same((1, "x"), (1, "y"))
