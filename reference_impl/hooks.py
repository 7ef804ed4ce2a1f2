"""Hooks of tensors and nodes: their order, their handles, what their results may be."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from reference_impl import errors
from reference_impl.tensor import Tensor

_ids = itertools.count()
Hooks = OrderedDict[int, Callable[..., Any]]


class RemovableHandle:
    """Removes the hook it was returned for; removing twice is harmless. Usable as a context manager."""

    def __init__(self, hooks: Hooks) -> None:
        self.id = next(_ids)
        self._hooks = weakref.ref(hooks)

    def remove(self) -> None:
        """Take the hook away."""
        holder = self._hooks()
        if holder is not None:
            holder.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()


class HookDict(OrderedDict[int, Callable[..., Any]]):
    """Hooks in registration order; weakly referenced by their handles."""


def add(hooks: Hooks, fn: Callable[..., Any], *, prepend: bool = False) -> RemovableHandle:
    """Register ``fn`` behind the others, or before them."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = fn
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


class NodeHooks:
    """The rare fields of a node: hooks, the user's metadata, where the forward call stood."""

    __slots__ = ("metadata", "post", "pre", "retained", "tensor_pre", "trace")

    def __init__(self) -> None:
        self.tensor_pre: dict[int, Hooks] = {}  # output number -> hooks of that tensor
        self.retained: dict[
            int, weakref.ref[Tensor]
        ] = {}  # output number -> tensor that retains its gradient
        self.pre: Hooks = HookDict()
        self.post: Hooks = HookDict()
        self.metadata: dict[Any, Any] | None = None
        self.trace: str | None = None


def check_result(found: Any, previous: Tensor, name: str) -> Tensor:
    """``found`` if it may replace the gradient ``previous``.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: its dtype or shape differs.
    """
    if not isinstance(found, Tensor):
        raise TypeError(
            f"expected Variable, but hook returned '{type(found).__name__}' (hook {name!r})"
        )
    if found._data.dtype != previous._data.dtype:
        raise errors.HookResultError(
            f"hook '{name}' has changed the type of value (was torch.{previous.dtype.short}Tensor got "
            f"torch.{found.dtype.short}Tensor)"
        )
    if found._data.shape != previous._data.shape:
        raise errors.HookResultError(
            f"hook '{name}' has changed the size of value (was {list(previous.shape)} got {list(found.shape)})"
        )
    return found


def check_results(
    found: Any, previous: tuple[Any, ...], fn: Any, *, bare: bool = False
) -> tuple[Any, ...]:
    """What a hook of a node returned, if it may replace ``previous``; with ``bare`` a tensor stands for a tuple of one.

    Raises:
        TypeError: something in it is neither a tensor nor None.
        RuntimeError: it has another number of values, or one of another dtype or shape.
    """
    name = getattr(fn, "__name__", repr(fn))
    if not isinstance(found, tuple) and not bare:
        raise TypeError(f"expected tuple, but hook returned '{type(found).__name__}'")
    many = found if isinstance(found, tuple) else (found,)
    if len(many) != len(previous):
        raise errors.HookResultError(
            f"hook '{name}' has returned an incorrect number of values (got {len(many)}, but expected {len(previous)})"
        )
    return tuple(
        new if new is None or old is None else check_result(new, old, name)
        for new, old in zip(many, previous, strict=True)
    )


def check_nothing(found: Any) -> None:
    """Refuse a result of a post-accumulate hook.

    Raises:
        TypeError: it is no tensor.
        RuntimeError: it is one.
    """
    if found is None:
        return
    if not isinstance(found, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(found).__name__}'")
    raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def run_tensor_hooks(hooks: Hooks, grad: Tensor) -> Tensor:
    """``grad`` after each hook in turn; a hook that returns None leaves it."""
    for fn in tuple(hooks.values()):
        found = fn(grad)
        if found is not None:
            grad = check_result(found, grad, getattr(fn, "__name__", repr(fn)))
    return grad


def warn_non_leaf_grad() -> None:
    """The warning for reading .grad of a tensor that keeps none."""
    warnings.warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
        "you access the leaf Tensor instead.",
        UserWarning,
        stacklevel=4,
    )
