"""Storage: memory and its version counter."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.dtypes import of_array


class Storage:
    """What a tensor, its views and its ``detach()`` share; ``.data`` gets a new one over the same memory.

    A tensor that nobody shares and nobody wrote to has none yet (its version is 0), so that plain arithmetic does
    not pay for it.
    """

    __slots__ = ("_memory", "version")

    def __init__(self, memory: Any = None, version: int = 0) -> None:
        self.version = version
        self._memory = memory

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return root(self._memory).__array_interface__["data"][0] if self._memory is not None else 0

    def size(self) -> int:
        """Number of elements."""
        return int(root(self._memory).size) if self._memory is not None else 0

    def nbytes(self) -> int:
        """Number of bytes."""
        if self._memory is None:
            return 0
        held = root(self._memory)
        return int(held.size) * of_array(held).itemsize

    def __len__(self) -> int:
        return self.size()


def root(array: Any) -> Any:
    """The array that owns the memory of ``array``."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
