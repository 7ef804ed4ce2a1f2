"""Which kinds of arrays besides NumPy's own the program has made: bfloat16, without memory, sparse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# Note [Other kinds of arrays]
# The data of a tensor is NumPy's own array or scalar, or one of ours: ``BFloat16``, ``Meta``, ``Sparse``. A program
# that makes none of them must not pay for them. The first one is noted here, and from then on every op takes the long
# path, where ``other_arrays`` is asked what the op makes of its arrays.

SEEN: set[str] = set()
LISTENERS: list[Callable[[], None]] = []
# Ops that are others where an operand is sparse or masked: (kind, name) -> what is called in their place.
TWINS: dict[tuple[str, str], Callable[..., Any]] = {}


class Unreadable:
    """What arrays have in common that cannot be handed to NumPy."""

    why_not_numpy = ""
    numpy_error: type[Exception] = TypeError
    kind = ""
    layout = "strided"

    def adopt(self, x: Any) -> Any:
        """What a formula made of this array, as an array of its kind where that is what it must be."""
        return x

    def copy(self, order: Any = "C") -> Any:
        """The same numbers elsewhere."""
        raise NotImplementedError


def copied(x: Any) -> Any:
    """An array's copy, of its own kind."""
    return x.copy() if isinstance(x, Unreadable) else np.array(x)


def note(kind: str) -> None:
    """Say that the program is about to make an array of this kind."""
    if kind not in SEEN:
        SEEN.add(kind)
        for fn in LISTENERS:
            fn()


def forget() -> None:
    """Take the short paths again, when no such array is left: one test must not slow down, or spare, the next."""
    if SEEN:
        SEEN.clear()
        for fn in LISTENERS:
            fn()
