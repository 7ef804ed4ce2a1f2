"""What rounding may explain of operators: conditions, and neither jumps, nor signs, nor a missing derivative."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import reference_impl
from suites.harness import torch_driver
from suites.harness.case import Case, run_case
from suites.harness.columns import Column
from suites.harness.compare import compare
from suites.harness.implementation import TorchSpelling
from suites.harness.judge import DIFFER
from suites.harness.subject import REFERENCE, Subject
from suites.harness.tolerances import EPS as ULP
from suites.harness.tolerances import LOOSER, SAFETY, tolerance_for
from suites.ops import test_coverage as coverage
from suites.ops.checking import judged
from suites.ops.conditioning import LINES, conditions, scatter
from suites.ops.extended import Extended, by_last_digits, roundings
from suites.ops.jitter import jitter, rounding_otherwise
from suites.ops.opinfo_source import Sample, entries
from suites.ops.poles import POLES, is_pole, with_poles
from suites.ops.rounding import allowance, error_of, held, is_within, value_overflows
from suites.ops.rows import find_reference_operator, rows_of
from suites.ops.ways import case_for, drawn

EPS = 2.0**-23


def condition(function, x):
    case = Case(op="", args=(np.array(x),), differentiable=(0,))
    (found,) = conditions(lambda at: [function(at.args[0])], case, EPS)
    return found


def test_what_is_badly_conditioned_moves_more():
    well, badly = condition(np.exp, [1.0]), condition(lambda x: x - 0.9999, [1.0])
    assert 0.5 < well / np.e < 2
    assert 0.5 < badly < 2


def test_a_sum_moves_with_its_length_as_a_random_walk_does():
    short, long = (condition(lambda x: np.sum(x, keepdims=True), np.ones(n)) for n in (4, 10_000))
    assert 10 < long / short < 250


def test_the_bound_is_some_ulps_of_the_condition_and_of_the_largest_element():
    tolerance = tolerance_for("mul", "float32")
    allowed = allowance(np.array([3.0, np.inf, -4.0]), np.array([0.0, 1.0, 10.0]), tolerance)
    np.testing.assert_allclose(allowed / (SAFETY["float32"] * EPS), [4.0, 5.0, 14.0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_what_is_counted_is_not_rounded(dtype):
    tolerance = tolerance_for("argmax", dtype)
    assert compare(np.array([100]), np.array([101]), tolerance)
    assert not is_within(np.array([100]), np.array([101]), np.array([0.0]), tolerance)


@pytest.mark.parametrize("jump", [np.sign, np.floor, lambda x: np.where(x > x[0], 1.0, 0.0)])
def test_a_jump_at_a_kink_explains_nothing(jump):
    assert np.all(condition(jump, [1.0 - 1.0, 2.0, 2.0]) == 0)


def scattered(function, x):
    (found,) = scatter(lambda at: [function(at.args[0])], Case(op="", args=(np.array(x),)))
    return found


@pytest.mark.parametrize(
    "jump", [np.sign, np.floor, np.round, lambda x: np.where(x > x[::-1], 1.0, 0.0)]
)
def test_a_jump_at_a_kink_or_a_tie_does_not_scatter(jump):
    assert np.all(scattered(jump, [0.0, 2.0, 2.5, 2.0, 0.0]) == 0)


def test_where_the_answer_ends_beside_the_inputs_nothing_scatters():
    def answer(at):
        return [at.args[0]] if np.all(at.args[0] == 1) else []

    (found,) = scatter(answer, Case(op="", args=(np.ones(8),)))
    assert np.all(found == 0)


def test_what_cancels_scatters_by_the_roundings_of_its_terms():
    found = scattered(lambda x: (x + 1e6) - 1e6 - x, [0.3, 0.7])
    assert np.all((found > 0) & (found < 1e-9))
    assert np.all(scattered(lambda x: 1e6 * x, [0.3, 0.7]) < 1e-9)


@pytest.mark.parametrize(("is_hopeless", "lines"), [(True, 1), (False, LINES)])
def test_where_nothing_will_help_one_line_is_asked_for(is_hopeless, lines):
    asked = []

    def answer(at):
        asked.append(at)
        return [at.args[0] + 1.0]

    scatter(answer, Case(op="", args=(np.ones(2),)), lambda _: is_hopeless)
    assert len(asked) == 1 + 3 * lines


def test_beside_an_extremum_a_step_that_leads_back_is_no_jump():
    # At 1 + 5e-7 from the extremum a step of 1e-6 leads to the other side of it, and as high.
    found = condition(lambda x: (x - 1) ** 2, np.full(64, 1.0 - 5e-7))
    assert np.all(found > 0)


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


def test_at_a_listed_pole_what_a_dtype_cannot_hold_is_an_infinity():
    want, got = np.array([1e79, -1e79, 1e30]), np.array([np.nan, np.nan, np.nan])
    largest = float(np.finfo(np.float32).max)
    assert str(with_poles(want, got, largest).tolist()) == str([1e79, -1e79, np.nan])
    assert np.all(np.isnan(with_poles(want, got)))


@pytest.mark.parametrize(
    ("op", "args", "dtype", "is_one"),
    [
        ("nn.functional.celu", ([-400.0], -0.5), "float64", True),
        ("nn.functional.celu", ([400.0], -0.5), "float64", False),
        ("nn.functional.celu", ([-400.0], 0.5), "float64", False),
        ("matrix_exp", ([[90.0]],), "float32", True),
        ("matrix_exp", ([[90.0]],), "float64", False),
    ],
)
def test_a_pole_is_where_an_exponential_leaves_the_dtype(op, args, dtype, is_one):
    given = (np.array(args[0]), *args[1:])
    case = Case(op=op, args=given, differentiable=(0,)).in_dtype(dtype)
    assert is_pole(op, "double", case) == is_one


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


@pytest.mark.parametrize(
    ("want", "got", "is_right"),
    [
        (1 + 9e38j, complex(np.nan, np.inf), True),
        (1 + 9e38j, complex(np.nan, np.nan), True),
        (1 + 9e38j, 1 + 9e37j, False),
        (1 + 9e37j, complex(np.nan, np.inf), False),
    ],
)
def test_beyond_the_range_a_complex_number_has_no_sign_but_is_not_finite(want, got, is_right):
    found = held(np.array([want]), np.array([got]), ULP["complex64"], overflows=False)
    assert (found[0] == want) == is_right


def test_where_the_value_overflows_a_finite_derivative_is_still_compared():
    found = held(np.array([2.0, 2.0]), np.array([np.nan, 3.0]), ULP["float16"], overflows=True)
    assert found.tolist() == [2.0, 3.0]


def test_the_range_of_float64_excuses_nothing():
    found = held(np.array([9e300]), np.array([np.inf]), ULP["float64"], overflows=False)
    assert np.isinf(found[0])


def test_each_exception_speaks_of_ops_that_there_are_and_says_why():
    known = entries()
    for looser in LOOSER:
        assert set(looser.ops) <= set(known), looser
        assert set(looser.checks) <= {"value", "vjp", "jvp", "double"}
        assert looser.factor > 1
        assert looser.reason


def test_an_exception_reaches_its_checks_and_dtypes_alone():
    plain = tolerance_for("mul", "float64").rtol
    assert tolerance_for("digamma", "float64", "vjp").rtol > 1e4 * plain
    assert tolerance_for("digamma", "float64").rtol == plain
    assert tolerance_for("digamma", "float32", "vjp") == tolerance_for("mul", "float32", "vjp")


def test_a_small_element_of_a_pointwise_value_must_be_right_as_well():
    want, got = np.array([1.0, 1e-20]), np.array([1.0, 1.1e-20])
    for elementwise in (True, False):
        tolerance = tolerance_for("mul", "float64", elementwise=elementwise)
        allowed = allowance(want, np.zeros(2), tolerance)
        assert is_within(want, got, allowed, tolerance) is not elementwise


def test_an_inner_derivative_is_asked_along_numbers_that_the_dtype_has():
    like = [reference_impl.tensor([1.0, 2.0, 3.0], dtype=reference_impl.float64)]
    wide, single = (drawn(reference_impl, like, 0, d)[0].numpy() for d in ("float64", "float32"))
    assert np.all(single.astype(np.float32) == single)
    assert 0 < np.max(np.abs(wide - single)) < EPS


X = np.array([0.3, 0.7, 1.1])


def lost(function):
    """What a formula loses at X, by its answer in longdouble."""
    case = Case(op="", args=(X,))
    (found,) = roundings(
        lambda at: [function(at.args[0])],
        lambda at: [function(at.args[0].astype(np.longdouble))],
        case,
    )
    return found


def test_what_cancels_in_every_neighbourhood_alike_shows_in_longdouble():
    # 1 + 1e-16 x is 1 in float64 for all x nearby: nothing scatters, and all digits are lost.
    def cancels(x):
        return (1 + x * 1e-16) - 1

    assert np.all(scattered(cancels, X) == 0)
    np.testing.assert_allclose(lost(cancels), 1e-16 * X, rtol=1e-2)


@pytest.mark.parametrize("jump", [np.sign, np.floor, lambda x: np.where(x > 0.5, 1.0, 0.0)])
def test_a_jump_loses_nothing(jump):
    assert np.all(lost(jump) == 0)


def test_a_rule_that_is_wrong_in_float64_alone_is_no_rounding():
    def wrong(x):
        return x if x.dtype == np.longdouble else x * (1 + 1e-4)

    assert np.all(lost(wrong) == 0)


def test_an_operator_without_longdouble_tells_nothing():
    case = Case(op="", args=(X,))
    (found,) = roundings(lambda at: [np.sin(at.args[0])], lambda _: [], case)
    assert np.all(found == 0)


def jittered(function, *numbers):
    case = Case(op="", args=tuple(np.array(x) for x in numbers))

    def answer(at):
        made = function(*[reference_impl.tensor(x) for x in at.args])
        return [made.numpy()]

    (found,) = jitter(answer, case)
    return found


def test_what_cancels_whatever_the_inputs_are_moves_with_an_ulp_in_each_operation():
    # (3 x - x) - 2 x is 0 for all x, and here without any rounding: only its terms show what it may lose.
    found = jittered(lambda x: (3 * x - x) - 2 * x, [4.0, 4096.0])
    assert np.all((found > [2e-16, 2e-13]) & (found < [2e-14, 2e-11]))


def test_an_ulp_in_each_operation_moves_what_is_well_conditioned_by_some_ulps():
    found = jittered(lambda x, y: (x * y + 1).exp(), [0.5, 0.25], [2.0, 3.0])
    assert np.all((found > 1e-17) & (found < 1e-14))


@pytest.mark.parametrize("jump", ["sign", "floor", "ceil"])
def test_a_jump_beside_an_ulp_in_an_operation_explains_nothing(jump):
    found = jittered(lambda x, y: getattr(x - y, jump)() * 1000, [1.0, 2.0], [1.0, 1.0])
    assert np.all(found < 1e-12)


def test_operations_round_as_they_did_once_they_were_moved():
    x = reference_impl.tensor([0.1, 0.7])
    before = (x * 3).numpy()
    with rounding_otherwise(1e-3, seed=1):
        assert np.all((x * 3).numpy() != before)
    assert np.all((x * 3).numpy() == before)


@pytest.mark.parametrize(
    ("wanted", "found", "blame"),
    [
        (1.0, 1.0 + 1e-12, "subject"),
        (1.0 + 1e-12, 1.0, "reference"),
        (1.0 + 2e-13, 1.0 + 1e-12, None),
        (1.0, 1.1, None),
        (1.0, 1.0, None),
    ],
)
def test_longdouble_says_who_lost_digits(wanted, found, blame):
    told = by_last_digits([np.array([wanted])], [np.array([found])], [np.array([1.0])])
    assert (told and told[0]) == blame


def test_nan_is_no_matter_of_digits():
    right = [np.array([1.0, 2.0])]
    assert by_last_digits(right, [np.array([1.0 + 1e-12, np.nan])], right) is None
    infinite = [np.array([1.0, -np.inf])]
    assert by_last_digits(infinite, [np.array([1.0 + 1e-12, np.nan])], infinite) is None


def test_the_gradient_of_a_saturated_attention_may_lose_what_ours_does():
    # The weights are 1 and 4e-16: the gradient of the scores is what is left of 59 less 59.
    find = partial(find_reference_operator, way="vjp")
    plain = TorchSpelling(reference_impl, Subject(REFERENCE, "float64"), find)
    case = Case(
        op="nn.functional.scaled_dot_product_attention",
        args=(np.array([[6.0]]), np.array([[-3.0], [2.9]]), np.array([[48.066], [-59.35]])),
        differentiable=(0, 1, 2),
        cotangents=(np.array([[1.0]]),),
    )
    found = roundings(
        lambda at: run_case(plain, at, ("vjp",)).vjp,
        lambda at: run_case(Extended(find), at, ("vjp",)).vjp,
        case,
    )
    assert 1e-15 < np.max(found[0]) < 1e-12


@pytest.mark.parametrize("check", ["value", "vjp"])
def test_an_infinity_beside_a_value_that_overflows_is_excused_in_derivatives_alone(check):
    # I0(90) is 5e37, which single precision has, and I0(711) is 9e306, which it has not; torch says inf for both.
    (row,) = (
        r
        for r in rows_of(Column(Subject("cpu", "float32"), torch_driver), "full", check, ("i0",))
        if r.apart is None
    )
    case = Case(op="i0", args=(np.array([90.0, 711.0]),), differentiable=(0,), dtype="float32")
    sample = Sample("both", case)
    found = judged(row, [sample], row.sides())
    assert any(f.verdict.kind == DIFFER for f in found) is (check == "value")


def test_what_a_composed_call_sums_to_infinity_does_not_hide_that_the_operator_overflows():
    # By the base, 30 ** x is summed over x: infinite by the first of them, and the second, 1e44, is beyond float32.
    column = Column(Subject("cpu", "float32"), torch_driver)
    (row, *_) = rows_of(column, "full", "forward-over-reverse-edges", ("pow",))
    plain = Case(
        op="pow",
        args=(np.array([30.0]), np.array([900.0, 30.0])),
        differentiable=(0,),
        dtype="float32",
    )
    sides, eps = row.sides(), ULP["float32"]
    with np.errstate(all="ignore"):
        assert value_overflows(sides, case_for(row.way, plain), eps)
        assert not value_overflows(replace(sides, plain=None), case_for(row.way, plain), eps)
