"""The checks that belong to an operator, by its name: entered here, asked for once where the operator is defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

# Note [Checks beside the operators]
# What an operator refuses is a promise of its own, and most of it is alike for whole families: a dimension out of
# range, a size that does not fit, a dtype that is not taken. So the checks stand together by kind - shapes, dtypes,
# ranges - and not in each operator. A check has the parameters of its operator and runs before it. An operator without
# one pays nothing: which there are is looked up when it is defined.

Check = TypeVar("Check", bound=Callable[..., None])
_CHECKS: dict[str, list[Callable[..., None]]] = {}


def before(*names: str) -> Callable[[Check], Check]:
    """Enter a check that runs before each of these operators."""

    def enter(check: Check) -> Check:
        for name in names:
            _CHECKS.setdefault(name, []).append(check)
        return check

    return enter


def checks_of(name: str) -> tuple[Callable[..., None], ...]:
    """The checks that run before an operator."""
    return tuple(_CHECKS.get(name, ()))


def refuse(wrong: Any, message: str, error: type[Exception] = RuntimeError) -> None:
    """Raise ``error`` where something is wrong."""
    if wrong:
        raise error(message)


def sizes(x: Any) -> list[int]:
    """The shape, as messages have it."""
    return [int(n) for n in x.shape]
