"""Activations as modules."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from reference_impl.nn import functional
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import Parameter
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class _Pointwise(Module):
    """An activation without parameters: ``fn`` names it in nn.functional, ``options`` what it is built with."""

    fn = ""
    options: ClassVar[dict[str, Any]] = {}
    can_write = False  # into its input

    def __init__(self, *args: Any, inplace: bool = False, **kwargs: Any) -> None:
        super().__init__()
        if len(args) > len(self.options):
            args, inplace = args[:-1], args[-1]
        unknown = kwargs.keys() - self.options.keys()
        if len(args) > len(self.options) or unknown or (inplace and not self.can_write):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(self.options) or 'no options'}"
            )
        given = dict(zip(self.options, args, strict=False)) | kwargs
        self.values = {name: given.get(name, value) for name, value in self.options.items()}
        missing = [name for name, value in self.values.items() if value is inspect.Parameter.empty]
        if missing:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        self.inplace = inplace
        self.__dict__.update(self.values)

    def forward(self, x: Tensor) -> Any:
        values = [getattr(self, name) for name in self.options]
        if self.inplace:
            return OPS[f"{self.fn}_"](x, *values)
        return getattr(functional, self.fn)(x, **dict(zip(self.options, values, strict=True)))

    def extra_repr(self) -> str:
        shown = [f"{name}={value!r}" for name, value in self.values.items()]
        return ", ".join([*shown, "inplace=True"] if self.inplace else shown)


class ReLU(_Pointwise):
    """Max(x, 0)."""

    fn = "relu"
    can_write = True


class ReLU6(_Pointwise):
    """Min(max(x, 0), 6)."""

    fn = "relu6"
    can_write = True


class LeakyReLU(_Pointwise):
    """x, or a small multiple of it below 0."""

    fn = "leaky_relu"
    options: ClassVar[dict[str, Any]] = {"negative_slope": 0.01}
    can_write = True


class ELU(_Pointwise):
    """x, or alpha (exp(x) - 1) below 0."""

    fn = "elu"
    options: ClassVar[dict[str, Any]] = {"alpha": 1.0}
    can_write = True


class SELU(_Pointwise):
    """Scaled ELU."""

    fn = "selu"
    can_write = True


class CELU(_Pointwise):
    """Continuously differentiable ELU."""

    fn = "celu"
    options: ClassVar[dict[str, Any]] = {"alpha": 1.0}
    can_write = True


class Sigmoid(_Pointwise):
    """1 / (1 + exp(-x))."""

    fn = "sigmoid"


class Tanh(_Pointwise):
    """Hyperbolic tangent."""

    fn = "tanh"


class GELU(_Pointwise):
    """x times the normal distribution function of x."""

    fn = "gelu"
    options: ClassVar[dict[str, Any]] = {"approximate": "none"}


class SiLU(_Pointwise):
    """x times its sigmoid."""

    fn = "silu"
    can_write = True


class Mish(_Pointwise):
    """x tanh(softplus(x))."""

    fn = "mish"
    can_write = True


class Softplus(_Pointwise):
    """Log(1 + exp(beta x)) / beta."""

    fn = "softplus"
    options: ClassVar[dict[str, Any]] = {"beta": 1.0, "threshold": 20.0}


class Softsign(_Pointwise):
    """x / (1 + abs(x))."""

    fn = "softsign"


class LogSigmoid(_Pointwise):
    """Log of the sigmoid."""

    fn = "logsigmoid"


class Hardtanh(_Pointwise):
    """x cut to an interval."""

    fn = "hardtanh"
    options: ClassVar[dict[str, Any]] = {"min_val": -1.0, "max_val": 1.0}
    can_write = True


class Hardsigmoid(_Pointwise):
    """A piecewise linear sigmoid."""

    fn = "hardsigmoid"
    can_write = True


class Hardswish(_Pointwise):
    """x times its hardsigmoid."""

    fn = "hardswish"
    can_write = True


class Softshrink(_Pointwise):
    """x moved towards 0."""

    fn = "softshrink"
    options: ClassVar[dict[str, Any]] = {"lambd": 0.5}


class Hardshrink(_Pointwise):
    """x, or 0 near 0."""

    fn = "hardshrink"
    options: ClassVar[dict[str, Any]] = {"lambd": 0.5}


class Tanhshrink(_Pointwise):
    """x - tanh(x)."""

    fn = "tanhshrink"


class Threshold(_Pointwise):
    """x, or a value where it is small."""

    fn = "threshold"
    options: ClassVar[dict[str, Any]] = {
        "threshold": inspect.Parameter.empty,
        "value": inspect.Parameter.empty,
    }
    can_write = True


class GLU(_Pointwise):
    """One half times the sigmoid of the other."""

    fn = "glu"
    options: ClassVar[dict[str, Any]] = {"dim": -1}


class PReLU(Module):
    """x, or a learned multiple of it below 0."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Parameter(OPS["full"]((num_parameters,), init))

    def forward(self, x: Tensor) -> Any:
        return functional.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Softmax(Module):
    """Exponentials divided by their sum."""

    fn = "softmax"

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Any:
        return getattr(functional, self.fn)(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """Softmax of the negative."""

    fn = "softmin"


class LogSoftmax(Softmax):
    """Logarithm of softmax."""

    fn = "log_softmax"


class Softmax2d(Module):
    """Softmax over the channels of images."""

    def forward(self, x: Tensor) -> Any:
        if x.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {x.dim()}D instead")
        return functional.softmax(x, -3)


class RReLU(Module):
    """x, or below 0 a multiple of it that is drawn anew for each entry while training."""

    def __init__(self, lower: float = 0.125, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, x: Tensor) -> Any:
        return functional.rrelu(x, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        text = f"lower={self.lower}, upper={self.upper}"
        return f"{text}, inplace=True" if self.inplace else text
