"""torch.ops.aten: ops by their inner names, for those who must name an overload."""

from __future__ import annotations

from typing import Any

from reference_impl.registry import require


class Overload:
    """One overload of an op; all of them call the op that has its name."""

    def __init__(self, name: str, overload: str) -> None:
        self.name, self.overload = name, overload

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return require(self.name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverload(op='aten.{self.name}', overload='{self.overload}')>"

    def __str__(self) -> str:
        return f"aten.{self.name}.{self.overload}"


class OverloadPacket:
    """All overloads of an op."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, overload: str) -> Overload:
        if overload.startswith("__"):
            raise AttributeError(overload)
        made = self.__dict__[overload] = Overload(self.name, overload)
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return require(self.name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='aten.{self.name}')>"


def __getattr__(name: str) -> OverloadPacket:
    if name.startswith("__"):
        raise AttributeError(name)
    made = globals()[name] = OverloadPacket(name)
    return made
