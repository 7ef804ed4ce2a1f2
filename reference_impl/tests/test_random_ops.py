"""Random draws: seeds, ranges, and gradients that a draw cuts off."""

import numpy as np
import pytest

import reference_impl as torch


def test_same_seed_draws_the_same_numbers():
    torch.manual_seed(3)
    first = [torch.rand(4), torch.randn(2, 2), torch.randint(5, (6,)), torch.randperm(5)]
    torch.manual_seed(3)
    again = [torch.rand(4), torch.randn(2, 2), torch.randint(5, (6,)), torch.randperm(5)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_state_can_be_taken_and_put_back():
    state = torch.get_rng_state()
    first = torch.rand(3)
    torch.set_rng_state(state)
    assert torch.equal(torch.rand(3), first)


def test_uniform_numbers_never_reach_one_in_half_precision():
    torch.manual_seed(0)
    x = torch.rand(20000, dtype=torch.float16)
    assert float(x._data.max()) < 1
    assert float(x._data.min()) >= 0


@pytest.mark.parametrize(
    "sampler",
    [
        "normal_",
        "uniform_",
        "bernoulli_",
        "exponential_",
        "cauchy_",
        "log_normal_",
        "geometric_",
        "random_",
    ],
)
def test_sampler_written_into_a_tensor_cuts_its_gradient(sampler):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    getattr(y, sampler)()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0]


def test_dropout_sends_the_gradient_through_its_mask():
    torch.manual_seed(0)
    x = torch.ones(1000, requires_grad=True)
    y = torch.nn.functional.dropout(x, 0.25)
    y.sum().backward()
    assert np.array_equal(x.grad.numpy(), y.detach().numpy())
    assert set(np.unique(y.detach().numpy()).tolist()) == {
        0.0,
        float(np.float32(1) / np.float32(0.75)),
    }
    assert abs(float(y.detach().mean()) - 1) < 0.1


def test_alpha_dropout_keeps_mean_and_variance():
    torch.manual_seed(0)
    x = torch.randn(100000, dtype=torch.float64)
    y = torch.nn.functional.alpha_dropout(x, 0.3, training=True).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.03
