"""Dual levels, tangents."""

from __future__ import annotations

from typing import Any, NamedTuple

from reference_impl import grad_mode
from reference_impl.batching import Batched, example
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's two parts."""

    primal: Any
    tangent: Any


def open_level() -> int:
    """Open a dual level and return its number."""
    level = DUAL_LEVELS[-1] + 1 if DUAL_LEVELS else 0
    DUAL_LEVELS.append(level)
    MODE.refresh()
    return level


def close_level(level: int) -> None:
    """Close the innermost level, which must be ``level``."""
    if not DUAL_LEVELS or DUAL_LEVELS[-1] != level:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    DUAL_LEVELS.pop()
    MODE.refresh()


def tangent_of(t: Any, level: int) -> Tensor | None:
    """The tangent of ``t`` at ``level``, None for a constant."""
    if type(t) is Batched:
        return _mapped_tangent(t, level)
    meta = t._meta if isinstance(t, Tensor) else None
    if meta is None or not meta.tangents:
        return None
    found = meta.tangents.get(level)
    return (
        None
        if found is None or level not in DUAL_LEVELS
        else found[0]
        if found[1] == serial(level)
        else None
    )


def _mapped_tangent(t: Batched, level: int) -> Tensor | None:
    """The tangents of the examples."""
    found = [tangent_of(x, level) for x in t.examples]
    if all(tangent is None for tangent in found):
        return None
    filled = [
        OPS["zeros_like"](x) if d is None else d for x, d in zip(t.examples, found, strict=True)
    ]
    made: Tensor = Batched(t.level, filled)
    return made


def set_tangent(t: Tensor, tangent: Tensor | None, level: int) -> None:
    """Give ``t`` a tangent at an open level; it is forgotten when the level closes."""
    if type(t) is Batched:
        for k, x in enumerate(t.examples):
            set_tangent(x, example(tangent, t.level, k), level)
        return
    meta = t._autograd()
    if meta.tangents is None:
        meta.tangents = {}
    if tangent is None:
        meta.tangents.pop(level, None)
    else:
        meta.tangents[level] = (tangent, serial(level))


# Each opening of a level has a serial number, so that tangents of an earlier opening are not mistaken for ours.
_serials: dict[int, int] = {}


def serial(level: int) -> int:
    """Serial number of the present opening of ``level``."""
    return _serials.get(level, 0)


def renew(level: int) -> None:
    """Forget all tangents of ``level``: it was just opened."""
    _serials[level] = _serials.get(level, 0) + 1


class highest_level:  # noqa: N801 - used like a mode
    """Inside, tangents of levels above ``level`` are not seen."""

    def __init__(self, level: int) -> None:
        self.level = level

    def __enter__(self) -> None:
        self.hidden = [n for n in DUAL_LEVELS if n > self.level]
        for n in self.hidden:
            DUAL_LEVELS.remove(n)
        MODE.refresh()

    def __exit__(self, *exc_info: object) -> None:
        DUAL_LEVELS.extend(self.hidden)
        MODE.refresh()


def is_enabled() -> bool:
    """True while tangents are propagated in this thread."""
    return MODE.fwd_grad and bool(grad_mode.DUAL_LEVELS)


def start_tangent(target: Tensor, tangent: Tensor, level: int) -> None:
    """A tensor without a tangent gets one; a view gets it as a view of its base's."""
    base = target._base
    if base is None:
        set_tangent(target, tangent, level)
        return
    whole = tangent_of(base, level)
    if whole is None:
        zeros = OPS["zeros_like"](base)
        whole = tangent.map(lambda _: zeros.clone()) if isinstance(tangent, Batched) else zeros
        set_tangent(base, whole, level)
    part = whole
    assert target._meta is not None  # noqa: S101 - a view has autograd fields
    for step in target._meta.view.chain:
        part = step.rule.call(part, *step.params)
        part = part[step.which] if isinstance(part, tuple | list) else part
    part.copy_(tangent)
    set_tangent(target, part, level)
