"""Distributions of one number with a density."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from reference_impl.distributions import constraints
from reference_impl.distributions.distribution import Distribution, broadcast
from reference_impl.registry import OPS

_EULER = 0.57721566490153286


def _uniform(like: Any, shape: tuple[int, ...]) -> Any:
    """Draws from the open interval (0, 1)."""
    tiny = 1.2e-38
    return OPS["rand"](*shape, dtype=like.dtype).clamp(min=tiny)


class _LocScale(Distribution):
    """A density that is moved by ``loc`` and stretched by ``scale``."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = property(lambda self: self.loc)
    mode = property(lambda self: self.loc)

    def _draw(self, shape: tuple[int, ...]) -> Any:
        """Draws for loc 0 and scale 1."""
        raise NotImplementedError

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.loc + self._draw(self._shape(sample_shape)) * self.scale


class Normal(_LocScale):
    """The normal distribution of mean ``loc`` and standard deviation ``scale``."""

    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale.pow(2))

    def _draw(self, shape: tuple[int, ...]) -> Any:
        return OPS["randn"](*shape, dtype=self.loc.dtype)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return (
            -((value - self.loc) ** 2) / (2 * self.variance)
            - self.scale.log()
            - math.log(math.sqrt(2 * math.pi))
        )

    def cdf(self, value: Any) -> Any:
        """Probability of at most ``value``."""
        self._validate_sample(value)
        z = (value - self.loc) * self.scale.reciprocal() / math.sqrt(2)
        return 0.5 * (1 + OPS["erf"](z))

    def icdf(self, value: Any) -> Any:
        """The inverse of ``cdf``."""
        return self.loc + self.scale * OPS["erfinv"](2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Laplace(_LocScale):
    """Exponential on both sides of ``loc``."""

    variance = property(lambda self: 2 * self.scale.pow(2))

    def _draw(self, shape: tuple[int, ...]) -> Any:
        u = _uniform(self.loc, shape) * 2 - 1  # the inverse distribution function at a uniform draw
        return -u.sign() * OPS["log1p"](-u.abs().clamp(max=1 - 1e-7))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def entropy(self) -> Any:
        return 1 + (2 * self.scale).log()


class Cauchy(_LocScale):
    """The ratio of two normal variables."""

    def _draw(self, shape: tuple[int, ...]) -> Any:
        return OPS["tan"](math.pi * (_uniform(self.loc, shape) - 0.5))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        z = (value - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - OPS["log1p"](z**2)

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + self.scale.log()


class Gumbel(_LocScale):
    """The largest of many exponential variables."""

    mean = property(lambda self: self.loc + self.scale * _EULER)
    variance = property(lambda self: (math.pi**2 / 6) * self.scale.pow(2))

    def _draw(self, shape: tuple[int, ...]) -> Any:
        return -(-_uniform(self.loc, shape).log()).log()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def entropy(self) -> Any:
        return self.scale.log() + (1 + _EULER)


class HalfNormal(Distribution):
    """The absolute value of a normal variable of mean 0."""

    has_rsample = True
    shows_parameters = False
    arg_constraints: ClassVar[dict[str, Any]] = {"scale": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = broadcast(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    mean = property(lambda self: self.scale * math.sqrt(2 / math.pi))
    variance = property(lambda self: self.scale.pow(2) * (1 - 2 / math.pi))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return (OPS["randn"](*self._shape(sample_shape), dtype=self.scale.dtype) * self.scale).abs()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        whole = Normal(OPS["zeros_like"](self.scale), self.scale, validate_args=False)
        return whole.log_prob(value) + math.log(2)

    def entropy(self) -> Any:
        return Normal(0.0, self.scale).entropy() - math.log(2)


class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {"low": constraints.real, "high": constraints.real}

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not (self.low < self.high).all():
            raise ValueError("Uniform is not defined when low>= high")

    support = property(lambda self: constraints.interval(self.low, self.high))
    mean = property(lambda self: (self.high + self.low) / 2)
    stddev = property(lambda self: (self.high - self.low) / 12**0.5)
    variance = property(lambda self: (self.high - self.low).pow(2) / 12)

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = OPS["rand"](*self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Any) -> Any:
        """Probability of at most ``value``."""
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def entropy(self) -> Any:
        return (self.high - self.low).log()


class Exponential(Distribution):
    """The exponential distribution of a rate."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {"rate": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = property(lambda self: self.rate.reciprocal())
    stddev = property(lambda self: self.rate.reciprocal())
    variance = property(lambda self: self.rate.pow(-2))

    def rsample(self, sample_shape: Any = ()) -> Any:
        # If E is exponential of rate 1, E / rate is exponential of that rate.
        unit = -OPS["log1p"](-OPS["rand"](*self._shape(sample_shape), dtype=self.rate.dtype))
        return unit / self.rate

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        """Probability of at most ``value``."""
        return 1 - (-self.rate * value).exp()

    def entropy(self) -> Any:
        return 1.0 - self.rate.log()
