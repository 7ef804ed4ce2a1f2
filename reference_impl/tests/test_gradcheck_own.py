"""The gradient checker for functions on NumPy arrays: it accepts right derivatives and names what else is wrong."""

from typing import Any

import numpy as np
import pytest

from reference_impl.gradcheck import (
    GradientError,
    InputError,
    NondeterministicError,
    check,
    inspect,
)
from reference_impl.ladder import slope_of, steps_for

RNG = np.random.default_rng(5)
A, W, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)
Z = RNG.normal(size=5) + 1j * RNG.normal(size=5)
X = RNG.normal(size=20)


def layer(a, w, b):
    return np.tanh(a @ w + b)


def layer_vjp(ct):
    z = ct * (1 - layer(A, W, B) ** 2)
    return [z @ W.T, A.T @ z, z.sum(0)]


def layer_jvp(a, w, b):
    return (1 - layer(A, W, B) ** 2) * (a @ W + A @ w + b)


def spoiled(place, how):
    """The vjp of the layer with one of its gradients replaced."""

    def vjp(ct):
        found = layer_vjp(ct)
        found[place] = how(found[place], ct * (1 - layer(A, W, B) ** 2))
        return found

    return vjp


def only(place, factor):
    def how(g, _):
        return g * np.where(np.arange(g.size) == place, factor, 1.0).reshape(g.shape)

    return how


def entry_of(result):
    """The entry that the first finding names."""
    entry = result.findings[0].entry
    assert entry is not None, result
    return entry


FAULTS: dict[str, Any] = {
    "twice": (1, lambda g, _: 2 * g, "it is twice the right value"),
    "negated": (0, lambda g, _: -g, "-1 times the right value"),
    "zero": (1, lambda g, _: 0 * g, "it is zero (or None)"),
    "none": (2, lambda *_: None, "it is zero (or None)"),
    "transposed": (1, lambda g, _: g.T, "transposed: dimensions 0 and 1"),
    "first-row-only": (2, lambda _, z: z[0], "the sum over dimension 0 of output is missing"),
    "mean": (2, lambda _, z: z.mean(0), "it is the mean over 4 elements of output"),
    "one-element": (0, only(7, 1.05), "only 1 of 12 elements looked at are wrong"),
    "one-in-a-million": (0, only(7, 1 + 1e-6), "only 1 of 12 elements looked at are wrong"),
    "nan": (0, only(7, np.nan), "nan or inf where the difference is finite"),
}


def test_right_derivatives_pass_with_two_evaluations_beside_the_point():
    result = check(layer, (A, W, B), vjp=layer_vjp, jvp=layer_jvp)
    assert result.verdict == "right"
    assert result.counts["values"] == 3
    assert result.resolution < 1e-6


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_vjp_is_found_and_named(fault):
    place, how, name = FAULTS[fault]
    with pytest.raises(GradientError) as caught:
        check(layer, (A, W, B), vjp=spoiled(place, how))
    finding = caught.value.result.findings[0]
    assert any(name in likeness for likeness in finding.likenesses), str(caught.value)
    assert f"input {place}" in finding.says


def test_the_element_that_is_wrong_is_named_with_both_numbers():
    result = inspect(layer, (A, W, B), vjp=spoiled(0, only(7, 1.05)))
    entry = entry_of(result)
    assert entry.input.element(entry.input_place) == ((2, 1), "")
    assert entry.claimed / entry.numeric == pytest.approx(1.05, rel=1e-6)
    assert "d output[2," in str(result)
    assert "/ d input 0[2, 1]" in str(result)


def test_a_wrong_jvp_is_found():
    result = inspect(layer, (A, W, B), jvp=lambda a, w, b: layer_jvp(a, w, 2 * b))
    assert result.verdict == "wrong"
    assert "input 2" in result.findings[0].says
    assert result.findings[0].likenesses[0] == "it is twice the right value"


CONJUGATES = {
    "right": (lambda ct: ct * np.conj(2 * Z), None),
    "result-conjugated": (
        lambda ct: np.conj(ct * np.conj(2 * Z)),
        "it is conjugated: the imaginary part has the wrong sign",
    ),
    "jacobian-not-conjugated": (lambda ct: ct * 2 * Z, "the Jacobian in it is not conjugated"),
}


@pytest.mark.parametrize("fault", CONJUGATES)
def test_a_missing_conjugation_is_told_from_one_too_many(fault):
    vjp, name = CONJUGATES[fault]
    result = inspect(lambda z: z**2, Z, vjp=vjp)
    assert result.ok == (name is None)
    assert name is None or name in result.findings[0].likenesses[0]


