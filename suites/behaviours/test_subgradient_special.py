"""Conventions, second part: poles, NaN, masked entries, discrete results and permutations."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause

INF = float("inf")
NAN = float("nan")


@clause("subgradient.log-at-zero-is-infinite")
def test_log_keeps_its_formula_where_its_value_is_not_finite(torch):
    x = torch.tensor([0.0, -1.0, 2.0], requires_grad=True)
    y = torch.log(x)
    y.backward(torch.tensor([3.0, 3.0, 3.0]))
    assert_values(y, [-INF, NAN, 0.6931472])
    assert_values(x.grad, [INF, -3.0, 1.5])


@clause("subgradient.log-at-zero-is-infinite")
def test_sqrt_of_a_negative_number_has_gradient_nan(torch):
    x = torch.tensor([-1.0, 4.0], requires_grad=True)
    torch.sqrt(x).backward(torch.tensor([1.0, 8.0]))
    assert_values(x.grad, [NAN, 2.0])


@clause("subgradient.masking-after-division-gives-nan")
def test_masking_after_a_division_by_zero_is_too_late(torch):
    x = torch.tensor([1.0, 1.0], requires_grad=True)
    divisor = torch.tensor([0.0, 1.0])
    y = x / divisor
    y[divisor != 0].backward(torch.tensor([3.0]))
    assert_values(x.grad, [NAN, 3.0])


@clause("subgradient.masking-before-division-is-safe")
def test_masking_before_the_division_is_safe(torch):
    x = torch.tensor([1.0, 1.0], requires_grad=True)
    divisor = torch.tensor([0.0, 1.0])
    mask = divisor != 0
    (x[mask] / divisor[mask]).backward(torch.tensor([3.0]))
    assert_values(x.grad, [0.0, 3.0])


@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors is in prototype stage")
@pytest.mark.filterwarnings("ignore:It is not recommended to create a MaskedTensor")
@clause("subgradient.masked-tensor-division-is-safe")
def test_masked_quotient_gives_its_valid_entry_a_gradient_and_no_nan(torch):
    x = torch.tensor([1.0, 1.0], requires_grad=True)
    divisor = torch.tensor([0.0, 1.0])
    masked = torch.masked.as_masked_tensor(x / divisor, divisor != 0)
    masked.sum().backward()
    assert x.grad.get_mask().tolist() == [False, True]
    assert_values(x.grad.to_tensor(0.0), [0.0, 1.0])


@clause("subgradient.where-lets-masked-nan-through")
def test_where_still_differentiates_the_masked_branch(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    y = torch.where(x > 0, torch.sqrt(x), torch.zeros(2))
    y.backward(torch.tensor([1.0, 8.0]))
    assert_values(y, [0.0, 2.0])
    assert_values(x.grad, [NAN, 2.0])


@clause("subgradient.where-lets-masked-nan-through")
def test_where_inside_the_function_keeps_the_masked_entry_clean(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.sqrt(torch.where(x > 0, x, torch.ones(2))).backward(torch.tensor([1.0, 8.0]))
    assert_values(x.grad, [0.0, 2.0])


@clause("subgradient.powers-at-zero-follow-exponent")
@pytest.mark.parametrize(("exponent", "slope"), [(0, 0.0), (1, 1.0), (2, 0.0), (0.5, INF)])
def test_power_at_zero_follows_its_exponent(torch, exponent, slope):
    x = torch.tensor(0.0, requires_grad=True)
    (x**exponent).backward(torch.tensor(3.0))
    assert_values(x.grad, 3.0 * slope)


@clause("subgradient.powers-at-zero-follow-exponent")
def test_zero_to_the_zero_has_no_slope_in_either_operand(torch):
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    exponent = torch.tensor([0.0, 3.0], requires_grad=True)
    y = x**exponent
    y.backward(torch.tensor([3.0, 1.0]))
    assert_values(y, [1.0, 8.0])
    assert_values(x.grad, [0.0, 12.0])
    assert_values(exponent.grad, [0.0, 5.5451774])


@clause("subgradient.prod-handles-zeros-exactly")
@pytest.mark.parametrize(
    ("values", "gradient"),
    [
        ([0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
        ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ([1.0, 2.0, 3.0], [6.0, 3.0, 2.0]),
    ],
    ids=["one-zero", "two-zeros", "none"],
)
def test_prod_differentiates_through_zeros(torch, values, gradient):
    x = torch.tensor(values, requires_grad=True)
    x.prod().backward(torch.tensor(10.0))
    assert_values(x.grad, [10 * g for g in gradient])


@clause("subgradient.prod-handles-zeros-exactly")
def test_cumprod_differentiates_through_zeros(torch):
    # y = (a, a b, a b c) at (2, 0, 3): the sums over later products are (1 + b + b c, a + a c, a b)
    x = torch.tensor([2.0, 0.0, 3.0], requires_grad=True)
    x.cumprod(0).backward(torch.tensor([1.0, 10.0, 100.0]))
    assert_values(x.grad, [1.0, 620.0, 0.0])


@clause("subgradient.comparison-and-integer-results-are-untracked")
def test_discrete_results_are_untracked(torch):
    x = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
    results = [x > 2, x == 3, x.argmax(), x.argsort(), x.long(), x.max(0)[1], x.sort()[1]]
    assert [r.requires_grad for r in results] == [False] * 7
    assert [r.grad_fn for r in results] == [None] * 7


@clause("subgradient.missing-derivative-raises-only-in-backward")
def test_missing_derivative_raises_when_backward_reaches_it(torch):
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    y = torch.heaviside(x, torch.tensor([0.5]))
    assert y.requires_grad
    assert_values(y, [0.0, 1.0])
    with raises("subgradient.missing-derivative-raises-only-in-backward"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("subgradient.missing-derivative-raises-only-in-backward")
def test_missing_derivative_off_the_path_does_not_raise(torch):
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    step = torch.heaviside(x, torch.tensor([0.5]))
    (x * step.detach()).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [0.0, 0.5])


@clause("subgradient.max-pool-tie-picks-first")
def test_max_pool_gives_a_tie_to_the_first_element(torch):
    x = torch.tensor([[[2.0, 2.0, 1.0, 3.0, 5.0, 5.0]]], requires_grad=True)
    torch.nn.functional.max_pool1d(x, 2).backward(torch.tensor([[[1.0, 10.0, -3.0]]]))
    assert_values(x.grad, [[[1.0, 0.0, 0.0, 10.0, -3.0, 0.0]]])


@clause("subgradient.loss-kinks-give-fixed-gradients")
def test_l1_loss_has_gradient_zero_where_both_are_equal(torch):
    x = torch.tensor([1.0, 2.0, 5.0], requires_grad=True)
    loss = torch.nn.functional.l1_loss(x, torch.tensor([3.0, 2.0, 4.0]), reduction="none")
    loss.backward(torch.tensor([1.0, 10.0, -3.0]))
    assert_values(x.grad, [-1.0, 0.0, -3.0])


@clause("subgradient.loss-kinks-give-fixed-gradients")
@pytest.mark.parametrize("name", ["smooth_l1_loss", "huber_loss"])
def test_smoothed_losses_have_slope_one_where_their_branches_meet(torch, name):
    x = torch.tensor([-1.0, -0.5, 0.0, 1.0, 4.0], requires_grad=True)
    loss = getattr(torch.nn.functional, name)(x, torch.zeros(5), reduction="none")
    loss.backward(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert_values(x.grad, [-1.0, -1.0, 0.0, 4.0, 5.0])


@clause("subgradient.hypot-at-origin-is-nan")
def test_hypot_at_the_origin_has_gradient_nan(torch):
    a = torch.tensor([0.0, 3.0], requires_grad=True)
    b = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.hypot(a, b).backward(torch.tensor([1.0, 10.0]))
    assert_values(a.grad, [NAN, 6.0])
    assert_values(b.grad, [NAN, 8.0])


@clause("subgradient.accumulating-onto-sgn-grad-raises")
def test_gradient_of_sgn_cannot_be_accumulated_onto(torch):
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    torch.sgn(x).backward(torch.tensor([1.0, 10.0, 0.5]))
    assert_same(x.grad.clone(), torch.zeros(3))
    with raises("subgradient.accumulating-onto-sgn-grad-raises"):
        (x * 2).backward(torch.tensor([1.0, 10.0, 0.5]))


@clause("subgradient.accumulating-onto-sgn-grad-raises")
def test_gradient_of_sign_can_be_accumulated_onto(torch):
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    torch.sign(x).backward(torch.tensor([1.0, 10.0, 0.5]))
    (x * 2).backward(torch.tensor([1.0, 10.0, 0.5]))
    assert_values(x.grad, [2.0, 20.0, 1.0])


@clause("subgradient.nan-and-zero-times-infinity-propagate")
def test_nan_cotangent_propagates(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(torch.tensor([NAN, 0.5]))
    assert_values(x.grad, [NAN, 2.0])


@clause("subgradient.nan-and-zero-times-infinity-propagate")
def test_zero_cotangent_times_an_infinite_slope_is_nan(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.sqrt(x).backward(torch.tensor([0.0, 0.0]))
    assert_values(x.grad, [NAN, 0.0])


@clause("subgradient.relu-inactive-side-stays-exactly-zero")
def test_inactive_side_of_relu_is_exactly_zero(torch):
    x = torch.tensor([-1.0, -1e30, 2.0], requires_grad=True)
    torch.relu(x).backward(torch.tensor([3e38, -3e38, 1.0]))
    assert_values(x.grad, [0.0, 0.0, 1.0])
    assert not x.grad.isnan().any()


@clause("subgradient.relu-inactive-side-stays-exactly-zero")
def test_smaller_operand_of_maximum_gets_exactly_zero(torch):
    a = torch.tensor([1.0, 5.0], requires_grad=True)
    b = torch.tensor([3.0, 2.0], requires_grad=True)
    torch.maximum(a, b).backward(torch.tensor([3e38, -3e38]))
    assert_values(a.grad, [0.0, -3e38])
    assert_values(b.grad, [3e38, 0.0])


@clause("subgradient.sort-and-topk-follow-returned-permutation")
@pytest.mark.parametrize("descending", [False, True])
def test_sort_sends_gradients_where_the_values_came_from(torch, descending):
    x = torch.tensor([3.0, 1.0, 3.0, 2.0, 1.0], requires_grad=True)
    values, indices = x.sort(descending=descending)
    ct = torch.tensor([1.0, 10.0, 100.0, 1000.0, 10000.0])
    values.backward(ct)
    expected = torch.zeros(5)
    expected[indices] = ct
    ordered = [1.0, 1.0, 2.0, 3.0, 3.0]
    assert_values(values, ordered[::-1] if descending else ordered)
    assert_same(x.grad, expected)
    assert x.grad[3].item() == 100.0


@clause("subgradient.sort-and-topk-follow-returned-permutation")
def test_topk_sends_gradients_to_what_it_picked(torch):
    x = torch.tensor([[3.0, 1.0, 4.0], [2.0, 2.0, 2.0]], requires_grad=True)
    values, indices = x.topk(2, dim=1)
    ct = torch.tensor([[1.0, 10.0], [0.5, -3.0]])
    values.backward(ct)
    expected = torch.zeros(2, 3)
    for row in range(2):
        expected[row, indices[row]] = ct[row]
    assert_values(x.grad[0], [10.0, 0.0, 1.0])
    assert_same(x.grad, expected)
