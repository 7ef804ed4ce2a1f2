"""Names and the callables behind them; the one place where lower layers find what upper layers define."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from reference_impl.missing import NotOfferedError

OPS: dict[str, Callable[..., Any]] = {}


def register(name: str, fn: Callable[..., Any]) -> None:
    """Enter ``fn`` under op_db's name for it.

    Raises:
        ValueError: the name is taken.
    """
    if name in OPS:
        raise ValueError(f"op {name!r} is defined twice; give one of the rows another name")
    OPS[name] = fn


def lookup(name: str) -> Callable[..., Any] | None:
    """The callable that has op_db's name ``name`` and torch's Python signature, or None."""
    return OPS.get(name)


def names() -> list[str]:
    """The names of all ops that are no path."""
    return [name for name in OPS if "." not in name]


def require(name: str) -> Callable[..., Any]:
    """Like ``lookup``, for callers that cannot go on without.

    Raises:
        NotImplementedError: there is no such op; the nearest name is given.
    """
    fn = OPS.get(name)
    if fn is None:
        near = difflib.get_close_matches(name, OPS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise NotImplementedError(f"the reference has no op {name!r}{hint}")
    return fn


class Namespace:
    """Ops whose names begin with a prefix, as attributes: ``torch.linalg.inv`` is the op ``linalg.inv``."""

    def __init__(self, prefix: str) -> None:
        self.__name__ = prefix

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found = OPS.get(f"{self.__name__}.{name}")
        if found is None:
            offered = [
                n.removeprefix(f"{self.__name__}.")
                for n in OPS
                if n.startswith(f"{self.__name__}.")
            ]
            raise NotOfferedError(f"torch.{self.__name__}", name, offered)
        return found
