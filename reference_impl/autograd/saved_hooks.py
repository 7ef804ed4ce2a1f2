"""Contexts in which saved tensors are packed, kept elsewhere, or may be written to."""

from __future__ import annotations

import contextlib
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from reference_impl.grad_mode import MODE
from reference_impl.tensor import Tensor


class saved_tensors_hooks:  # noqa: N801 - torch's name
    """Inside, every saved tensor goes through ``pack_hook``, and each read through ``unpack_hook``."""

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if MODE.saved_hooks_disabled is not None:
            raise RuntimeError(MODE.saved_hooks_disabled)
        if not (callable(self.pack_hook) and callable(self.unpack_hook)):
            raise TypeError("incompatible function arguments: the hooks must be callable")
        MODE.saved_hooks = (*MODE.saved_hooks, (self.pack_hook, self.unpack_hook))
        MODE.refresh()

    def __exit__(self, *exc_info: object) -> None:
        MODE.saved_hooks = MODE.saved_hooks[:-1]
        MODE.refresh()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - torch's name
    """Inside, saved tensors are kept as copies on the CPU, where the reference has all tensors anyway."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        _ = pin_memory, device_type
        super().__init__(lambda t: t.detach().clone(), lambda t: t)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, entering a hook context raises RuntimeError with this message."""
    if MODE.saved_hooks:
        raise RuntimeError(error_message)
    previous = MODE.saved_hooks_disabled
    MODE.saved_hooks_disabled = error_message
    try:
        yield
    finally:
        MODE.saved_hooks_disabled = previous


class _Handle:
    """What is kept in place of a saved tensor."""


class _Mutations:
    """The saved tensors of one context: those still as they were, and copies of those that were written to since.

    A tensor is known by itself, its place in memory and its version; a storage by itself and its version.
    """

    def __init__(self) -> None:
        self.cloned: weakref.WeakKeyDictionary[_Handle, Tensor] = weakref.WeakKeyDictionary()
        self.original: weakref.WeakKeyDictionary[_Handle, Tensor] = weakref.WeakKeyDictionary()
        self.tid_to_weakhandle: weakref.WeakValueDictionary[Any, _Handle] = (
            weakref.WeakValueDictionary()
        )
        self.sid_to_tid: defaultdict[Any, set[Any]] = defaultdict(set)

    def clear(self) -> None:
        """Forget everything: the context is left."""
        for held in (self.cloned, self.original, self.tid_to_weakhandle, self.sid_to_tid):
            held.clear()

    def pack(self, t: Tensor) -> _Handle:
        """A handle in place of the tensor, the same as long as it is the same tensor in the same version."""
        place = t._array().__array_interface__["data"][0]
        tid = (id(t), place, t._version)
        self.sid_to_tid[id(t._shared()), t._version].add(tid)
        handle = self.tid_to_weakhandle.get(tid)
        if handle is None:
            handle = self.tid_to_weakhandle[tid] = _Handle()
            self.original[handle] = t
        return handle

    def unpack(self, handle: _Handle) -> Tensor:
        """The tensor as it was when it was saved."""
        found = self.cloned.get(handle)
        found = self.original.get(handle) if found is None else found
        if found is None:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was "
                "originally recorded."
            )
        return found

    def before_write(self, t: Tensor) -> None:
        """Copy the saved tensors that share the memory about to be written."""
        if t.is_inference():
            return
        for tid in self.sid_to_tid.get((id(t._shared()), t._version), ()):
            handle = self.tid_to_weakhandle.get(tid)  # None once backward has let it go
            if handle is not None and handle in self.original:
                self.cloned[handle] = self.original.pop(handle).clone()


class allow_mutation_on_saved_tensors:  # noqa: N801 - torch's name
    """Inside, a saved tensor may be written to: backward uses the value it had when it was saved."""

    def __enter__(self) -> _Mutations:
        if MODE.before_write is not None:
            raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
        self.mutations = _Mutations()
        self.hooks = saved_tensors_hooks(self.mutations.pack, self.mutations.unpack)
        self.hooks.__enter__()
        MODE.before_write = self.mutations.before_write
        MODE.refresh()
        return self.mutations

    def __exit__(self, *exc_info: object) -> None:
        MODE.before_write = None
        self.hooks.__exit__(*exc_info)
        self.mutations.clear()
