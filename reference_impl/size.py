"""Size: the shape of a tensor, a tuple that prints as torch.Size."""

from __future__ import annotations

from typing import Any


class Size(tuple[int, ...]):
    """A shape; prints as torch.Size."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        """Number of elements of a tensor of this shape."""
        count = 1
        for n in self:
            count *= n
        return count

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return Size(found) if isinstance(key, slice) else found
