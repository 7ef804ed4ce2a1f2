"""Lazy modules: the number of input features is taken from the first input."""

from __future__ import annotations

from typing import Any, ClassVar

from reference_impl.nn import convolution, layers, normalization
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import UninitializedBuffer, UninitializedParameter


class LazyModuleMixin:
    """A module that becomes one of the kind ``cls_to_become`` when it is first called.

    Its parameters are there from the start, without a shape, so that an optimiser may already hold them.
    """

    cls_to_become: ClassVar[type[Module]]
    count: ClassVar[str]  # the attribute that is inferred
    dim: ClassVar[int] = 1  # the dimension that it counts
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def __init__(self, *args: Any, **options: Any) -> None:
        Module.__init__(self)  # type: ignore[arg-type]
        some = options.get("groups", 1)  # channels, which groups must divide
        unknown = self.cls_to_become(some, *args, **options)
        self.arguments, self.options = args, options
        for name, p in unknown._parameters.items():
            made = None if p is None else UninitializedParameter(dtype=p.dtype)
            self.__dict__["_parameters"][name] = made
        for name, b in unknown._buffers.items():
            made = None if b is None else UninitializedBuffer(dtype=b.dtype)
            self.__dict__["_buffers"][name] = made
        self.__dict__.update({n: v for n, v in unknown.__dict__.items() if n not in self.__dict__})
        setattr(self, self.count, 0)

    def has_uninitialized_params(self) -> bool:
        """True until the first call."""
        held = (*self.__dict__["_parameters"].values(), *self.__dict__["_buffers"].values())
        return any(isinstance(x, UninitializedParameter | UninitializedBuffer) for x in held)

    def __call__(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        found = self.cls_to_become(x.shape[self.dim], *self.arguments, **self.options)
        for held in ("_parameters", "_buffers"):
            for name, made in found.__dict__[held].items():
                own = self.__dict__[held][name]
                if own is not None:
                    own.materialize(made)
        for name in ("arguments", "options"):
            del self.__dict__[name]
        setattr(self, self.count, x.shape[self.dim])
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        return self(x, *args, **kwargs)


class LazyLinear(LazyModuleMixin, layers.Linear):
    """A linear map of as many features as the first input has."""

    cls_to_become = layers.Linear
    count = "in_features"
    dim = -1


class LazyConv1d(LazyModuleMixin, convolution.Conv1d):
    """Convolution of sequences of as many channels as the first has."""

    cls_to_become = convolution.Conv1d
    count = "in_channels"
    dim = -2


class LazyConv2d(LazyModuleMixin, convolution.Conv2d):
    """Convolution of images of as many channels as the first has."""

    cls_to_become = convolution.Conv2d
    count = "in_channels"
    dim = -3


class LazyConv3d(LazyModuleMixin, convolution.Conv3d):
    """Convolution of volumes of as many channels as the first has."""

    cls_to_become = convolution.Conv3d
    count = "in_channels"
    dim = -4


class LazyConvTranspose1d(LazyModuleMixin, convolution.ConvTranspose1d):
    """Transposed convolution of sequences of as many channels as the first has."""

    cls_to_become = convolution.ConvTranspose1d
    count = "in_channels"
    dim = -2


class LazyConvTranspose2d(LazyModuleMixin, convolution.ConvTranspose2d):
    """Transposed convolution of images of as many channels as the first has."""

    cls_to_become = convolution.ConvTranspose2d
    count = "in_channels"
    dim = -3


class LazyConvTranspose3d(LazyModuleMixin, convolution.ConvTranspose3d):
    """Transposed convolution of volumes of as many channels as the first has."""

    cls_to_become = convolution.ConvTranspose3d
    count = "in_channels"
    dim = -4


class LazyBatchNorm1d(LazyModuleMixin, normalization.BatchNorm1d):
    """Normalisation over the batch, of as many channels as the first input has."""

    cls_to_become = normalization.BatchNorm1d
    count = "num_features"


class LazyBatchNorm2d(LazyModuleMixin, normalization.BatchNorm2d):
    """Normalisation over the batch, of as many channels as the first input has."""

    cls_to_become = normalization.BatchNorm2d
    count = "num_features"


class LazyBatchNorm3d(LazyModuleMixin, normalization.BatchNorm3d):
    """Normalisation over the batch, of as many channels as the first input has."""

    cls_to_become = normalization.BatchNorm3d
    count = "num_features"


class LazyInstanceNorm1d(LazyModuleMixin, normalization.InstanceNorm1d):
    """Normalisation of each example, of as many channels as the first input has."""

    cls_to_become = normalization.InstanceNorm1d
    count = "num_features"


class LazyInstanceNorm2d(LazyModuleMixin, normalization.InstanceNorm2d):
    """Normalisation of each example, of as many channels as the first input has."""

    cls_to_become = normalization.InstanceNorm2d
    count = "num_features"


class LazyInstanceNorm3d(LazyModuleMixin, normalization.InstanceNorm3d):
    """Normalisation of each example, of as many channels as the first input has."""

    cls_to_become = normalization.InstanceNorm3d
    count = "num_features"
