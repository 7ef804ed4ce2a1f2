"""Distribution: shapes, checks, and what can be said of all of them."""

from __future__ import annotations

from typing import Any, ClassVar

from reference_impl.distributions.constraints import Constraint
from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS
from reference_impl.size import Size
from reference_impl.tensor import Tensor


def broadcast(*values: Any) -> tuple[Any, ...]:
    """The values as tensors of one shape; numbers take the dtype of the tensors."""
    like = next((v for v in values if isinstance(v, Tensor)), None)
    kind = None if like is None else like.dtype
    tensors = [v if isinstance(v, Tensor) else OPS["tensor"](float(v), dtype=kind) for v in values]
    return tuple(OPS["broadcast_tensors"](*tensors))


class Distribution:
    """A distribution over tensors of shape ``event_shape``, one for each place of ``batch_shape``."""

    has_rsample = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None
    shows_parameters = (
        True  # in the text; not where torch computes them from those of another distribution
    )
    _validate_args = True

    def __init__(
        self,
        batch_shape: Any = (),
        event_shape: Any = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Say whether parameters and values are checked unless asked otherwise."""
        Distribution._validate_args = value

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            value = self.__dict__.get(name)
            if isinstance(value, Tensor) and not constraint.check(value.detach()).all():
                raise ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                    f"{self!r} to satisfy the constraint {constraint!r}, but found invalid values:\n{value}"
                )

    def _validate_sample(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise TypeError("The value argument to log_prob must be a Tensor")
        if not self._validate_args or self.support is None:
            return
        if not self.support.check(value.detach()).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({self.support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters, one distribution for each place."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw."""
        return self._event_shape

    @property
    def stddev(self) -> Any:
        """The root of the variance."""
        return self.variance.sqrt()

    @property
    def variance(self) -> Any:
        """The expected square of the distance to the mean."""
        raise NotImplementedError

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

    def log_prob(self, value: Any) -> Any:
        """Logarithm of the density, or of the probability, of ``value``."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """Expected value of minus ``log_prob``."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """The exponential of the entropy."""
        return self.entropy().exp()

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        return (*tuple(sample_shape), *self._batch_shape, *self._event_shape)

    _extended_shape = _shape

    def __repr__(self) -> str:
        names = [*self.arg_constraints] if self.shows_parameters else []
        held = [name for name in names if name in self.__dict__]
        shown = []
        for name in held:
            value = self.__dict__[name]
            one = value.numel() == 1
            shown.append(f"{name}: {value.tolist() if one else value.size()}")
        return f"{type(self).__name__}({', '.join(shown)})"
