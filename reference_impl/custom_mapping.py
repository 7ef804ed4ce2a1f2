"""Custom Functions under vmap: their own rule, or one call per example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reference_impl.batching import Batched, example, highest, size_at
from reference_impl.grad_mode import MODE
from reference_impl.mapping import loop, mark
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

HELP = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"


class VmapInfo(NamedTuple):
    """What a ``vmap`` staticmethod is told."""

    batch_size: int
    randomness: str


def apply(cls: Any, call: Callable[..., Any], args: tuple[Any, ...], *, own: bool) -> Any:
    """Call a custom Function inside function transforms.

    Raises:
        RuntimeError: it is being mapped and has no rule for that, or two.
    """
    if not MODE.vmap:
        return mark(call(*args))
    if own and cls.generate_vmap_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and "
            "an overriden vmap staticmethod. "
            "Please set generate_vmap_rule=False or delete the overriden vmap staticmethod to "
            f"avoid ambiguity. {HELP}"
        )
    if not own and not cls.generate_vmap_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please "
            "override and implement the vmap "
            f"staticmethod or set generate_vmap_rule=True. {HELP}"
        )
    level = highest(args)
    if not level:
        found = call(*args)
    elif own:
        found = _by_rule(cls, level, args)
    else:
        found = loop(level, lambda *a: apply(cls, call, a, own=own), cls.__name__, args, {})
    return mark(found) if MODE.transforms else found


def _by_rule(cls: Any, level: int, args: tuple[Any, ...]) -> Any:
    """The function's own ``vmap`` on whole tensors."""
    size = next(n for n in (size_at(x, level) for x in args) if n is not None)
    pairs = [_whole(x, level, size) for x in args]
    previous = MODE.vmap
    randomness = next((m.randomness for m in previous if m.level == level), "error")
    MODE.vmap = tuple(m for m in previous if m.level != level)
    MODE.refresh()
    try:
        found = cls.vmap(
            VmapInfo(size, randomness), tuple(d for _, d in pairs), *(x for x, _ in pairs)
        )
        if not (isinstance(found, tuple) and len(found) == 2):  # noqa: PLR2004 - a pair
            raise RuntimeError(
                f"Expected the vmap staticmethod of {cls.__name__} to return (output, out_dims), "
                f"got {type(found).__name__}"
            )
        return _parts(*found, level, size)
    finally:
        MODE.vmap = previous
        MODE.refresh()


def _whole(x: Any, level: int, size: int) -> tuple[Any, int | None]:
    """A tensor with its mapped dimension, which is None for what is not mapped."""
    if size_at(x, level) is None:
        return x, None
    if x.level == level and x.source is not None:
        whole: tuple[Tensor, int] = x.source
        return whole
    return OPS["stack"]([example(x, level, k) for k in range(size)], 0), 0


def _parts(output: Any, dims: Any, level: int, size: int) -> Any:
    if isinstance(output, tuple | list):
        each = dims if isinstance(dims, tuple | list) else [dims] * len(output)
        return type(output)(_parts(o, d, level, size) for o, d in zip(output, each, strict=True))
    if dims is None or not isinstance(output, Tensor):
        return output
    return Batched(level, [OPS["select"](output, dims, k) for k in range(size)], (output, dims))
