"""Custom Functions in forward mode: what ``jvp`` is given, and what it may return."""

from __future__ import annotations

from typing import Any

from reference_impl import forward_ad
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.guarding import user_code
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def dual_level(args: tuple[Any, ...]) -> int | None:
    """The innermost open level at which an argument has a tangent."""
    if not DUAL_LEVELS or not MODE.fwd_grad:
        return None
    for level in reversed(DUAL_LEVELS):
        if any(forward_ad.tangent_of(x, level) is not None for x in args):
            return level
    return None


def by_input(args: tuple[Any, ...], level: int) -> dict[int, Any]:
    """The tangents of the arguments, by the identity of each."""
    pairs = ((x, forward_ad.tangent_of(x, level)) for x in args if isinstance(x, Tensor))
    return {id(x): t for x, t in pairs if t is not None}


def jvp(ctx: Any, args: tuple[Any, ...], level: int) -> tuple[Any, ...]:
    """Tangents of the outputs, computed below ``level``."""
    tangents = [forward_ad.tangent_of(x, level) if isinstance(x, Tensor) else None for x in args]
    if ctx.materialize_grads:
        tangents = [
            OPS["zeros_like"](x)
            if t is None and isinstance(x, Tensor) and x._data.dtype.kind in "fc"
            else t
            for x, t in zip(args, tangents, strict=True)
        ]
    kept, ctx.to_save = ctx.to_save, (ctx.saved_for_forward or ctx.to_save)
    with forward_ad.highest_level(level - 1), user_code(ctx):
        found = ctx._forward_cls.jvp(ctx, *tangents)
    ctx.to_save = kept
    return found if isinstance(found, tuple) else (found,)


def set_tangents(
    ctx: Any, made: tuple[Any, ...], tangents: tuple[Any, ...], level: int, held: dict[int, Any]
) -> None:
    """Give the outputs what ``jvp`` returned; ``held`` has the tangents of the inputs that were written to."""
    if len(tangents) != len(made):
        raise RuntimeError(
            f"Function's jvp returned an invalid number of forward gradients (expected {len(made)} but got "
            f"{len(tangents)})"
        )
    for i, (o, t) in enumerate(zip(made, tangents, strict=True)):
        if not isinstance(o, Tensor) or t is None:
            continue
        _check(ctx, o, t, i, held)
        forward_ad.set_tangent(o, t, level)


def _check(ctx: Any, o: Tensor, t: Any, i: int, held: dict[int, Any]) -> None:
    """Refuse what cannot be the tangent of output number ``i``."""
    if not isinstance(t, Tensor):
        raise RuntimeError(  # noqa: TRY004 - torch's type
            f"expected Variable or None (got {type(t).__name__}) for grad output {i}."
        )
    if t._data.shape != o._data.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is "
            f"not supported. Tensor is of size {list(o.shape)} while the given forward gradient is of size "
            f"{list(t.shape)}."
        )
    if any(o is d for d in ctx.dirty_tensors):
        if held.get(id(o), t) is not t:
            raise RuntimeError(
                "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is "
                "modifying an input inplace, then the jvp function must modify the corresponding gradient inplace."
            )
    elif o._is_view() and not (t._is_view() or any(t is x for x in held.values())):
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
        )
