"""Divergences of distributions in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.distributions.compound import Independent, MultivariateNormal
from reference_impl.distributions.continuous import Exponential, Laplace, Normal, Uniform
from reference_impl.distributions.discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from reference_impl.distributions.gamma import Beta, Dirichlet, Gamma
from reference_impl.registry import OPS

Rule = Callable[[Any, Any], Any]
_RULES: dict[tuple[type, type], Rule] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Rule], Rule]:
    """Enter a rule for the divergence of one kind of distribution from another."""

    def enter(rule: Rule) -> Rule:
        _RULES[type_p, type_q] = rule
        return rule

    return enter


def kl_divergence(p: Any, q: Any) -> Any:
    """Expected value under p of log p - log q.

    Raises:
        NotImplementedError: there is no rule for these kinds.
    """
    for kind_p in type(p).__mro__:
        for kind_q in type(q).__mro__:
            if (kind_p, kind_q) in _RULES:
                return _RULES[kind_p, kind_q](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    apart = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + apart - 1 - ratio.log())


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    apart = (p.loc - q.loc).abs()
    ratio = p.scale / q.scale
    return -ratio.log() + apart / q.scale + ratio * (-apart / p.scale).exp() - 1


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return OPS["where"]((q.low > p.low) | (q.high < p.high), float("inf"), found)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    # p (log p - log q) + (1 - p) (log(1 - p) - log(1 - q)), by softplus of the logits
    softplus = OPS["nn.functional.softplus"]
    yes = softplus(-q.logits) - softplus(-p.logits)
    no = softplus(q.logits) - softplus(p.logits)
    return p.probs * yes + (1 - p.probs) * no


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p: Any, q: Any) -> Any:
    return (p.probs * (p.logits - q.logits)).sum(-1)


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    lgamma, digamma = OPS["lgamma"], OPS["digamma"]
    return (
        q.concentration * (p.rate / q.rate).log()
        + lgamma(q.concentration)
        - lgamma(p.concentration)
        + (p.concentration - q.concentration) * digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b, lgamma, digamma = p.concentration, q.concentration, OPS["lgamma"], OPS["digamma"]
    total = a.sum(-1)
    return (
        lgamma(total)
        - lgamma(b.sum(-1))
        - (lgamma(a) - lgamma(b)).sum(-1)
        + ((a - b) * (digamma(a) - digamma(total).unsqueeze(-1))).sum(-1)
    )


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    solve = OPS["linalg.solve_triangular"]
    ratio = solve(q.scale_tril, p.scale_tril, upper=False).pow(2).flatten(-2).sum(-1)
    apart = solve(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False).squeeze(-1)
    half = q._half_log_det() - p._half_log_det()
    return half + 0.5 * (ratio + apart.pow(2).sum(-1) - p.event_shape[0])


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    found = kl_divergence(p.base_dist, q.base_dist)
    n = p.reinterpreted_batch_ndims
    return found.sum(list(range(-n, 0))) if n else found