def test_exchanged_inputs_are_recognised():
    x, y = RNG.normal(size=4), RNG.normal(size=4)
    result = inspect(np.multiply, (x, y), vjp=lambda ct: (ct * x, ct * y))
    assert "exchanged with the gradient of input" in result.findings[0].likenesses[0]


@pytest.mark.parametrize(
    ("claim", "verdict"), [(0.0, "right"), (1.0, "right"), (-0.3, "right"), (1.5, "wrong")]
)
def test_at_a_kink_any_slope_between_the_one_sided_ones_will_do(claim, verdict):
    x = np.array([0.0, 1.0, -1.0])
    result = inspect(np.abs, x, vjp=lambda ct: ct * np.array([claim, 1.0, -1.0]))
    assert result.verdict == verdict
    assert verdict == "right" or "kink or a tie" in result.findings[0].says


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [((0.5, 0.5, 0.0), "right"), ((1.0, 0.0, 0.0), "right"), ((1.0, 1.0, 0.0), "wrong")],
)
def test_at_a_tie_of_a_maximum_the_shares_must_add_up_to_one(shares, verdict):
    x = np.array([1.0, 1.0, 0.5])
    assert inspect(np.max, x, vjp=lambda ct: ct * np.array(shares)).verdict == verdict


def test_a_kink_in_one_output_does_not_hide_a_mistake_in_another():
    x = np.array([0.0, 1.0, -1.0])
    result = inspect(np.abs, x, vjp=lambda ct: ct * np.array([0.0, 1.01, -1.0]))
    assert result.verdict == "wrong"
    assert entry_of(result).input_place == 1


def test_a_random_function_is_called_random_with_its_spread():
    rng = np.random.default_rng(0)
    with pytest.raises(NondeterministicError, match="apart for the same inputs"):
        check(lambda x: x * rng.uniform(size=x.shape), X, vjp=lambda ct: ct)


def test_a_noisy_function_is_neither_right_nor_wrong_beyond_its_noise():
    def rough(x):
        return np.sin(x) + 1e-6 * np.sin(1e10 * x)

    assert inspect(rough, X, vjp=lambda ct: ct * np.cos(X)).verdict != "wrong"
    assert inspect(rough, X, vjp=lambda ct: -ct * np.cos(X)).verdict == "wrong"


def noise(x):
    """What rounding in a long computation leaves; a complex step does not see it."""
    return 3e-4 * np.sin(1e12 * np.real(x))


def test_a_complex_step_decides_where_differences_are_too_rough():
    right = inspect(lambda x: np.sin(x) + noise(x), X, vjp=lambda ct: ct * np.cos(X))
    assert right.verdict == "right"
    assert "complex step" in str(right)
    slightly = inspect(lambda x: np.sin(x) + noise(x), X, vjp=lambda ct: ct * 1.001 * np.cos(X))
    assert not slightly.ok


def test_a_complex_step_of_a_function_that_is_not_analytic_decides_nothing():
    rough = inspect(
        lambda x: np.sin(np.real(x)) + noise(x) + 0 * x, X, vjp=lambda ct: ct * np.cos(X)
    )
    assert rough.verdict == "undecided"


def test_a_function_that_rounds_to_a_grid_is_judged_by_steps_beyond_it():
    def cast(x):
        return np.sin(x.astype(np.float32)).astype(np.float64)

    assert inspect(cast, X, vjp=lambda ct: ct * np.cos(X)).verdict == "right"
    assert inspect(cast, X, vjp=lambda ct: ct * 1.01 * np.cos(X)).verdict == "wrong"


def test_elements_with_tiny_gradients_are_looked_at_on_their_own():
    scale = np.array([1e8, 1.0, 1.0, 1.0])
    x = RNG.normal(size=4)
    right = inspect(lambda x: scale * np.sin(x), x, vjp=lambda ct: ct * scale * np.cos(x))
    assert right.ok
    wrong = inspect(
        lambda x: scale * np.sin(x),
        x,
        vjp=lambda ct: ct * scale * np.cos(x) * np.array([1.0, 1.0, 1.005, 1.0]),
    )
    assert wrong.verdict == "wrong"
    assert entry_of(wrong).input_place == 2


