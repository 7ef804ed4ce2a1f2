"""Parameters that are functions of others: torch.nn.utils.parametrize."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.nn.containers import ModuleDict, ModuleList
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import Parameter
from reference_impl.tensor import Tensor


class _Cache:
    """Values of parametrised tensors while ``cached`` is in force."""

    def __init__(self) -> None:
        self.depth = 0
        self.values: dict[tuple[int, str], Any] = {}


_CACHE = _Cache()


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrised tensor is computed once."""
    _CACHE.depth += 1
    try:
        yield
    finally:
        _CACHE.depth -= 1
        if not _CACHE.depth:
            _CACHE.values = {}


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, first to last, and what they are applied to."""

    def __init__(self, modules: list[Module], original: Any, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        shape = original.shape
        with no_grad():
            new = original
            for module in reversed(modules):
                new = _right_inverse(module, new)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        self._names = names
        for name, value in zip(names, [new] if self.is_tensor else new, strict=True):
            if isinstance(original, Parameter):
                made = (
                    original
                    if value is original
                    else Parameter(value.detach(), requires_grad=original.requires_grad)
                )
                self.register_parameter(name, made)
            else:
                self.register_buffer(name, value)
        if not unsafe:
            found = self()
            if not isinstance(found, Tensor) or found.shape != shape:
                raise ValueError(
                    "Registering a parametrization may not change the shape of the tensor, unless `unsafe` flag is "
                    f"enabled.\nUnparametrized shape: {shape}"
                )

    def _originals(self) -> list[Any]:
        return [getattr(self, name) for name in self._names]

    def right_inverse(self, value: Any) -> None:
        """Set what the parametrisations are applied to, so that the result is ``value`` as far as they allow."""
        with no_grad():
            for module in reversed(list(self)):
                inverse = getattr(module, "right_inverse", None)
                if inverse is None:
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = inverse(value)
            values = [value] if self.is_tensor else list(value)
            for own, new in zip(self._originals(), values, strict=True):
                if own.shape != new.shape:
                    own.data = new
                else:
                    own.copy_(new)

    def forward(self) -> Any:
        first, *rest = list(self)
        value = first(*self._originals())
        for module in rest:
            value = module(value)
        return value


def _right_inverse(module: Module, value: Any) -> Any:
    inverse = getattr(module, "right_inverse", None)
    if inverse is None:
        return value
    try:
        return inverse(value)
    except NotImplementedError:  # the documented way to say that there is none
        return value


def _parametrised(name: str) -> property:
    def get(self: Any) -> Any:
        if not _CACHE.depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _CACHE.values:
            _CACHE.values[key] = self.parametrizations[name]()
        return _CACHE.values[key]

    def put(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def _deep_copied(self: Any, memo: dict[int, Any]) -> Any:
    made = object.__new__(type(self))
    memo[id(self)] = made
    made.__dict__.update(copy.deepcopy(self.__dict__, memo))
    return made


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Make the tensor of that name what ``parametrization`` gives of the one it is now.

    Raises:
        ValueError: the module has no such tensor, or the shape would change.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        held = module.parametrizations[tensor_name]
        if not unsafe:
            before = getattr(module, tensor_name)
            found = parametrization(before)
            if found.shape != before.shape:
                raise ValueError(
                    "Registering a parametrization may not change the shape of the tensor, unless the `unsafe` flag "
                    f"is enabled.\nmodule.{tensor_name}.shape: {before.shape}"
                )
        held.append(parametrization)
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        cls = type(module)
        body = {"__deepcopy__": _deep_copied, "__module__": cls.__module__}
        module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), body)
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _parametrised(tensor_name))
    module.parametrizations[tensor_name] = made
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if the module, or its tensor of that name, has a parametrisation."""
    held = module._modules.get("parametrizations")
    if not isinstance(held, ModuleDict):
        return False
    return bool(len(held)) if tensor_name is None else tensor_name in held


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make the tensor of that name a plain one again: its present value, or what was parametrised.

    Raises:
        ValueError: it has no parametrisation, or stands for several tensors that cannot be left as they are.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    held = module.parametrizations[tensor_name]
    if not leave_parametrized and not held.is_tensor:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    originals = held._originals()
    was_parameter = isinstance(originals[0], Parameter)
    value = originals[0]
    if leave_parametrized:
        with no_grad():
            value = getattr(module, tensor_name).detach().clone()
        if held.is_tensor and was_parameter and value.shape == originals[0].shape:
            originals[0].data = value
            value = originals[0]
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if was_parameter:
        value = value if isinstance(value, Parameter) else Parameter(value)
        module.register_parameter(tensor_name, value)
    else:
        module.register_buffer(tensor_name, value)
    if not len(module.parametrizations):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class without its parametrisations."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)
