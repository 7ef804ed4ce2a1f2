"""Modules that hold modules or parameters."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from reference_impl.nn.holding import type_name
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import Parameter
from reference_impl.tensor import Tensor


class _Numbered(Module):
    """Modules by number; the names are the numbers."""

    def _reset(self, modules: Iterable[Module]) -> None:
        self.__dict__["_modules"].clear()
        for i, m in enumerate(modules):
            self.add_module(str(i), m)

    def _position(self, index: Any) -> int:
        at, n = operator.index(index), len(self)
        if not -n <= at < n:
            raise IndexError(f"index {at} is out of range")
        return at % n

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(*self._arguments(list(self._modules.items())[index]))
        return list(self._modules.values())[self._position(index)]

    def _arguments(self, items: list[tuple[str, Any]]) -> tuple[Any, ...]:
        raise NotImplementedError

    def __setitem__(self, index: Any, module: Module) -> None:
        setattr(self, list(self._modules)[self._position(index)], module)

    def __delitem__(self, index: Any) -> None:
        kept = list(self._modules.values())
        del kept[index]
        self._reset(kept)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def append(self, module: Any) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Self:
        """Add modules at the end."""
        for m in modules:
            self.append(m)
        return self

    def insert(self, index: int, module: Any) -> Self:
        """Add a module before the one of that number."""
        held = list(self._modules.values())
        held.insert(index, module)
        self._reset(held)
        return self

    def pop(self, key: Any) -> Any:
        """Take the module of that number away."""
        found = self[key]
        del self[key]
        return found


class Sequential(_Numbered):
    """Modules one behind the other."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, m in modules[0].items():
                self.add_module(name, m)
        else:
            self.extend(modules)

    def forward(self, x: Any) -> Any:
        for m in self._modules.values():
            x = m(x)
        return x

    def _arguments(self, items: list[tuple[str, Any]]) -> tuple[Any, ...]:
        return (dict(items),)

    def __add__(self, other: Any) -> Sequential:
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules."""

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _arguments(self, items: list[tuple[str, Any]]) -> tuple[Any, ...]:
        return ([m for _, m in items],)

    def __iadd__(self, modules: Iterable[Any]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Any]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Neighbours with the same text are shown once, with how many they are."""
        if not len(self):
            return f"{self._get_name()}()"
        lines, start = [], 0
        for text, group in itertools.groupby(map(repr, self)):
            n = len(list(group))
            where = f"({start}-{start + n - 1}): {n} x " if n > 1 else f"({start}): "
            lines.append("  " + (where + text).replace("\n", "\n  "))
            start += n
        return "\n".join([f"{self._get_name()}(", *lines, ")"])


class _Named(Module):
    """Things by name, as in a dictionary; ``held`` says which kind."""

    held = "_modules"

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[self.held][name]

    def __delitem__(self, name: str) -> None:
        del self.__dict__[self.held][name]

    def __len__(self) -> int:
        return len(self.__dict__[self.held])

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__[self.held])

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__[self.held]

    def __setitem__(self, name: str, value: Any) -> None:
        raise NotImplementedError

    def update(self, other: Any) -> None:
        """Add all of a mapping or of pairs."""
        for name, value in other.items() if isinstance(other, Mapping | _Named) else other:
            self[name] = value

    def clear(self) -> None:
        """Take everything away."""
        self.__dict__[self.held].clear()

    def pop(self, name: str) -> Any:
        """Take away what has that name."""
        return self.__dict__[self.held].pop(name)

    def keys(self) -> Any:
        """The names."""
        return self.__dict__[self.held].keys()

    def values(self) -> Any:
        """What is held."""
        return self.__dict__[self.held].values()

    def items(self) -> Any:
        """Names and what they stand for."""
        return self.__dict__[self.held].items()


class ModuleDict(_Named):
    """Modules by name."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __setitem__(self, name: str, module: Any) -> None:
        self.add_module(name, module)


def _as_parameter(value: Any) -> Any:
    return (
        Parameter(value)
        if isinstance(value, Tensor) and not isinstance(value, Parameter)
        else value
    )


def _described(name: Any, value: Any, kind: str) -> str:
    """A line of text about a parameter; ``kind`` names the type of its elements."""
    what = "Parameter" if isinstance(value, Parameter) else "Object"
    if not isinstance(value, Tensor):
        return f"  ({name}): {what} of type: {type(value).__name__}"
    size = "x".join(map(str, value.shape))
    return f"  ({name}): {what} containing: [{kind} of size {size}]"


class ParameterList(Module):
    """A list of parameters; a tensor becomes one."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.__dict__["_size"] = 0
        self.extend(values or ())

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        setattr(self, str(self._size), _as_parameter(value))
        self.__dict__["_size"] += 1
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add parameters at the end."""
        for x in values:
            self.append(x)
        return self

    def _position(self, index: Any) -> str:
        at = operator.index(index)
        if not -self._size <= at < self._size:
            raise IndexError(f"index {at} is out of range")
        return str(at % self._size)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ParameterList([self[i] for i in range(*index.indices(self._size))])
        return getattr(self, self._position(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        setattr(self, self._position(index), _as_parameter(value))

    def __len__(self) -> int:
        return int(self._size)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._size))

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def extra_repr(self) -> str:
        return "\n".join(_described(i, x, f"{x.dtype}") for i, x in enumerate(self))


class ParameterDict(_Named):
    """Parameters by name; a tensor becomes one."""

    held = "_parameters"

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def __setitem__(self, name: str, value: Any) -> None:
        self.register_parameter(name, _as_parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(_described(name, x, type_name(x)) for name, x in self.items())
