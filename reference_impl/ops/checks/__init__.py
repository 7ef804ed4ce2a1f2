"""What operators refuse before they compute anything: checks by kind."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from reference_impl import arguments
from reference_impl.ops.checks import dtypes as dtypes
from reference_impl.ops.checks import images as images
from reference_impl.ops.checks import kinds as kinds
from reference_impl.ops.checks import losses as losses
from reference_impl.ops.checks import matrices as matrices
from reference_impl.ops.checks import places as places
from reference_impl.ops.checks import ranges as ranges
from reference_impl.ops.checks import shapes as shapes
from reference_impl.ops.checks import sizes as sizes
from reference_impl.ops.checks import windows as windows
from reference_impl.ops.checks.table import checks_of as checks_of


def guard_of(
    name: str, inputs: tuple[str, ...], params: Mapping[str, Any], *, variadic: bool
) -> Callable[[tuple[Any, ...]], None] | None:
    """What looks at the arguments of a row, in order, before it runs; None where there is nothing to look at.

    Inputs are left to `check_tensors` and to what comes of a wrong one: calls have many inputs and few errors.
    """
    skipped = 0 if variadic else len(inputs)
    named = {**dict.fromkeys(inputs if variadic else (), inspect.Parameter.empty), **params}
    plan, found = arguments.plan_of(name, named.items()), checks_of(name)
    if plan is None and not found:
        return None

    def guard(args: tuple[Any, ...]) -> None:
        if plan is not None:
            arguments.check(name, plan, args[skipped:], {})
        for check in found:
            check(*args)

    return guard
