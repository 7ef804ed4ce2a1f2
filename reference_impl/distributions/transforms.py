"""Functions of a variable that can be undone, with the logarithm of their Jacobian's determinant."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.registry import OPS


class Transform:
    """y = f(x); ``event_dim`` is how many dimensions of x one event has."""

    event_dim = 0

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError

    def inv(self, y: Any) -> Any:
        """The x of which this is f."""
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """log |dy/dx|."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ExpTransform(Transform):
    """y = exp(x)."""

    def __call__(self, x: Any) -> Any:
        return x.exp()

    def inv(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        _ = y
        return x


class AffineTransform(Transform):
    """y = loc + scale x."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0) -> None:
        self.loc, self.scale, self.event_dim = loc, scale, event_dim

    def __call__(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def inv(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        _ = y
        if isinstance(self.scale, int | float):
            found = OPS["full_like"](x, math.log(abs(self.scale)))
        else:
            found = self.scale.abs().log().expand(x.shape)
        return found.sum(list(range(-self.event_dim, 0))) if self.event_dim else found


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    def __call__(self, x: Any) -> Any:
        return OPS["sigmoid"](x)

    def inv(self, y: Any) -> Any:
        return y.log() - OPS["log1p"](-y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        _ = y
        softplus = OPS["nn.functional.softplus"]
        return -softplus(-x) - softplus(x)


class TanhTransform(Transform):
    """y = tanh(x)."""

    def __call__(self, x: Any) -> Any:
        return x.tanh()

    def inv(self, y: Any) -> Any:
        return OPS["atanh"](y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        # log(1 - tanh^2 x) = 2 (log 2 - x - log(1 + exp(-2 x)))
        _ = y
        return 2.0 * (math.log(2.0) - x - OPS["nn.functional.softplus"](-2.0 * x))


class SoftplusTransform(Transform):
    """y = log(1 + exp(x))."""

    def __call__(self, x: Any) -> Any:
        return OPS["nn.functional.softplus"](x)

    def inv(self, y: Any) -> Any:
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        _ = y
        return -OPS["nn.functional.softplus"](-x)


class PowerTransform(Transform):
    """y = x^exponent."""

    def __init__(self, exponent: Any) -> None:
        self.exponent = exponent

    def __call__(self, x: Any) -> Any:
        return x.pow(self.exponent)

    def inv(self, y: Any) -> Any:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return (self.exponent * y / x).abs().log()


class ComposeTransform(Transform):
    """Transforms one behind the other."""

    def __init__(self, parts: list[Transform]) -> None:
        self.parts = parts
        self.event_dim = max((part.event_dim for part in parts), default=0)

    def __call__(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def inv(self, y: Any) -> Any:
        for part in reversed(self.parts):
            y = part.inv(y)
        return y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        _ = y
        found: Any = 0.0
        for part in self.parts:
            after = part(x)
            found = found + part.log_abs_det_jacobian(x, after)
            x = after
        return found
