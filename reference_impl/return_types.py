"""The named tuples that ops with several results return, as torch names and prints them."""

from __future__ import annotations

from typing import Any


class ReturnType(tuple[Any, ...]):
    """A tuple whose parts have names."""

    __slots__ = ()
    names: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self.names:
            return self[self.names.index(name)]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        rows = [f"{name}={value!r}" for name, value in zip(self.names, self, strict=True)]
        return f"torch.return_types.{type(self).__name__}(\n" + ",\n".join(rows) + ")"

    def __reduce__(self) -> Any:
        return type(self), (tuple(self),)


def make_type(name: str, *names: str) -> type[ReturnType]:
    """A named tuple type; found under its name as an attribute of this module."""
    made = type(
        name, (ReturnType,), {"__slots__": (), "names": names, "__module__": "torch.return_types"}
    )
    TYPES[name] = made
    return made


TYPES: dict[str, type[ReturnType]] = {}


def __getattr__(name: str) -> Any:
    if name in TYPES:
        return TYPES[name]
    raise AttributeError(f"module 'torch.return_types' has no attribute {name!r}")
