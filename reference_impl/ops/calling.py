"""Losses under torch's signatures, old flags included."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from reference_impl import arguments
from reference_impl.ops.rule import define_function

REDUCTIONS = ("mean", "sum", "none")
# Parameters that are not None unless they are left out.
_GIVEN = """
    input target anchor positive negative input1 input2 margin eps full log_target log_input swap label_smoothing
"""
_DEFAULTS = dict.fromkeys(_GIVEN.split(), inspect.Parameter.empty)


def enter(name: str, order: str, fn: Callable[..., Any]) -> None:
    """Enter ``nn.functional.<name>`` with torch's parameters in ``order``.

    The old flags ``size_average`` and ``reduce`` among them become ``reduction``.
    """
    names = order.split()
    plan = arguments.plan_of(f"nn.functional.{name}", ((n, _DEFAULTS.get(n)) for n in names))

    def op(*args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments but {len(args)} were given")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if plan is not None:
            arguments.check(f"nn.functional.{name}", plan, (), given)
        average, reduce = given.pop("size_average", None), given.pop("reduce", None)
        if average is not None or reduce is not None:
            given["reduction"] = (
                "none" if reduce is False else "sum" if average is False else "mean"
            )
        if given.get("reduction", "mean") not in (*REDUCTIONS, "batchmean"):
            raise ValueError(f"{given['reduction']} is not a valid value for reduction")
        return fn(**given)

    define_function(f"nn.functional.{name}", op, method=False)
