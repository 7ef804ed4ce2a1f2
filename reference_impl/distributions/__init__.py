"""torch.distributions: draws by reparameterisation, and log-probabilities."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.size import Size
from reference_impl.tensor import Tensor


def _broadcast(*values: Any) -> tuple[Any, ...]:
    tensors = [v if isinstance(v, Tensor) else OPS["tensor"](float(v)) for v in values]
    return tuple(OPS["broadcast_tensors"](*tensors))


__all__ = ["Bernoulli", "Categorical", "Distribution", "Exponential", "Normal", "Uniform"]


class Distribution:
    """A distribution over tensors of shape ``batch_shape``."""

    has_rsample = False
    batch_shape: Size

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw that is a differentiable function of the parameters.

        Raises:
            NotImplementedError: the draw is not one.
        """
        _ = sample_shape
        raise NotImplementedError(
            f"{type(self).__name__} has no rsample: its draws are not differentiable in the parameters"
        )

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw without history."""
        with no_grad():
            return self.rsample(sample_shape)

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        return (*tuple(sample_shape), *self.batch_shape)


class Normal(Distribution):
    """The normal distribution of mean ``loc`` and standard deviation ``scale``."""

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        _ = validate_args
        self.loc, self.scale = _broadcast(loc, scale)
        self.batch_shape = self.loc.shape

    mean = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale**2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        # z = mu + sigma * eps with eps drawn from N(0, 1)
        noise = OPS["randn"](*self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + noise * self.scale

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the density at ``value``."""
        return (
            -((value - self.loc) ** 2) / (2 * self.scale**2)
            - self.scale.log()
            - math.log(math.sqrt(2 * math.pi))
        )

    def entropy(self) -> Any:
        """0.5 + 0.5 log(2 pi) + log(scale)."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: Any = None) -> None:
        _ = validate_args
        self.low, self.high = _broadcast(low, high)
        self.batch_shape = self.low.shape

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = OPS["rand"](*self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the density at ``value``."""
        inside = (value >= self.low) & (value < self.high)
        return OPS["log"](inside.type_as(self.low)) - (self.high - self.low).log()


class Exponential(Distribution):
    """The exponential distribution of a rate."""

    has_rsample = True

    def __init__(self, rate: Any, validate_args: Any = None) -> None:
        _ = validate_args
        (self.rate,) = _broadcast(rate)
        self.batch_shape = self.rate.shape

    def rsample(self, sample_shape: Any = ()) -> Any:
        # If E is exponential of rate 1, E / rate is exponential of that rate.
        unit = -OPS["log1p"](-OPS["rand"](*self._shape(sample_shape), dtype=self.rate.dtype))
        return unit / self.rate

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the density at ``value``."""
        return self.rate.log() - self.rate * value


class _Discrete(Distribution):
    """Given by probabilities or by their logits."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        _ = validate_args
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        self._given = (probs, logits)

    def sample(self, sample_shape: Any = ()) -> Any:
        raise NotImplementedError


class Bernoulli(_Discrete):
    """0 or 1."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(probs, logits, validate_args)
        (given,) = _broadcast(probs if logits is None else logits)
        self.probs = given if logits is None else OPS["sigmoid"](given)
        self.batch_shape = given.shape

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return OPS["bernoulli"](self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the probability of ``value``."""
        return value * self.probs.log() + (1 - value) * OPS["log1p"](-self.probs)


class Categorical(_Discrete):
    """One of several classes; probabilities along the last dimension."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(probs, logits, validate_args)
        self.logits = (
            (probs / probs.sum(-1, keepdim=True)).log()
            if logits is None
            else OPS["log_softmax"](logits, -1)
        )
        self.probs = self.logits.exp()
        self.batch_shape = self.logits.shape[:-1]

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            # Inverse of the cumulative distribution at a uniform draw.
            draw = OPS["rand"](*self._shape(sample_shape), 1, dtype=self.probs.dtype)
            return (self.probs.cumsum(-1) < draw).sum(-1)

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the probability of class ``value``."""
        return self.logits.expand(*value.shape, -1).gather(-1, value.unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Any:
        """Expected value of minus the logarithm of the probability."""
        return -(self.probs * self.logits).sum(-1)


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.distributions", name, __all__)
