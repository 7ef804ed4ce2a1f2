"""What a module holds: parameters, buffers and submodules, by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Self

from reference_impl.nn.parameter import Buffer, Parameter
from reference_impl.tensor import Tensor

_KINDS: dict[str, tuple[Any, str, str]] = {
    "_parameters": (Parameter, "parameter", "torch.nn.Parameter"),
    "_modules": ((), "child module", "torch.nn.Module"),
    "_buffers": (Tensor, "buffer", "torch.Tensor"),
}


def _place(d: dict[str, Any], name: str, value: Any) -> str | None:
    """The dictionary in which ``value`` is held under ``name``; None for a plain attribute.

    Raises:
        TypeError: the name is held already, by something of another kind.
    """
    if isinstance(value, Parameter):
        return "_parameters"
    if isinstance(value, Holding):
        return "_modules"
    for held, (kind, what, wanted) in _KINDS.items():
        if name not in d.get(held, ()):
            continue
        if value is not None and not isinstance(value, kind):
            raise TypeError(
                f"cannot assign '{type_name(value)}' as {what} '{name}' ({wanted} or None expected)"
            )
        return held
    return "_buffers" if isinstance(value, Buffer) else None


def type_name(value: Any) -> str:
    """The name that errors give the type of ``value``."""
    return f"torch.{value.dtype.short}Tensor" if isinstance(value, Tensor) else type(value).__name__


class Holding:
    """Keeps parameters, buffers and submodules, and finds them again as attributes."""

    def __init__(self) -> None:
        d = self.__dict__
        d["_non_persistent_buffers_set"] = set()  # names of buffers that are not saved
        for name in ("_parameters", "_buffers", "_modules"):
            d[name] = OrderedDict()

    def __setattr__(self, name: str, value: Any) -> None:
        d = self.__dict__
        if isinstance(value, Parameter | Holding) and "_parameters" not in d:
            raise AttributeError(
                f"cannot assign {'parameters' if isinstance(value, Parameter) else 'module'} before "
                "Module.__init__() call"
            )
        held = _place(d, name, value)
        if held is None:
            object.__setattr__(self, name, value)
            return
        for other in ("_parameters", "_modules", "_buffers"):
            if other != held:
                d[other].pop(name, None)
        d.pop(name, None)
        if isinstance(value, Buffer):
            (
                self._non_persistent_buffers_set.discard
                if value.persistent
                else self._non_persistent_buffers_set.add
            )(name)
        d[held][name] = value

    def __getattr__(self, name: str) -> Any:
        d = self.__dict__
        for held in ("_parameters", "_buffers", "_modules"):
            if name in d.get(held, ()):
                return d[held][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for held in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__[held]:
                del self.__dict__[held][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        held = (self._parameters, self._buffers, self._modules)
        return sorted({*super().__dir__(), *(name for names in held for name in names)})

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Hold ``param`` under ``name``.

        Raises:
            KeyError: the name is no word, or something else has it.
            TypeError: it is no parameter.
            ValueError: it has a history.
        """
        _check_name(self, "parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type_name(param)}' object to parameter '{name}' (torch.nn.Parameter or None "
                "required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self.__dict__["_parameters"][name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Hold a tensor that is no parameter; one that is not ``persistent`` stays out of ``state_dict``.

        Raises:
            KeyError: the name is no word, or something else has it.
            TypeError: it is no tensor.
        """
        _check_name(self, "buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self.__dict__["_buffers"][name] = tensor
        (
            self._non_persistent_buffers_set.discard
            if persistent
            else self._non_persistent_buffers_set.add
        )(name)

    def add_module(self, name: str, module: Any) -> None:
        """Hold a submodule.

        Raises:
            KeyError: the name is no word, or something else has it.
            TypeError: it is no module.
        """
        if module is not None and not isinstance(module, Holding):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        _check_name(self, "module", name, "_modules")
        self.__dict__["_modules"][name] = module

    register_module = add_module

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Self]]:
        """This module and all below it, each once unless repeats are asked for."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self) -> Iterator[Self]:
        """This module and all below it."""
        for _, module in self.named_modules():
            yield module

    def children(self) -> Iterator[Any]:
        """The modules directly below, each once."""
        for _, module in self.named_children():
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The modules directly below, each once, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def get_submodule(self, target: str) -> Any:
        """The module of that dotted name; the module itself for an empty one.

        Raises:
            AttributeError: there is none, or it is no module.
        """
        found: Any = self
        for name in target.split(".") if target else []:
            if not hasattr(found, name):
                raise AttributeError(f"{type(found).__name__} has no attribute `{name}`")
            found = getattr(found, name)
            if not isinstance(found, Holding):
                raise AttributeError(f"`{name}` is not an nn.Module")  # noqa: TRY004 - torch's type
        return found

    def get_parameter(self, target: str) -> Any:
        """The parameter of that dotted name."""
        return _held(self, "_parameters", target, "nn.Parameter")

    def get_buffer(self, target: str) -> Any:
        """The buffer of that dotted name."""
        return _held(self, "_buffers", target, "buffer")

    def _named_members(
        self, held: str, prefix: str, recurse: bool, distinct: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=distinct)
        for path, module in modules if recurse else [(prefix, self)]:
            for name, x in module.__dict__[held].items():
                if x is not None and id(x) not in seen:
                    if distinct:
                        seen.add(id(x))
                    yield (f"{path}.{name}" if path else name), x

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters with their dotted names."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Parameters, each once."""
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Buffers with their dotted names."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Buffers, each once."""
        for _, b in self.named_buffers(recurse=recurse):
            yield b


def _check_name(holder: Holding, what: str, name: str, held: str) -> None:
    """Refuse a name that is no word, or that something else has."""
    if "_parameters" not in holder.__dict__:
        raise AttributeError(f"cannot assign {what} before Module.__init__() call")
    if not isinstance(name, str):
        raise TypeError(f"{what} name should be a string. Got {type(name).__name__}")
    if "." in name:
        raise KeyError(
            f'{what} name can\'t contain "."{f", got: {name}" if what == "module" else ""}'
        )
    if not name:
        raise KeyError(f'{what} name can\'t be empty string ""')
    if hasattr(holder, name) and name not in holder.__dict__[held]:
        raise KeyError(f"attribute '{name}' already exists")


def _held(holder: Holding, held: str, target: str, kind: str) -> Any:
    path, _, name = target.rpartition(".")
    module = holder.get_submodule(path)
    if not hasattr(module, name):
        raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
    if name not in module.__dict__[held] and not isinstance(getattr(module, name), Parameter):
        raise AttributeError(f"`{name}` is not a{'n' if kind[0] == 'n' else ''} {kind}")
    return getattr(module, name)
