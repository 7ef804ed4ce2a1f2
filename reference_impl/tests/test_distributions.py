"""Distributions: densities integrate to 1, draws have the right derivative, divergences are integrals."""

import math
from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import distributions as dist
from reference_impl.distributions.gamma import _shape_derivative

LINE = torch.linspace(-30, 30, 60001, dtype=torch.float64)
HALF = torch.linspace(1e-6, 60, 120001, dtype=torch.float64)
UNIT = torch.linspace(1e-7, 1 - 1e-7, 200001, dtype=torch.float64)


def t(value: float) -> Any:
    return torch.tensor(value, dtype=torch.float64)


CONTINUOUS = {
    "normal": (dist.Normal(t(0.5), t(1.5)), LINE),
    "laplace": (dist.Laplace(t(0.5), t(0.7)), LINE),
    "gumbel": (dist.Gumbel(t(0.5), t(0.7)), LINE),
    "student": (dist.StudentT(t(9.0), t(0.1), t(0.5)), LINE),
    "exponential": (dist.Exponential(t(0.7)), HALF),
    "gamma": (dist.Gamma(t(2.5), t(1.5)), HALF),
    "chi2": (dist.Chi2(t(4.0)), HALF),
    "half-normal": (dist.HalfNormal(t(1.5)), HALF),
    "log-normal": (dist.LogNormal(t(0.1), t(0.4)), HALF),
    "beta": (dist.Beta(t(2.5), t(1.5)), UNIT),
    "relaxed": (dist.RelaxedBernoulli(t(0.8), logits=t(0.3)), UNIT),
    "tanh": (dist.TransformedDistribution(dist.Normal(t(0.0), t(0.5)), dist.TanhTransform()), UNIT * 2 - 1),
    "mixture": (
        dist.MixtureSameFamily(
            dist.Categorical(torch.tensor([0.3, 0.7]).double()),
            dist.Normal(torch.tensor([-1.0, 2.0]).double(), torch.tensor([0.5, 1.0]).double()),
        ),
        LINE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTINUOUS)
def test_density_integrates_to_one(name):
    made, x = CONTINUOUS[name]
    density = made.log_prob(x).exp()
    assert torch.trapezoid(density, x).item() == pytest.approx(1.0, abs=2e-4)


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if n not in {"relaxed", "tanh", "mixture"}])
def test_entropy_is_the_integral(name):
    made, x = CONTINUOUS[name]
    logs = made.log_prob(x)
    integral = torch.trapezoid(-logs * logs.exp(), x)
    assert made.entropy().item() == pytest.approx(integral.item(), abs=2e-3)


@pytest.mark.parametrize("kind", ["normal", "laplace", "exponential", "gamma", "beta"])
def test_divergence_is_the_integral(kind):
    p, x = CONTINUOUS[kind]
    q = {
        "normal": dist.Normal(t(0.0), t(1.0)),
        "laplace": dist.Laplace(t(0.0), t(1.0)),
        "exponential": dist.Exponential(t(1.2)),
        "gamma": dist.Gamma(t(1.5), t(1.0)),
        "beta": dist.Beta(t(1.5), t(2.5)),
    }[kind]
    integral = torch.trapezoid(p.log_prob(x).exp() * (p.log_prob(x) - q.log_prob(x)), x)
    assert dist.kl_divergence(p, q).item() == pytest.approx(integral.item(), abs=2e-3)


@pytest.mark.parametrize(
    ("made", "values"),
    [
        (dist.Bernoulli(t(0.3)), range(2)),
        (dist.Binomial(6, t(0.3)), range(7)),
        (dist.Geometric(t(0.4)), range(80)),
        (dist.Poisson(t(3.5)), range(60)),
        (dist.Categorical(logits=torch.tensor([0.5, -1.0, 2.0]).double()), range(3)),
    ],
    ids=["bernoulli", "binomial", "geometric", "poisson", "categorical"],
)
def test_probabilities_sum_to_one(made, values):
    total = sum(made.log_prob(t(float(v))).exp().item() for v in values)
    assert total == pytest.approx(1.0)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5, 20.0])
def test_gamma_draws_move_with_their_quantile(alpha):
    # At a fixed quantile z(alpha) the distribution function stays: dF/dalpha + p dz/dalpha = 0.
    step = 1e-4
    for z in (0.4 * alpha, alpha, 1.6 * alpha):
        x = torch.linspace(0, 1, 400001, dtype=torch.float64) ** 4 * z

        def cdf(a, x=x):
            density = dist.Gamma(t(a), t(1.0), validate_args=False).log_prob(x[1:]).exp()
            inside = torch.trapezoid(density, x[1:])
            return inside.item() + x[1].item() ** a / math.gamma(a + 1)

        slope = (cdf(alpha + step) - cdf(alpha - step)) / (2 * step)
        density = dist.Gamma(t(alpha), t(1.0)).log_prob(t(z)).exp().item()
        found = float(_shape_derivative(np.array(z), np.array(alpha)))
        assert found == pytest.approx(-slope / density, rel=2e-3)


def test_draws_are_functions_of_the_parameters():
    loc, scale = t(1.0).requires_grad_(), t(2.0).requires_grad_()
    torch.manual_seed(0)
    x = dist.Normal(loc, scale).rsample()
    x.backward()
    assert loc.grad.item() == 1.0
    assert scale.grad.item() == pytest.approx((x.item() - 1.0) / 2.0)
    assert not dist.Normal(loc, scale).sample().requires_grad
    with pytest.raises(NotImplementedError):
        dist.Bernoulli(t(0.5)).rsample()


def test_means_of_draws_are_the_means():
    torch.manual_seed(0)
    for name in ("normal", "gamma", "beta", "exponential", "gumbel", "log-normal"):
        made: Any = CONTINUOUS[name][0]
        drawn = made.sample((20000,))
        assert drawn.mean().item() == pytest.approx(made.mean.item(), rel=0.05)


def test_normal_vectors_know_their_covariance():
    a = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    made = dist.MultivariateNormal(torch.zeros(2).double(), a)
    x = torch.tensor([0.3, -0.7], dtype=torch.float64)
    wanted = -0.5 * (x @ torch.linalg.inv(a) @ x) - 0.5 * torch.logdet(2 * math.pi * a)
    assert torch.allclose(made.log_prob(x), wanted)
    assert torch.allclose(made.precision_matrix, torch.linalg.inv(a))


def test_parameters_and_values_outside_their_sets_are_refused():
    with pytest.raises(ValueError, match="Expected parameter scale"):
        dist.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match="within the support"):
        dist.Exponential(t(1.0)).log_prob(t(-1.0))
    with pytest.raises(ValueError, match="but not both"):
        dist.Categorical()
    assert dist.Exponential(t(1.0), validate_args=False).log_prob(t(-1.0)).item() == 1.0
    with pytest.raises(NotImplementedError, match="Gumbel"):
        dist.kl_divergence(dist.Normal(0.0, 1.0), dist.Gumbel(0.0, 1.0))
