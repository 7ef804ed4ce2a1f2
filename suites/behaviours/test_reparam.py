"""Reparameterisation: gradients through random draws, and the draws that have none."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("reparam.gaussian-gradients-are-one-and-noise")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gradients_by_mean_and_scale_are_one_and_the_noise(torch, seed):
    torch.manual_seed(seed)
    mu = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    sigma = torch.tensor([2.0, 0.5, 3.0], requires_grad=True)
    noise = torch.randn(3)
    z = mu + sigma * noise
    z.backward(torch.tensor([1.0, 10.0, -0.5]))
    assert_values(mu.grad, [1.0, 10.0, -0.5])
    assert_values(sigma.grad, noise * torch.tensor([1.0, 10.0, -0.5]))
    assert_values((z.detach() - mu.detach()) / sigma.detach(), noise, rtol=1e-5)


@clause("reparam.scalar-parameters-broadcast-against-noise")
def test_scalar_parameters_keep_scalar_gradients(torch):
    torch.manual_seed(3)
    mu = torch.tensor(1.0, requires_grad=True)
    sigma = torch.tensor(2.0, requires_grad=True)
    noise = torch.randn(1)
    z = mu + sigma * noise
    assert tuple(z.shape) == (1,)
    z.backward()
    assert_same(mu.grad, torch.tensor(1.0))
    assert_same(sigma.grad, noise[0])


@clause("reparam.normal-rsample-differentiates-sample-does-not")
def test_rsample_of_a_normal_is_differentiable(torch):
    torch.manual_seed(4)
    mu = torch.tensor([1.0, -2.0], requires_grad=True)
    sigma = torch.tensor([2.0, 0.5], requires_grad=True)
    z = torch.distributions.Normal(mu, sigma).rsample()
    z.backward(torch.tensor([1.0, 10.0]))
    noise = ((z - mu) / sigma).detach()
    assert_values(mu.grad, [1.0, 10.0])
    assert_values(sigma.grad, noise * torch.tensor([1.0, 10.0]), rtol=1e-5)


@clause("reparam.normal-rsample-differentiates-sample-does-not")
def test_sample_of_a_normal_is_not(torch):
    mu = torch.tensor([1.0, -2.0], requires_grad=True)
    normal = torch.distributions.Normal(mu, torch.ones(2))
    torch.manual_seed(5)
    drawn = normal.sample()
    torch.manual_seed(5)
    assert_same(normal.rsample().detach(), drawn)
    assert (drawn.requires_grad, drawn.grad_fn) == (False, None)


@clause("reparam.rsample-equals-manual-draw-with-same-seed")
def test_rsample_equals_mean_plus_scaled_randn(torch):
    mu, sigma = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([2.0, 0.5, 3.0])
    torch.manual_seed(6)
    drawn = torch.distributions.Normal(mu, sigma).rsample()
    torch.manual_seed(6)
    assert_values(drawn, mu + sigma * torch.randn(3))


@clause("reparam.rsample-equals-manual-draw-with-same-seed")
def test_other_seed_gives_another_draw(torch):
    normal = torch.distributions.Normal(torch.zeros(8), torch.ones(8))
    torch.manual_seed(6)
    first = normal.rsample()
    torch.manual_seed(7)
    assert (normal.rsample() != first).all()


@clause("reparam.uniform-pathwise-gradients-match-rsample")
def test_uniform_draw_differentiates_by_its_bounds(torch):
    low = torch.tensor([1.0, -2.0], requires_grad=True)
    high = torch.tensor([3.0, 6.0], requires_grad=True)
    u = torch.tensor([0.25, 0.875])
    z = low + (high - low) * u
    z.backward(torch.tensor([1.0, 10.0]))
    assert_values(z, [1.5, 5.0])
    assert_values(low.grad, [0.75, 1.25])
    assert_values(high.grad, [0.25, 8.75])


@clause("reparam.uniform-pathwise-gradients-match-rsample")
def test_uniform_rsample_agrees_with_the_pathwise_gradients(torch):
    torch.manual_seed(8)
    low = torch.tensor([1.0, -2.0], requires_grad=True)
    high = torch.tensor([3.0, 6.0], requires_grad=True)
    z = torch.distributions.Uniform(low, high).rsample()
    z.backward(torch.tensor([1.0, 10.0]))
    u = ((z - low) / (high - low)).detach()
    assert_values(low.grad, (1 - u) * torch.tensor([1.0, 10.0]), rtol=1e-5)
    assert_values(high.grad, u * torch.tensor([1.0, 10.0]), rtol=1e-5)


@clause("reparam.exponential-pathwise-gradient-matches-rsample")
def test_exponential_draw_differentiates_by_its_rate(torch):
    rate = torch.tensor([2.0, 0.5], requires_grad=True)
    u = torch.tensor([0.36787944, 0.13533528])
    z = -torch.log(u) / rate
    z.backward(torch.tensor([1.0, 10.0]))
    assert_values(z, [0.5, 4.0])
    assert_values(rate.grad, [-0.25, -80.0])


@clause("reparam.exponential-pathwise-gradient-matches-rsample")
def test_exponential_rsample_agrees_with_the_pathwise_gradient(torch):
    torch.manual_seed(9)
    rate = torch.tensor([2.0, 0.5], requires_grad=True)
    z = torch.distributions.Exponential(rate).rsample()
    z.backward(torch.tensor([1.0, 10.0]))
    assert (z > 0).all()
    assert_values(rate.grad, (-z / rate).detach() * torch.tensor([1.0, 10.0]), rtol=1e-5)


@clause("reparam.random-factory-result-is-constant")
@pytest.mark.parametrize("factory", ["randn", "rand"])
def test_random_tensor_is_a_constant_of_the_graph(torch, factory):
    noise = getattr(torch, factory)(3)
    sigma = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    assert (noise.requires_grad, noise.is_leaf, noise.grad_fn) == (False, True, None)
    (sigma * noise).backward(torch.tensor([1.0, 10.0, 0.5]))
    assert noise.grad is None
    assert_values(sigma.grad, noise * torch.tensor([1.0, 10.0, 0.5]))


@clause("reparam.in-place-sampling-cuts-gradient")
@pytest.mark.parametrize("draw", ["normal_", "uniform_"])
def test_draw_into_a_result_cuts_its_gradient(torch, draw):
    torch.manual_seed(10)
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    getattr(y[:2], draw)()
    y.backward(torch.tensor([1.0, 10.0, 0.5]))
    assert_values(x.grad, [0.0, 0.0, 1.0])


@clause("reparam.in-place-sampling-cuts-gradient")
def test_draw_into_a_whole_result_leaves_zeros(torch):
    torch.manual_seed(11)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.normal_()
    assert y.requires_grad
    y.backward(torch.tensor([1.0, 10.0]))
    assert_values(x.grad, [0.0, 0.0])


@clause("reparam.discrete-draws-are-not-differentiable")
def test_bernoulli_draw_gives_its_probabilities_a_zero_gradient(torch):
    torch.manual_seed(12)
    p = torch.tensor([0.0, 1.0, 0.5], requires_grad=True)
    drawn = torch.bernoulli(p)
    drawn.backward(torch.tensor([1.0, 10.0, 0.5]))
    assert drawn[:2].tolist() == [0.0, 1.0]
    assert_values(p.grad, [0.0, 0.0, 0.0])


@clause("reparam.discrete-draws-are-not-differentiable")
@pytest.mark.parametrize("name", ["Bernoulli", "Categorical"])
def test_discrete_distributions_have_no_rsample(torch, name):
    distribution = getattr(torch.distributions, name)(torch.tensor([0.5, 0.5]))
    assert not distribution.has_rsample
    with raises("reparam.discrete-draws-are-not-differentiable"):
        distribution.rsample()
    assert not distribution.sample().requires_grad


@clause("reparam.discrete-draws-are-not-differentiable")
@pytest.mark.parametrize("name", ["Normal", "Uniform"])
def test_continuous_distributions_have_rsample(torch, name):
    assert getattr(torch.distributions, name)(torch.zeros(2), torch.ones(2)).has_rsample


@clause("reparam.log-prob-is-differentiable-in-parameters")
def test_log_prob_of_a_normal_differentiates_by_its_parameters(torch):
    mu = torch.tensor([1.0, -2.0], requires_grad=True)
    sigma = torch.tensor([2.0, 0.5], requires_grad=True)
    z = torch.tensor([5.0, -2.25])
    log_prob = torch.distributions.Normal(mu, sigma).log_prob(z)
    log_prob.backward(torch.tensor([1.0, 10.0]))
    assert_values(log_prob, [-3.6120857, -0.35079135])
    assert_values(mu.grad, [1.0, -10.0])
    assert_values(sigma.grad, [1.5, -15.0])


@clause("reparam.expectation-gradient-equals-sample-average")
def test_gradient_of_a_second_moment_is_the_sample_average(torch):
    # d/dmu mean((mu + sigma e)^2) = mean(2 z), d/dsigma = mean(2 z e), with z = (2, -1, 3.5, 0.5)
    mu = torch.tensor(0.5, requires_grad=True)
    sigma = torch.tensor(1.5, requires_grad=True)
    noise = torch.tensor([1.0, -1.0, 2.0, 0.0])
    loss = ((mu + sigma * noise) ** 2).mean()
    loss.backward()
    assert_values(loss, 4.375)
    assert_values(mu.grad, 2.5)
    assert_values(sigma.grad, 5.0)


@clause("reparam.dropout-backward-reuses-forward-mask")
def test_dropout_backward_applies_the_mask_of_its_forward(torch):
    torch.manual_seed(13)
    x = torch.arange(1.0, 65.0).requires_grad_()
    y = torch.nn.functional.dropout(x, p=0.5)
    ct = torch.arange(64.0) - 20.5
    y.backward(ct)
    assert 0 < (y == 0).sum().item() < 64
    assert_values(x.grad, (y / x).detach() * ct)


@clause("reparam.dropout-backward-reuses-forward-mask")
def test_dropout_outside_training_passes_everything(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.nn.functional.dropout(x, p=0.5, training=False)
    y.backward(torch.tensor([1.0, 10.0]))
    assert_values(x.grad, [1.0, 10.0])
