"""Conventions at kinks, ties and steps: which gradient is chosen where calculus leaves a choice."""

import pytest

from suites.harness.assertions import assert_same, assert_values
from suites.harness.clauses import clause

INF = float("inf")


@clause("subgradient.abs-at-zero-is-zero")
def test_abs_has_gradient_zero_at_zero_and_the_sign_elsewhere(torch):
    x = torch.tensor([-2.0, 0.0, -0.0, 3.0], requires_grad=True)
    x.abs().backward(torch.tensor([1.0, 10.0, 10.0, 0.5]))
    assert_values(x.grad, [-1.0, 0.0, 0.0, 0.5])


@clause("subgradient.relu-at-zero-is-zero")
def test_relu_has_gradient_zero_at_zero(torch):
    x = torch.tensor([-2.0, 0.0, 1e-30, 3.0], requires_grad=True)
    torch.relu(x).backward(torch.tensor([1.0, 10.0, -4.0, 0.5]))
    assert_same(x.grad, torch.tensor([0.0, 0.0, -4.0, 0.5]))


@clause("subgradient.sqrt-at-zero-is-infinite")
def test_roots_have_infinite_gradients_at_zero(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    y = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.sqrt(x).backward(torch.tensor([2.0, 2.0]))
    torch.rsqrt(y).backward(torch.tensor([2.0, 2.0]))
    assert_values(x.grad, [INF, 0.5])
    assert_values(y.grad, [-INF, -0.125])


@clause("subgradient.maximum-tie-splits-evenly")
@pytest.mark.parametrize("name", ["maximum", "minimum", "max", "min"])
def test_tie_of_two_tensors_is_split(torch, name):
    a = torch.tensor([1.0, 2.0, 5.0], requires_grad=True)
    b = torch.tensor([3.0, 2.0, 4.0], requires_grad=True)
    getattr(torch, name)(a, b).backward(torch.tensor([1.0, 10.0, -3.0]))
    larger, smaller = ([0.0, 5.0, -3.0], [1.0, 5.0, 0.0])
    assert_values(a.grad, larger if name.startswith("max") else smaller)
    assert_values(b.grad, smaller if name.startswith("max") else larger)


@clause("subgradient.full-max-spreads-over-ties")
@pytest.mark.parametrize("name", ["max", "amax", "min", "amin"])
def test_full_reduction_spreads_over_tied_elements(torch, name):
    sign = 1.0 if name.endswith("max") else -1.0
    x = torch.tensor([[3.0 * sign, 1.0], [0.5, 3.0 * sign], [3.0 * sign, 0.0]], requires_grad=True)
    getattr(x, name)().backward(torch.tensor(6.0))
    assert_values(x.grad, [[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])


@clause("subgradient.full-max-spreads-over-ties")
@pytest.mark.parametrize("name", ["amax", "amin"])
def test_reduction_over_a_dim_spreads_within_it(torch, name):
    sign = 1.0 if name == "amax" else -1.0
    x = torch.tensor([[3.0 * sign, 3.0 * sign], [7.0 * sign, 0.0]], requires_grad=True)
    getattr(x, name)(dim=1).backward(torch.tensor([10.0, -1.0]))
    assert_values(x.grad, [[5.0, 5.0], [-1.0, 0.0]])


@clause("subgradient.max-over-dim-picks-returned-index")
@pytest.mark.parametrize("name", ["max", "min"])
def test_reduction_with_indices_picks_the_returned_one(torch, name):
    x = torch.tensor([[3.0, 1.0, 3.0, 1.0], [1.0, 1.0, 2.0, 2.0]], requires_grad=True)
    values, indices = getattr(x, name)(dim=1)
    values.backward(torch.tensor([10.0, -1.0]))
    expected = torch.zeros(2, 4)
    expected[0, indices[0]], expected[1, indices[1]] = 10.0, -1.0
    assert_values(values, {"max": [3.0, 2.0], "min": [1.0, 1.0]}[name])
    assert_same(x.grad, expected)


@clause("subgradient.median-spreads-over-equal-elements")
def test_median_spreads_over_elements_equal_to_it(torch):
    x = torch.tensor([5.0, 2.0, 1.0, 2.0, 9.0, 2.0, 0.0], requires_grad=True)
    y = x.median()
    y.backward(torch.tensor(6.0))
    assert_values(y, 2.0)
    assert_values(x.grad, [0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0])


@clause("subgradient.median-spreads-over-equal-elements")
def test_median_over_a_dim_picks_the_returned_index(torch):
    x = torch.tensor([[5.0, 2.0, 1.0, 2.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0]], requires_grad=True)
    values, indices = x.median(dim=1)
    values.backward(torch.tensor([6.0, -1.0]))
    expected = torch.zeros(2, 5)
    expected[0, indices[0]], expected[1, 2] = 6.0, -1.0
    assert_values(values, [2.0, 3.0])
    assert_same(x.grad, expected)


@clause("subgradient.norm-at-zero-is-zero")
@pytest.mark.parametrize("ord", [1, 2])
def test_norm_of_the_zero_vector_has_gradient_zero(torch, ord):  # noqa: A002
    x = torch.zeros(3, requires_grad=True)
    torch.linalg.vector_norm(x, ord).backward(torch.tensor(5.0))
    assert_values(x.grad, [0.0, 0.0, 0.0])
    y = torch.zeros(3, requires_grad=True)
    y.norm(ord).backward(torch.tensor(5.0))
    assert_values(y.grad, [0.0, 0.0, 0.0])


@clause("subgradient.norm-at-zero-is-zero")
def test_norm_away_from_zero_has_the_usual_gradient(torch):
    x = torch.tensor([3.0, 0.0, -4.0], requires_grad=True)
    torch.linalg.vector_norm(x).backward(torch.tensor(5.0))
    assert_values(x.grad, [3.0, 0.0, -4.0])


@clause("subgradient.norm-at-zero-is-zero")
def test_infinity_norm_splits_between_ties(torch):
    x = torch.tensor([3.0, -1.0, -3.0], requires_grad=True)
    torch.linalg.vector_norm(x, INF).backward(torch.tensor(10.0))
    assert_values(x.grad, [5.0, 0.0, -5.0])


@clause("subgradient.piecewise-constant-functions-give-zero")
@pytest.mark.parametrize("name", ["sign", "round", "floor", "ceil", "trunc"])
def test_piecewise_constant_function_has_gradient_zero(torch, name):
    x = torch.tensor([-1.5, -1.0, 0.0, 0.5, 2.25], requires_grad=True)
    getattr(torch, name)(x).backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert_values(x.grad, [0.0] * 5)


@clause("subgradient.piecewise-constant-functions-give-zero")
def test_fractional_part_has_gradient_one(torch):
    x = torch.tensor([-1.5, -1.0, 0.0, 0.5, 2.25], requires_grad=True)
    torch.frac(x).backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert_values(x.grad, [1.0, 2.0, 3.0, 4.0, 5.0])


@clause("subgradient.clamp-passes-gradient-at-bounds")
def test_clamp_passes_the_gradient_at_its_bounds(torch):
    x = torch.tensor([-2.0, -1.0, 0.5, 3.0, 4.0], requires_grad=True)
    x.clamp(-1.0, 3.0).backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert_values(x.grad, [0.0, 2.0, 3.0, 4.0, 0.0])


@clause("subgradient.clamp-passes-gradient-at-bounds")
@pytest.mark.parametrize("bound", ["min", "max"])
def test_one_sided_clamp_passes_the_gradient_at_its_bound(torch, bound):
    x = torch.tensor([-2.0, 1.0, 4.0], requires_grad=True)
    x.clamp(**{bound: 1.0}).backward(torch.tensor([1.0, 2.0, 3.0]))
    assert_values(x.grad, [0.0, 2.0, 3.0] if bound == "min" else [1.0, 2.0, 0.0])


@clause("subgradient.clamp-tensor-bound-tie-favours-input")
def test_clamp_gives_a_tie_with_a_tensor_bound_to_the_input(torch):
    x = torch.tensor([-2.0, 1.0, 4.0], requires_grad=True)
    low = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    x.clamp(min=low).backward(torch.tensor([1.0, 2.0, 3.0]))
    assert_values(x.grad, [0.0, 2.0, 3.0])
    assert_values(low.grad, [1.0, 0.0, 0.0])


@clause("subgradient.fmax-tie-favours-first-argument")
@pytest.mark.parametrize("name", ["fmax", "fmin"])
def test_fmax_gives_a_tie_to_the_first_argument(torch, name):
    a = torch.tensor([2.0, float("nan"), 3.0], requires_grad=True)
    b = torch.tensor([2.0, 5.0, float("nan")], requires_grad=True)
    y = getattr(torch, name)(a, b)
    y.backward(torch.tensor([1.0, 2.0, 4.0]))
    assert_values(y, [2.0, 5.0, 3.0])
    assert_values(a.grad, [1.0, 0.0, 4.0])
    assert_values(b.grad, [0.0, 2.0, 0.0])


@clause("subgradient.bounded-activations-are-zero-at-corners")
@pytest.mark.parametrize(
    ("name", "low", "high", "slope"),
    [("relu6", 0.0, 6.0, 1.0), ("hardtanh", -1.0, 1.0, 1.0), ("hardsigmoid", -3.0, 3.0, 1 / 6)],
)
def test_bounded_activation_has_gradient_zero_at_its_corners(torch, name, low, high, slope):
    x = torch.tensor([low - 1, low, (low + high) / 2, high, high + 1], requires_grad=True)
    getattr(torch.nn.functional, name)(x).backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert_values(x.grad, [0.0, 0.0, 3.0 * slope, 0.0, 0.0])


@clause("subgradient.leaky-relu-at-zero-takes-smaller-slope")
def test_leaky_relu_takes_its_small_slope_at_zero(torch):
    x = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    torch.nn.functional.leaky_relu(x).backward(torch.tensor([1.0, 10.0, -3.0]))
    assert_values(x.grad, [0.01, 0.1, -3.0])


@clause("subgradient.leaky-relu-at-zero-takes-smaller-slope")
def test_prelu_takes_its_weight_at_zero(torch):
    x = torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    weight = torch.tensor([0.25], requires_grad=True)
    torch.nn.functional.prelu(x, weight).backward(torch.tensor([1.0, 10.0, -3.0]))
    assert_values(x.grad, [0.25, 2.5, -3.0])
    assert_values(weight.grad, [-1.0])
