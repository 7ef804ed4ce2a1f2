"""Distributions of whole numbers and classes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from reference_impl.distributions import constraints
from reference_impl.distributions.distribution import Distribution, broadcast
from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS
from reference_impl.tensor import make


def _source() -> Any:
    return OPS["default_generator"].numpy  # type: ignore[attr-defined]


def _one_of(probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class _ByChance(Distribution):
    """Given by the probability of success or by its logit; the other is computed when it is asked for."""

    arg_constraints: ClassVar[dict[str, Any]] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        _one_of(probs, logits)
        name = "logits" if probs is None else "probs"
        (self.__dict__[name],) = broadcast(logits if probs is None else probs)
        super().__init__(self.__dict__[name].shape, validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "probs":
            return OPS["sigmoid"](self.__dict__["logits"])
        if name == "logits":
            eps = float(np.finfo(self.__dict__["probs"]._data.dtype).eps)
            p = self.__dict__["probs"].clamp(eps, 1 - eps)
            return p.log() - OPS["log1p"](-p)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._batch_shape

    def _cross_entropy(self, value: Any) -> Any:
        """-value log p - (1 - value) log(1 - p)."""
        fn = OPS["nn.functional.binary_cross_entropy_with_logits"]
        logits, value = OPS["broadcast_tensors"](self.logits, value)
        return fn(logits, value, reduction="none")


class Bernoulli(_ByChance):
    """0 or 1."""

    support = constraints.boolean
    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return OPS["bernoulli"](self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return -self._cross_entropy(value)

    def entropy(self) -> Any:
        return self._cross_entropy(self.probs)


class Geometric(_ByChance):
    """The number of failures before the first success."""

    support = constraints.nonnegative_integer
    mean = property(lambda self: 1.0 / self.probs - 1.0)
    variance = property(lambda self: (1.0 / self.probs - 1.0) / self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            u = OPS["rand"](*self._shape(sample_shape), dtype=self.probs.dtype).clamp(min=1e-38)
            return (u.log() / OPS["log1p"](-self.probs)).floor()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return value * OPS["log1p"](-self.probs) + self.probs.log()

    def entropy(self) -> Any:
        return self._cross_entropy(self.probs) / self.probs


class Binomial(_ByChance):
    """The number of successes in ``total_count`` trials."""

    arg_constraints: ClassVar[dict[str, Any]] = {
        "total_count": constraints.nonnegative_integer,
        **_ByChance.arg_constraints,
    }

    def __init__(
        self,
        total_count: Any = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        _one_of(probs, logits)
        given = logits if probs is None else probs
        self.total_count, given = broadcast(total_count, given)
        chance, logit = (None, given) if probs is None else (given, None)
        super().__init__(chance, logit, validate_args)

    support = property(lambda self: constraints.integer_interval(0, self.total_count))
    mean = property(lambda self: self.total_count * self.probs)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))

    def sample(self, sample_shape: Any = ()) -> Any:
        p = self.probs.detach().expand(self._shape(sample_shape))._data
        drawn = _source().binomial(self.total_count._data.astype(int), p)
        return make(np.asarray(drawn).astype(p.dtype))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        n, lgamma = self.total_count, OPS["lgamma"]
        ways = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        softplus = OPS["nn.functional.softplus"]
        return ways + value * self.logits - n * softplus(self.logits)

    def entropy(self) -> Any:
        most = int(self.total_count.max())
        values = OPS["arange"](1 + most, dtype=self.probs.dtype)
        values = values.view(-1, *(1,) * len(self._batch_shape))
        each = Binomial(self.total_count, logits=self.logits, validate_args=False).log_prob(values)
        return -(each.exp() * each).sum(0)


class Poisson(Distribution):
    """The number of events of a rate."""

    arg_constraints: ClassVar[dict[str, Any]] = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = property(lambda self: self.rate)
    variance = property(lambda self: self.rate)

    def sample(self, sample_shape: Any = ()) -> Any:
        rate = self.rate.detach().expand(self._shape(sample_shape))._data
        return make(np.asarray(_source().poisson(rate)).astype(rate.dtype))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return OPS["xlogy"](value, self.rate) - self.rate - OPS["lgamma"](value + 1)


class Categorical(Distribution):
    """One of several classes; probabilities along the last dimension."""

    arg_constraints: ClassVar[dict[str, Any]] = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        _one_of(probs, logits)
        given = logits if probs is None else probs
        if given.dim() < 1:
            name = "logits" if probs is None else "probs"
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if probs is None:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
        else:
            self.probs = probs / probs.sum(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], self._own_event_shape(), validate_args)

    def _own_event_shape(self) -> tuple[int, ...]:
        return ()

    def __getattr__(self, name: str) -> Any:
        if name == "probs" and "logits" in self.__dict__:
            self.probs = OPS["softmax"](self.__dict__["logits"], -1)
            return self.probs
        if name == "logits" and "probs" in self.__dict__:
            p = self.__dict__["probs"]
            eps = float(np.finfo(p._data.dtype).eps)
            self.logits = p.clamp(eps, 1 - eps).log()
            return self.logits
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    support = property(lambda self: constraints.integer_interval(0, self._num_events - 1))

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return (self.probs if "probs" in self.__dict__ else self.logits).shape

    def _draw(self, sample_shape: Any) -> Any:
        with no_grad():
            # Inverse of the cumulative distribution at a uniform draw.
            shape = (*tuple(sample_shape), *self._batch_shape)
            draw = OPS["rand"](*shape, 1, dtype=self.probs.dtype)
            return (self.probs.cumsum(-1) < draw).sum(-1).clamp(max=self._num_events - 1)

    def sample(self, sample_shape: Any = ()) -> Any:
        return self._draw(sample_shape)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        at, logits = OPS["broadcast_tensors"](value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, at[..., :1]).squeeze(-1)

    def entropy(self) -> Any:
        return -(
            self.logits.clamp(min=float(np.finfo(self.logits._data.dtype).min)) * self.probs
        ).sum(-1)


class OneHotCategorical(Categorical):
    """One of several classes, as a vector with a single 1."""

    shows_parameters = False

    support = constraints.one_hot
    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    def _own_event_shape(self) -> tuple[int, ...]:
        return (self._num_events,)

    def sample(self, sample_shape: Any = ()) -> Any:
        drawn = self._draw(sample_shape)
        return OPS["nn.functional.one_hot"](drawn, self._num_events).to(self.probs.dtype)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        at = value.max(-1)[1]
        logits = self.logits.expand(*at.shape, self._num_events)
        return logits.gather(-1, at.unsqueeze(-1)).squeeze(-1)


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot draws whose gradient is that of the probabilities."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
