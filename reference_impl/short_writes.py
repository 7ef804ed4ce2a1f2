"""Writes of pointwise ops of two operands, and ``x[i]``, unrolled for plain tensors. See Note [Short paths]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl.calls import write
from reference_impl.grad_mode import MODE
from reference_impl.graph import edge, next_sequence
from reference_impl.inplace_names import NAMED_OTHERWISE
from reference_impl.saved import save
from reference_impl.tensor import AutogradMeta, Tensor
from reference_impl.views import DEFAULT, Step, ViewInfo, is_tracked_view, rebase

new = object.__new__
ndarray = np.ndarray
may_share_memory = np.may_share_memory


def make_write(rule: Any) -> Callable[..., Any]:
    """The in-place form of an op."""

    def op(*args: Any, **kwargs: Any) -> Any:
        return write(rule, args, kwargs)

    return op


def is_short_write(rule: Any) -> bool:
    """True if the in-place form of a pointwise op of two operands has a short path."""
    return not rule.uniform and rule.node_class.__name__ not in NAMED_OTHERWISE


def make_binary_write(rule: Any) -> Callable[..., Any]:  # noqa: C901, PLR0915 - see Note [Short paths]
    """The in-place form of a pointwise op of two tensors, or of a tensor and a number."""
    forward = rule.forward
    node_class = rule.node_class
    of_self = rule.names_for("self")
    of_other = rule.names_for("other")
    self_for_self, self_for_other = "self" in of_self, "self" in of_other
    other_for_self, other_for_other = "other" in of_self, "other" in of_other

    def op(self: Any, other: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0911, PLR0912, PLR0915
        if args or kwargs or MODE.special or type(self) is not Tensor or type(other) is not Tensor:
            given = (self, *args) if other is None else (self, other, *args)
            return write(rule, given, kwargs)
        a, b = self._data, other._data
        dtype = a.dtype
        if (
            type(a) is not ndarray
            or b.dtype is not dtype
            or dtype.kind not in "fc"
            or 0 in a.strides
            or (type(b) is ndarray and may_share_memory(a, b))
        ):
            return write(rule, (self, other), kwargs)
        meta = self._meta
        if meta is not None and not _plain(self, meta):
            return write(rule, (self, other), kwargs)
        try:
            result = forward(a, b)
        except ValueError:
            return write(rule, (self, other), kwargs)
        if result.shape != a.shape or result.dtype is not dtype:
            return write(rule, (self, other), kwargs)
        fa = fb = None
        if MODE.grad:
            fa, fb = edge(self), edge(other)
            if fa is None and fb is None and is_tracked_view(other):
                return write(rule, (self, other), kwargs)
        if fa is not None or fb is not None:
            node = new(node_class)
            node.edges = (fa, self._output_nr, fb, other._output_nr)
            node.fix = None if b.shape == a.shape else (None, (b.shape, dtype))
            kept_self = kept_other = None
            if (self_for_self and fa is not None) or (self_for_other and fb is not None):
                kept_self = new(
                    Tensor
                )  # what it was before the write, with the history that it had
                kept_self._data = a.copy("K")
                kept_self._storage = kept_self._meta = None
                kept_self._grad_fn, kept_self._output_nr = fa, self._output_nr
            if (other_for_self and fa is not None) or (other_for_other and fb is not None):
                kept_other = save(other)
            node.saved = () if kept_self is None and kept_other is None else (kept_self, kept_other)
            node.seq = next_sequence()
            node.meta = ()
            node.extra = None
            if meta is None and fa is not None:
                self._grad_fn = node
                self._output_nr = 0
            else:
                rebase(self, node)
        a[...] = result
        storage = self._storage
        if storage is None:
            storage = self._shared()
        storage.version += 1
        return self

    return op


def _plain(t: Tensor, meta: AutogradMeta) -> bool:
    """True if a write to the tensor needs no check of the long path; without gradients, more of them are."""
    if meta.inference:
        return False
    if not MODE.grad:
        return True
    info = meta.view
    if info is None:
        return not meta.requires_grad
    base = info.base
    is_free = base._grad_fn is not None or (t._grad_fn is None and not base.requires_grad)
    return info.creation == DEFAULT and is_free


def make_row(rule: Any) -> Callable[[Tensor, int], Tensor | None]:
    """``x[i]`` for a plain tensor and an index in range; None where the long path has to look."""
    node_class = rule.node_class

    def row(self: Any, index: int) -> Any:
        data = self._data
        if type(self) is not Tensor or MODE.special or not MODE.grad or type(data) is not ndarray:
            return None
        base, chain = self, ()
        meta = self._meta
        if meta is not None:
            if meta.inference:
                return None
            info = meta.view
            if info is not None:
                # A view requires grad with its base, if only since it was made.
                if info.creation != DEFAULT or (self._grad_fn is None and info.base.requires_grad):
                    return None
                base, chain = info.base, info.chain
        storage = self._storage
        if storage is None:
            storage = self._shared()
        shape = data.shape
        view = new(Tensor)
        view._data = data[index, ...]
        view._storage = storage
        view._output_nr = 0
        options = (shape, 0, index)
        step = Step(rule, (0, index), options, 0, data, (index, ...))
        view._meta = made = AutogradMeta()
        made.view = ViewInfo(base, (*chain, step), DEFAULT, storage.version)
        fn = edge(self)
        if fn is None or data.dtype.kind not in "fc":
            view._grad_fn = None
            return view
        node = new(node_class)
        node.seq = next_sequence()
        node.edges = (fn, self._output_nr)
        node.saved = ()
        node.meta = options
        node.fix = node.extra = None
        view._grad_fn = node
        return view

    return row