@pytest.mark.parametrize("size", [10, 1000, 100_000])
def test_one_wrong_element_is_found_among_many(size):
    x = np.random.default_rng(1).normal(size=size)
    at = size // 3
    share = np.ones(size)
    share[at] = 1.005
    result = inspect(np.tanh, x, vjp=lambda ct: ct * share / np.cosh(x) ** 2)
    assert entry_of(result).input_place == at
    assert result.counts["values"] < 700


def test_single_precision_is_checked_as_far_as_it_goes():
    x = X.astype(np.float32)
    assert inspect(np.sin, x, vjp=lambda ct: ct * np.cos(x)).verdict == "right"
    assert inspect(np.sin, x, vjp=lambda ct: ct * 1.05 * np.cos(x)).verdict == "wrong"


def test_forward_and_reverse_must_agree_even_at_a_kink():
    x = np.array([0.0, 1.0])
    result = inspect(
        np.abs, x, vjp=lambda ct: ct * np.array([0.5, 1.0]), jvp=lambda t: t * np.array([0.0, 1.0])
    )
    assert result.verdict == "wrong"
    assert "forward against reverse" in result.findings[0].what


BAD: dict[str, Any] = {
    "nothing-to-check": (np.sin, X, {}, "give vjp="),
    "integers": (np.negative, np.arange(3), {"vjp": np.negative}, "input 0 has dtype int64"),
    "integer-result": (np.argmax, X, {"vjp": lambda ct: ct}, "output 0 has dtype int64"),
    "nan-result": (np.log, -np.abs(X), {"vjp": lambda ct: ct}, r"output\[0\] is nan"),
    "wrong-shape": (np.sin, X, {"vjp": lambda ct: ct[:3]}, r"gave shape \(3,\) for input 0"),
    "too-few": (np.add, (X, X), {"vjp": lambda ct: ct}, "gave 1 arrays for 2 inputs"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_checked_is_refused_with_the_reason(case):
    fn, inputs, rules, says = BAD[case]
    with np.errstate(all="ignore"), pytest.raises(InputError, match=says):
        inspect(fn, inputs, **rules)


def test_a_function_that_changes_its_inputs_is_refused():
    def careless(x):
        x *= 2
        return x

    with pytest.raises(InputError, match="changed its inputs"):
        inspect(careless, X.copy(), vjp=lambda ct: 2 * ct)


def test_a_shape_that_changes_beside_the_point_is_refused_with_both_shapes():
    with pytest.raises(InputError, match=r"\(20,\).*beside it"):
        inspect(lambda x: x[:-1] if (x != X).any() else x, X, vjp=lambda ct: ct)


def test_a_function_that_fails_beside_the_point_is_undecided():
    def picky(x):
        if not np.array_equal(x, X):
            raise ValueError("no other point")
        return x

    result = inspect(picky, X, vjp=lambda ct: ct)
    assert result.verdict == "undecided"
    assert "fails" in result.findings[0].says


@pytest.mark.parametrize(
    ("fn", "slope"), [(np.exp, 1.0), (np.sin, 1.0), (lambda s: np.sqrt(1 + s), 0.5)]
)
def test_the_bar_of_a_slope_holds(fn, slope):
    here = np.asarray(fn(0.0)).reshape(1)
    found = slope_of(
        lambda s: np.asarray(fn(s)).reshape(1), here, steps=steps_for(2e-16), eps=2e-16
    )
    assert abs(found.value[0] - slope) <= found.error[0] < 1e-8
    assert found.kinks == 0


def test_a_kink_is_seen_with_half_the_distance_of_its_slopes():
    found = slope_of(
        lambda s: np.array([abs(s), s]), np.zeros(2), steps=steps_for(2e-16), eps=2e-16
    )
    np.testing.assert_allclose(found.half, [1.0, 0.0], atol=1e-9)


@pytest.mark.parametrize("eps", [2.0**-52, 2.0**-23])
@pytest.mark.parametrize("beside", [1e-3, 1e-5, 1e-6, 3e-7, 1e-7, 2e-8, 1e-9, 1e-12, -1e-7])
def test_no_slope_is_claimed_across_a_kink_beside_the_point(beside, eps):
    """Whatever the distance: what is not certain has a wide bar."""

    def line(t: float) -> Any:
        return np.array([1 + abs(t + beside), np.exp(t) + 3 * max(t + beside, 0.0)])

    slope = slope_of(line, line(0.0), steps=steps_for(eps), eps=eps)
    right = np.array([1.0, 4.0] if beside > 0 else [-1.0, 1.0])
    assert np.all(slope.usable)
    assert np.all(np.abs(slope.value - right) <= slope.error + slope.half)
