"""The gamma distribution and its relatives."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from reference_impl.distributions import constraints
from reference_impl.distributions.distribution import Distribution, broadcast
from reference_impl.function import Function, once_differentiable
from reference_impl.registry import OPS
from reference_impl.tensor import make


def _shape_derivative(z: Any, alpha: Any) -> Any:
    """dz/dalpha of a gamma draw at a fixed quantile.

    F(z; a) = u is fixed, so dz/da = -(dF/da) / p(z). With F = sum_n t_n, t_n = z^(a+n) e^-z / Gamma(a+n+1), dF/da is
    the sum of t_n (log z - digamma(a+n+1)), and p(z) = t_0 a / z.
    """
    z, alpha = np.maximum(np.asarray(z, float), 1e-300), np.asarray(alpha, float)
    terms = int(60 + 2 * np.max(z, initial=0) + 12 * np.sqrt(np.max(z, initial=0)))
    log_z, total = np.log(z), np.zeros_like(z)
    ratio = np.ones_like(z)  # t_n / t_0
    digamma = np.asarray(OPS["digamma"](make(alpha + 1))._data)
    for n in range(terms):
        total += ratio * (log_z - digamma)
        digamma = digamma + 1 / (alpha + n + 1)
        ratio = ratio * z / (alpha + n + 1)
    return -total * z / alpha


class _StandardGamma(Function):
    """A draw from the gamma distribution of rate 1, differentiable in its concentration."""

    @staticmethod
    def forward(ctx: Any, alpha: Any) -> Any:
        source = OPS["default_generator"].numpy  # type: ignore[attr-defined]
        drawn = make(np.asarray(source.standard_gamma(alpha._data)).astype(alpha._data.dtype))
        drawn = drawn.clamp(min=float(np.finfo(alpha._data.dtype).tiny))
        ctx.save_for_backward(alpha, drawn)
        return drawn

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, ct: Any) -> Any:
        alpha, drawn = ctx.saved_tensors
        slope = _shape_derivative(drawn._data, alpha._data).astype(alpha._data.dtype)
        return ct * make(slope)


class Gamma(Distribution):
    """Sums of exponential variables: density proportional to x^(concentration - 1) exp(-rate x)."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.nonnegative

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast(concentration, rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = property(lambda self: self.concentration / self.rate)
    variance = property(lambda self: self.concentration / self.rate.pow(2))

    def rsample(self, sample_shape: Any = ()) -> Any:
        wide = self.concentration.expand(self._shape(sample_shape))
        return _StandardGamma.apply(wide) / self.rate

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        a, b = self.concentration, self.rate
        return OPS["xlogy"](a, b) + OPS["xlogy"](a - 1, value) - b * value - OPS["lgamma"](a)

    def entropy(self) -> Any:
        a = self.concentration
        return a - self.rate.log() + OPS["lgamma"](a) + (1.0 - a) * OPS["digamma"](a)


class Chi2(Gamma):
    """Sums of squares of ``df`` normal variables."""

    shows_parameters = False

    arg_constraints: ClassVar[dict[str, Any]] = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (self.df,) = broadcast(df)
        super().__init__(0.5 * self.df, 0.5, validate_args)


class StudentT(Distribution):
    """A normal variable divided by the root of a mean of squares of ``df`` others."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real

    def __init__(
        self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None
    ) -> None:
        self.df, self.loc, self.scale = broadcast(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        normal = OPS["randn"](*self._shape(sample_shape), dtype=self.df.dtype)
        squares = Chi2(self.df).rsample(sample_shape)
        return self.loc + self.scale * normal * OPS["rsqrt"](squares / self.df)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        y, lgamma = (value - self.loc) / self.scale, OPS["lgamma"]
        norm = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * np.log(np.pi).item()
            + lgamma(0.5 * self.df)
            - lgamma(0.5 * (self.df + 1))
        )
        return -0.5 * (self.df + 1) * OPS["log1p"](y**2 / self.df) - norm

    def entropy(self) -> Any:
        lgamma, digamma, half = OPS["lgamma"], OPS["digamma"], 0.5 * (self.df + 1)
        beta = lgamma(0.5 * self.df) + float(lgamma(OPS["tensor"](0.5))) - lgamma(half)
        slope = half * (digamma(half) - digamma(0.5 * self.df))
        return self.scale.log() + slope + 0.5 * self.df.log() + beta


class Dirichlet(Distribution):
    """Parts of a whole: gamma variables divided by their sum."""

    has_rsample = True
    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.positive}
    support = constraints.simplex

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        shape = concentration.shape
        super().__init__(shape[:-1], shape[-1:], validate_args)

    mean = property(lambda self: self.concentration / self.concentration.sum(-1, True))

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = _StandardGamma.apply(self.concentration.expand(self._shape(sample_shape)))
        return drawn / drawn.sum(-1, True)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        a, lgamma = self.concentration, OPS["lgamma"]
        return OPS["xlogy"](a - 1.0, value).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Any:
        a, lgamma, digamma = self.concentration, OPS["lgamma"], OPS["digamma"]
        total, k = a.sum(-1), a.shape[-1]
        return (
            lgamma(a).sum(-1)
            - lgamma(total)
            - (k - total) * digamma(total)
            - ((a - 1.0) * digamma(a)).sum(-1)
        )


class Beta(Distribution):
    """The first of two parts of a whole."""

    has_rsample = True
    shows_parameters = False
    arg_constraints: ClassVar[dict[str, Any]] = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast(concentration1, concentration0)
        pair = OPS["stack"]([self.concentration1, self.concentration0], -1)
        super().__init__(pair.shape[:-1], validate_args=validate_args)
        self._dirichlet = Dirichlet(pair, validate_args=False)

    mean = property(lambda self: self.concentration1 / (self.concentration1 + self.concentration0))

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return self._dirichlet.log_prob(OPS["stack"]([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        return self._dirichlet.entropy()
