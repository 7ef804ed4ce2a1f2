"""What stands for the tangent of an input that has none."""

from __future__ import annotations

from typing import Any, Self

from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# Rules whose tangent is made of products, quotients, sums and differences only.
_ARITHMETIC = frozenset(["mul", "true_divide"])


class _Absent:
    """No tangent at all: not a zero, which an infinite factor would make NaN."""

    def _absent(self, _other: Any = None) -> Self:
        return self

    def _other(self, other: Any) -> Any:
        return other

    __mul__ = __rmul__ = __truediv__ = __neg__ = _absent
    __add__ = __radd__ = __rsub__ = _other

    def __sub__(self, other: Any) -> Any:
        return -other


ABSENT = _Absent()


def filled(rule: str, inputs: list[Any], tangents: list[Any]) -> list[Any]:
    """The tangents of a rule's inputs, with something that adds nothing where an input has none."""
    if rule in _ARITHMETIC:
        return [ABSENT if t is None else t for t in tangents]
    return [_or_zeros(x, t) for x, t in zip(inputs, tangents, strict=True)]


def _or_zeros(x: Any, t: Any) -> Any:
    if t is not None or x is None:
        return t
    return OPS["zeros_like"](x) if isinstance(x, Tensor) else 0.0
