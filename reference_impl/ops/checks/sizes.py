"""Tensors made from nothing: sizes, steps and numbers of elements."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

from reference_impl.ops.checks.table import before, refuse


@before("full", "zeros", "ones", "empty", "rand", "randn")
def _sizes(*size: Any, **_: Any) -> None:
    wanted = size[0] if size and isinstance(size[0], tuple | list) else size
    refuse(
        any(isinstance(n, int) and n < 0 for n in wanted if not isinstance(n, bool)),
        f"Trying to create tensor with negative dimension {wanted}",
    )


@before("full")
def _filled(size: Any, fill_value: Any, **_: Any) -> None:
    refuse(
        isinstance(fill_value, str),
        "full(): argument 'fill_value' (position 2) must be Number, not str",
        TypeError,
    )


@before("randperm", "eye")
def _count(n: Any, m: Any = None, **_: Any) -> None:
    for count in (n, m):
        refuse(
            isinstance(count, int) and count < 0, f"n must be greater or equal to 0, got {count}"
        )


@before("linspace", "logspace")
def _steps(start: Any, end: Any, steps: Any, *_: Any, **__: Any) -> None:
    refuse(isinstance(steps, int) and steps < 0, "number of steps must be non-negative")


@before("arange")
def _range(*args: Any, **_: Any) -> None:
    if len(args) != 3 or not all(isinstance(x, int | float) for x in args):
        return
    start, end, step = args
    refuse(step == 0, "step must be nonzero")
    refuse((end - start) * step < 0, "upper bound and lower bound inconsistent with step sign")


@before("tril_indices", "triu_indices")
def _triangle(row: int, col: int, *_: Any, **__: Any) -> None:
    refuse(row < 0, f"row must be non-negative, got {row}")
    refuse(col < 0, f"col must be non-negative, got {col}")
