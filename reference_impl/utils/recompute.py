"""What a checkpointed call keeps instead of its saved tensors, and how it gets them back."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from reference_impl.amp.casting import as_then
from reference_impl.autograd.graph import node_creation_hook, saved_tensors_hooks
from reference_impl.engine import RUNNING
from reference_impl.grad_mode import MODE, enable_grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class CheckpointError(RuntimeError):
    """Recomputation did not save what the first run saved."""


class StopRecomputationError(Exception):
    """Everything that is needed has been recomputed."""


class _Place:
    """Stands in the graph for a saved tensor that will be recomputed."""

    def __init__(self, number: int) -> None:
        self.number = number


def _no_metadata(_t: Tensor) -> None:
    return None


def _metadata(t: Tensor) -> dict[str, Any]:
    return {"shape": t.shape, "dtype": t.dtype, "device": t.device}


DETERMINISM: dict[str, Callable[[Tensor], Any]] = {"default": _metadata, "none": _no_metadata}


@contextlib.contextmanager
def replayed(state: Any) -> Iterator[None]:
    """Inside, random numbers are drawn from ``state`` on; None: from where the generator is."""
    if state is None:
        yield
        return
    bits = OPS["default_generator"].numpy.bit_generator  # type: ignore[attr-defined]
    before = bits.state
    bits.state = state
    try:
        yield
    finally:
        bits.state = before


def random_state() -> Any:
    """Where the generator is."""
    return OPS["default_generator"].numpy.bit_generator.state  # type: ignore[attr-defined]


class Frame:
    """One checkpointed call.

    Attributes:
        rerun: runs the function again.
        metadata: of each tensor that the first run would have saved, in order.
        found: per backward pass, what recomputation saved.
    """

    def __init__(
        self,
        rerun: Callable[[], Any],
        *,
        early_stop: bool,
        check: Callable[[Tensor], Any],
        debug: bool,
    ) -> None:
        self.rerun = rerun
        self.early_stop, self.check, self.debug = early_stop, check, debug
        self.casting = MODE.autocast
        self.metadata: list[Any] = []
        self.nodes: list[str] = []
        self.found: weakref.WeakKeyDictionary[Any, list[Tensor]] = weakref.WeakKeyDictionary()

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """The first run: count what is saved and keep none of it."""

        def pack(t: Tensor) -> _Place:
            self.metadata.append(self.check(t))
            return _Place(len(self.metadata) - 1)

        with saved_tensors_hooks(pack, self._unpack), self._noting(self.nodes):
            yield

    def _noting(self, nodes: list[str]) -> Any:
        """With debug, the names of the nodes that are recorded."""
        note = lambda node: nodes.append(node.name())  # noqa: E731
        return node_creation_hook(note) if self.debug else contextlib.nullcontext()

    def _unpack(self, place: _Place) -> Tensor:
        task = RUNNING.tasks[-1] if RUNNING.tasks else None
        values = None if task is None else self.found.get(task)
        if values is None:
            values = self._recompute()
            if task is not None:
                self.found[task] = values
        return values[place.number]

    def _recompute(self) -> list[Tensor]:
        values: list[Tensor] = []
        nodes: list[str] = []

        def pack(t: Tensor) -> Tensor:
            values.append(t.detach())
            if self.early_stop and len(values) == len(self.metadata):
                raise StopRecomputationError
            return t

        with (
            contextlib.suppress(StopRecomputationError),
            saved_tensors_hooks(pack, lambda t: t),
            self._noting(nodes),
            enable_grad(),
            as_then(self.casting),
        ):
            self.rerun()
        self._compare(values, nodes)
        return values

    def _compare(self, values: list[Tensor], nodes: list[str]) -> None:
        shown = (
            f"\nRecorded in the first run: {self.nodes}\nRecorded in recomputation: {nodes}"
            if self.debug
            else ""
        )
        if len(values) != len(self.metadata):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.metadata)}\n"
                f"Number of tensors saved during recomputation: {len(values)}{shown}"
            )
        pairs = enumerate(zip(self.metadata, map(self.check, values), strict=True))
        wrong = [
            f"tensor at position {i}:\nsaved metadata: {a}\nrecomputed metadata: {b}"
            for i, (a, b) in pairs
            if a != b
        ]
        if wrong:
            listed = "\n".join(wrong)
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the "
                f"forward pass.\n{listed}{shown}"
            )
