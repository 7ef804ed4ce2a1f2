"""torch.autograd.graph: nodes, edges, and hooks on what the graph saves."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from reference_impl import engine
from reference_impl.autograd.saved_hooks import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_tensors_hooks,
)
from reference_impl.grad_mode import MODE
from reference_impl.graph import GradientEdge, Node, edge
from reference_impl.hooks import RemovableHandle
from reference_impl.inplace import bump
from reference_impl.missing import NotOfferedError
from reference_impl.tensor import Tensor

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "node_creation_hook",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class _Token(NamedTuple):
    """Keeps what an edge needs of its tensor."""

    shape: Any
    dtype: Any


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of ``tensor`` is computed.

    Raises:
        RuntimeError: it does not require grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients"
        )
    return GradientEdge(edge(tensor), tensor._output_nr, _Token(tensor.shape, tensor.dtype))


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Raise the version as a write would, for writes autograd cannot see."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        bump(t)


@contextlib.contextmanager
def node_creation_hook(fn: Callable[[Node], None]) -> Iterator[None]:
    """Inside, ``fn`` is called with each node that is recorded."""
    MODE.node_creation_hooks = (*MODE.node_creation_hooks, fn)
    MODE.refresh()
    try:
        yield
    finally:
        MODE.node_creation_hooks = MODE.node_creation_hooks[:-1]
        MODE.refresh()


class _MultiHandle(RemovableHandle):
    """Removes the hooks on all tensors at once."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> RemovableHandle:
    """Call ``fn`` once per pass: with all gradients when the last is known, or with the first one.

    Raises:
        ValueError: ``mode`` is neither "all" nor "any".
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    lock = threading.Lock()
    if mode == "any":
        return _any_hook(tensors, fn, lock)
    count: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
    grads: weakref.WeakKeyDictionary[Any, list[Any]] = weakref.WeakKeyDictionary()
    expected: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
    nodes = [edge(t) for t in tensors]

    def at(i: int) -> Callable[[Any], None]:
        def inner(grad: Any) -> None:
            task = engine.RUNNING.tasks[-1]
            if task not in grads:
                grads[task] = [None] * len(tensors)
                count[task] = 0
                expected[task] = sum(engine.will_run(task, node) for node in nodes)
            grads[task][i] = grad
            count[task] += 1
            if count[task] == expected[task]:
                fn(grads.pop(task))

        return inner

    return _MultiHandle(tuple(t.register_hook(at(i)) for i, t in enumerate(tensors)))


def _any_hook(tensors: Sequence[Tensor], fn: Callable[..., None], lock: Any) -> RemovableHandle:
    ran: weakref.WeakSet[Any] = weakref.WeakSet()

    def wrapped(grad: Any) -> None:
        task = engine.RUNNING.tasks[-1]
        with lock:
            if task in ran:
                return
            ran.add(task)
        fn(grad)

    return _MultiHandle(tuple(t.register_hook(wrapped) for t in tensors if t.requires_grad))


class region_activation_memory_budget:  # noqa: N801 - torch's name
    """A hint to the compiler; refused outside compiled code, which the reference does not have."""

    def __init__(self, budget: float) -> None:
        if not isinstance(budget, int | float) or isinstance(budget, bool):
            raise TypeError(
                f"region_activation_memory_budget expects a float, got {type(budget).__name__}"
            )
        if not 0 <= budget <= 1:
            raise ValueError(f"region_activation_memory_budget must be in [0, 1], got {budget}")

    def __enter__(self) -> None:
        raise RuntimeError(
            "region_activation_memory_budget can only be used inside a torch.compile region"
        )

    def __exit__(self, *exc_info: object) -> None:
        """Never entered."""


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """There are no streams to mismatch."""


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.autograd.graph", name, __all__)
