"""torch.autograd.forward_ad: dual levels and dual tensors."""

from __future__ import annotations

from typing import Any

from reference_impl.forward_ad import (
    UnpackedDualTensor,
    close_level,
    open_level,
    renew,
    set_tangent,
    tangent_of,
)
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = [
    "UnpackedDualTensor",
    "dual_level",
    "enter_dual_level",
    "exit_dual_level",
    "make_dual",
    "unpack_dual",
]
_OPEN: list[int] = []


def __getattr__(name: str) -> Any:
    if name == "_current_level":
        return _OPEN[-1] if _OPEN else -1
    raise NotOfferedError("torch.autograd.forward_ad", name, __all__)


def enter_dual_level() -> int:
    """Open a level.

    Raises:
        RuntimeError: one is open already; nested forward mode is reached through torch.func.jvp.
    """
    if _OPEN:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    level = open_level()
    renew(level)
    _OPEN.append(level)
    return level


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level."""
    if level is None:
        level = _OPEN[-1] if _OPEN else -1
    if level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    if not _OPEN or level != _OPEN[-1]:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    _OPEN.pop()
    close_level(level)


def _level(level: int | None) -> int:
    return (_OPEN[-1] if _OPEN else -1) if level is None else level


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A view of ``tensor`` with a tangent.

    Raises:
        RuntimeError: no level is open, or the tangent does not fit.
        ValueError: ``tensor`` is neither floating point nor complex.
    """
    at = _level(level)
    if at < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if tensor._data.dtype.kind not in "fc":
        raise ValueError(
            f"Expected primal to be floating point or complex, but got: {tensor.dtype}"
        )
    if tangent._data.dtype.kind not in "fc":
        raise ValueError(
            f"Expected tangent to be floating point or complex, but got: {tangent.dtype}"
        )
    if tangent._data.shape != tensor._data.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor.shape)} while the given forward gradient is of "
            f"size {list(tangent.shape)}."
        )
    if tangent_of(tensor, at) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same "
            f"level {at} is not supported."
        )
    if tangent_of(tangent, at) is not None:
        raise RuntimeError(
            f"Setting a forward grad that itself has a forward gradient at the same level{at} is not supported."
        )
    previous = list(DUAL_LEVELS)
    DUAL_LEVELS.remove(at)
    try:
        dual: Tensor = OPS["_make_dual"](tensor)
    finally:
        DUAL_LEVELS[:] = previous
    set_tangent(dual, tangent, at)
    return dual


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """The primal, as a view, and the tangent (None for a constant)."""
    at = _level(level)
    if at < 0 or not isinstance(tensor, Tensor):
        return UnpackedDualTensor(tensor, None)
    tangent = tangent_of(tensor, at)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    previous = list(DUAL_LEVELS)
    DUAL_LEVELS.remove(at)
    try:
        primal = OPS["_unpack_dual"](tensor)
    finally:
        DUAL_LEVELS[:] = previous
    return UnpackedDualTensor(primal, tangent)


class dual_level:  # noqa: N801 - torch's name
    """Opens a level for the time of a block."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc_info: object) -> None:
        exit_dual_level()


class _set_fwd_grad_enabled:  # noqa: N801 - torch's name
    """Switch the propagation of tangents."""

    def __init__(self, mode: bool) -> None:
        self.previous = MODE.fwd_grad
        MODE.fwd_grad = mode

    def __enter__(self) -> None:
        """The mode was set when the object was made."""

    def __exit__(self, *exc_info: object) -> None:
        MODE.fwd_grad = self.previous


def _is_fwd_grad_enabled() -> bool:
    return MODE.fwd_grad
