"""Paddings as modules."""

from __future__ import annotations

from typing import Any

from reference_impl.nn import functional
from reference_impl.nn.module import Module


class _Pad(Module):
    """A padding of the last ``n`` dimensions: sizes before and behind each, the last dimension first."""

    n, mode = 1, "constant"

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__()
        one = isinstance(padding, int)
        self.padding = (padding,) * (2 * self.n) if one else tuple(padding)  # type: ignore[arg-type]

    def forward(self, x: Any) -> Any:
        return functional.pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Pad):
    """One value around sequences."""

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Any) -> Any:
        return functional.pad(x, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """One value around images."""

    n = 2


class ConstantPad3d(ConstantPad1d):
    """One value around volumes."""

    n = 3


class ZeroPad1d(ConstantPad1d):
    """Zeros around sequences."""

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ZeroPad1d):
    """Zeros around images."""

    n = 2


class ZeroPad3d(ZeroPad1d):
    """Zeros around volumes."""

    n = 3


class ReflectionPad1d(_Pad):
    """Sequences mirrored at their ends."""

    mode = "reflect"


class ReflectionPad2d(ReflectionPad1d):
    """Images mirrored at their edges."""

    n = 2


class ReflectionPad3d(ReflectionPad1d):
    """Volumes mirrored at their faces."""

    n = 3


class ReplicationPad1d(_Pad):
    """The ends of sequences repeated."""

    mode = "replicate"


class ReplicationPad2d(ReplicationPad1d):
    """The edges of images repeated."""

    n = 2


class ReplicationPad3d(ReplicationPad1d):
    """The faces of volumes repeated."""

    n = 3


class CircularPad1d(_Pad):
    """Sequences continued from their other end."""

    mode = "circular"


class CircularPad2d(CircularPad1d):
    """Images continued from their other edge."""

    n = 2


class CircularPad3d(CircularPad1d):
    """Volumes continued from their other face."""

    n = 3
