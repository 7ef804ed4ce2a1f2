"""Distributions made of others: independent events, transformed variables, mixtures, relaxations, normal vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from reference_impl.distributions import constraints
from reference_impl.distributions.continuous import Normal
from reference_impl.distributions.distribution import Distribution, broadcast
from reference_impl.distributions.transforms import (
    ExpTransform,
    SigmoidTransform,
    Transform,
)
from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS


class Independent(Distribution):
    """The last batch dimensions of a distribution as dimensions of one event."""

    def __init__(
        self,
        base_distribution: Any,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        n, batch = reinterpreted_batch_ndims, base_distribution.batch_shape
        if n > len(batch):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{n} vs {len(batch)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, n
        cut = len(batch) - n
        event = (*batch[cut:], *base_distribution.event_shape)
        super().__init__(batch[:cut], event, validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)
    mean = property(lambda self: self.base_dist.mean)
    variance = property(lambda self: self.base_dist.variance)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return _summed(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return _summed(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"


def _summed(x: Any, n: int) -> Any:
    return x.sum(list(range(-n, 0))) if n else x


class TransformedDistribution(Distribution):
    """The distribution of a function of a variable; its density has the function's Jacobian."""

    def __init__(
        self, base_distribution: Any, transforms: Any, validate_args: bool | None = None
    ) -> None:
        self.base_dist = base_distribution
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        shapes = (base_distribution.batch_shape, base_distribution.event_shape)
        super().__init__(*shapes, validate_args=validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)

    def _forward(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._forward(self.base_dist.rsample(sample_shape))

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        # p_y(y) = p_x(x) / |dy/dx|
        found: Any = 0.0
        y, n = value, len(self.event_shape)
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            found = found - _summed(transform.log_abs_det_jacobian(x, y), n - transform.event_dim)
            y = x
        return found + self.base_dist.log_prob(y)

    def cdf(self, value: Any) -> Any:
        """Probability of at most ``value``, for transforms that grow."""
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self.base_dist.cdf(value)


class LogNormal(TransformedDistribution):
    """The exponential of a normal variable."""

    shows_parameters = False

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.positive

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast(loc, scale)
        base = Normal(self.loc, self.scale, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    mean = property(lambda self: (self.loc + self.scale.pow(2) / 2).exp())

    @property
    def variance(self) -> Any:
        square = self.scale.pow(2)
        return OPS["expm1"](square) * (2 * self.loc + square).exp()

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc


class _LogitRelaxedBernoulli(Distribution):
    has_rsample = True

    def __init__(self, temperature: Any, logits: Any) -> None:
        self.temperature, self.logits = temperature, logits
        super().__init__(logits.shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = OPS["rand"](*self._shape(sample_shape), dtype=self.logits.dtype).clamp(1e-7, 1 - 1e-7)
        noise = u.log() - OPS["log1p"](-u)
        return (noise + self.logits) / self.temperature

    def log_prob(self, value: Any) -> Any:
        difference = self.logits - value * self.temperature
        return self.temperature.log() + difference - 2 * OPS["log1p"](difference.exp())


class RelaxedBernoulli(TransformedDistribution):
    """A smooth stand-in for 0 or 1 (Maddison et al., 2017; Jang et al., 2017)."""

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = logits if probs is None else probs.log() - OPS["log1p"](-probs)
        self.temperature = temperature
        base = _LogitRelaxedBernoulli(temperature, given)
        super().__init__(base, SigmoidTransform(), validate_args)


class RelaxedOneHotCategorical(Distribution):
    """A smooth stand-in for one-hot draws (Maddison et al., 2017; Jang et al., 2017)."""

    has_rsample = True

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = probs.log() if logits is None else logits
        self.temperature, self.logits = temperature, given - given.logsumexp(-1, keepdim=True)
        super().__init__(given.shape[:-1], given.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        u = OPS["rand"](*self._shape(sample_shape), dtype=self.logits.dtype).clamp(1e-7, 1 - 1e-7)
        return OPS["softmax"]((self.logits - (-u.log()).log()) / self.temperature, -1)

    def log_prob(self, value: Any) -> Any:
        n = self.logits.shape[-1]
        score = self.logits - value.log() * self.temperature
        score = (score - score.logsumexp(-1, keepdim=True)).sum(-1) - value.log().sum(-1)
        return score + math.lgamma(n) + (n - 1) * self.temperature.log()


class MixtureSameFamily(Distribution):
    """One of several distributions of a kind, chosen by another."""

    def __init__(
        self,
        mixture_distribution: Any,
        component_distribution: Any,
        validate_args: bool | None = None,
    ) -> None:
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        batch = component_distribution.batch_shape[:-1]
        super().__init__(batch, component_distribution.event_shape, validate_args)

    def log_prob(self, value: Any) -> Any:
        inside = value.unsqueeze(-1 - len(self.event_shape))
        each = self.component_distribution.log_prob(inside)
        return OPS["logsumexp"](each + OPS["log_softmax"](self.mixture_distribution.logits, -1), -1)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            n = len(self.event_shape)
            chosen = self.mixture_distribution.sample(sample_shape)
            drawn = self.component_distribution.sample(sample_shape)
            at = chosen.reshape(*chosen.shape, *(1,) * (n + 1))
            wide = at.expand(*chosen.shape, 1, *self.event_shape)
            return drawn.gather(-1 - n, wide).squeeze(-1 - n)

    @property
    def mean(self) -> Any:
        """The mean of the components' means."""
        n = len(self.event_shape)
        p = self.mixture_distribution.probs
        p = p.reshape(*p.shape, *(1,) * n)
        return (p * self.component_distribution.mean).sum(-1 - n)

    @property
    def variance(self) -> Any:
        # Mean of the components' variances, and variance of their means.
        n = len(self.event_shape)
        p = self.mixture_distribution.probs
        p = p.reshape(*p.shape, *(1,) * n)
        inside = (p * self.component_distribution.variance).sum(-1 - n)
        apart = self.component_distribution.mean - self.mean.unsqueeze(-1 - n)
        return inside + (p * apart.pow(2)).sum(-1 - n)

    def __repr__(self) -> str:
        return (
            f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
        )


class MultivariateNormal(Distribution):
    """Normal vectors, with the factor L of the covariance L L^T."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        held = {name: m for name, m in given.items() if m is not None}
        if len(held) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )
        ((name, matrix),) = held.items()
        self.loc = (
            loc.expand(*matrix.shape[:-2], loc.shape[-1]) if matrix.ndim > loc.ndim + 1 else loc
        )
        self.__dict__[name] = matrix
        super().__init__(self.loc.shape[:-1], self.loc.shape[-1:], validate_args)
        self._factor = _factor(name, matrix)

    mean = property(lambda self: self.loc)
    variance = property(lambda self: self._factor.pow(2).sum(-1))

    def __getattr__(self, name: str) -> Any:
        if name == "scale_tril":
            return self.__dict__["_factor"]
        if name == "covariance_matrix":
            return self._factor @ self._factor.mT
        if name == "precision_matrix":
            return OPS["cholesky_inverse"](self._factor)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = OPS["randn"](*self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._factor @ noise.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Any:
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        apart = (value - self.loc).unsqueeze(-1)
        white = OPS["linalg.solve_triangular"](self._factor, apart, upper=False)
        distance = white.squeeze(-1).pow(2).sum(-1)
        n = self.event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Any:
        n = self.event_shape[0]
        return 0.5 * n * (1.0 + math.log(2 * math.pi)) + self._half_log_det()


def _factor(name: str, matrix: Any) -> Any:
    cholesky = OPS["linalg.cholesky"]
    if name == "scale_tril":
        return matrix
    if name == "covariance_matrix":
        return cholesky(matrix)
    return cholesky(OPS["linalg.inv"](matrix))
