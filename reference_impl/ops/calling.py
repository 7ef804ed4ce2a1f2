"""Losses under torch's signatures, old flags included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.ops.rule import define_function

REDUCTIONS = ("mean", "sum", "none")


def enter(name: str, order: str, fn: Callable[..., Any]) -> None:
    """Enter ``nn.functional.<name>`` with torch's parameters in ``order``.

    The old flags ``size_average`` and ``reduce`` among them become ``reduction``.
    """
    names = order.split()

    def op(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments but {len(args)} were given")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        average, reduce = given.pop("size_average", None), given.pop("reduce", None)
        if average is not None or reduce is not None:
            given["reduction"] = (
                "none" if reduce is False else "sum" if average is False else "mean"
            )
        if given.get("reduction", "mean") not in (*REDUCTIONS, "batchmean"):
            raise ValueError(f"{given['reduction']} is not a valid value for reduction")
        return fn(**given)

    define_function(f"nn.functional.{name}", op, method=False)
