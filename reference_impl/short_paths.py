"""The calls of pointwise ops on plain tensors, unrolled for one and two inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl.calls import alias, call, record
from reference_impl.grad_mode import MODE
from reference_impl.graph import edge, next_sequence
from reference_impl.refusing import FOREIGN, explained
from reference_impl.saved import save
from reference_impl.tensor import Tensor
from reference_impl.views import is_tracked_view

new = object.__new__
multiply_matrices = np.matmul

# Note [Short paths]
# A pointwise op without options on plain tensors of one dtype does the steps of `call` unrolled for one or two inputs.
# Whatever these do not know (views, leaves of other types, numbers that promote, dual levels, packed saves) goes to
# `call`. The two must do the same; tests/test_calls.py compares them.


def make_unary(rule: Any) -> Callable[..., Any]:
    """The function of a pointwise op of one tensor."""
    forward, long = rule.forward, make_general(rule)
    node_class = rule.node_class
    taken = "fc" if rule.promote == "float" else "fcbiu"
    floats = "".join(kind for kind in taken if kind not in rule.refused_kinds)
    saves_input = "self" in rule.saved_names
    saves_result = "result" in rule.saved_names

    def op(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not Tensor or args or kwargs or MODE.special:
            return long(self, *args, **kwargs)
        data = self._data
        if data.dtype.kind not in floats:
            return long(self)
        try:
            found = forward(data)
        except TypeError as error:
            raise explained(rule.name, self, error) from error
        out = new(Tensor)
        out._data = found
        out._storage = out._meta = out._grad_fn = None
        out._output_nr = 0
        if MODE.grad:
            fn = self._grad_fn
            if self._meta is not None:
                if self._meta.view is not None and self.requires_grad:
                    record(rule, [self], (), out)
                    return out
                fn = edge(self)
            if fn is not None:
                node = new(node_class)
                node.seq = next_sequence()
                node.edges = (fn, self._output_nr)
                node.saved = (
                    (save(self),)
                    if saves_input
                    else (save(alias(out), is_output=True),)
                    if saves_result
                    else ()
                )
                node.meta = ()
                node.fix = node.extra = None
                out._grad_fn = node
        return out

    return op


def make_binary(rule: Any) -> Callable[..., Any]:  # noqa: C901, PLR0915 - see Note [Short paths]
    """The function of a pointwise op of two tensors, or of a tensor and a number."""
    forward, long = rule.forward, make_general(rule)
    node_class = rule.node_class
    taken = "fcbiu" if rule.promote == "common" else "fc"
    kinds = "".join(kind for kind in taken if kind not in rule.refused_kinds)
    takes_numbers = not inspect.isfunction(forward) and not rule.tensors_only
    # Which of the two operands the formula of each input names; ops that save more take the long path.
    of_self = rule.names_for("self")
    of_other = rule.names_for("other")
    self_for_self, self_for_other = "self" in of_self, "self" in of_other
    other_for_self, other_for_other = "other" in of_self, "other" in of_other

    def op(self: Any, other: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: C901, PLR0911, PLR0912, PLR0915
        if args or kwargs or MODE.special or type(self) is not Tensor:
            return long(self, other, *args, **kwargs)
        a = self._data
        kind = type(other)
        if kind is Tensor:
            b = other._data
            if a.dtype is not b.dtype or a.dtype.kind not in kinds:
                return long(self, other)
        elif takes_numbers and (kind is float or kind is int) and a.dtype.kind == "f":
            b = other
        else:
            return long(self, other)
        try:
            data = forward(a, b)
        except (ValueError, TypeError) as error:
            raise explained(rule.name, (self, other), error) from error
        out = new(Tensor)
        out._data = data
        out._storage = out._meta = out._grad_fn = None
        out._output_nr = 0
        if not MODE.grad:
            return out
        meta_a = self._meta
        if meta_a is None:
            fa = self._grad_fn
        elif meta_a.view is not None and self.requires_grad:
            record(rule, [self, other], (), out)
            return out
        else:
            fa = edge(self)
        shape = data.shape
        if kind is Tensor:
            meta_b = other._meta
            if meta_b is None:
                fb = other._grad_fn
            elif meta_b.view is not None and other.requires_grad:
                record(rule, [self, other], (), out)
                return out
            else:
                fb = edge(other)
            if fa is None and fb is None:
                return out
            node = new(node_class)
            node.edges = (fa, self._output_nr, fb, other._output_nr)
            if a.shape == shape and b.shape == shape:
                node.fix = None
            else:
                node.fix = (
                    None if a.shape == shape else (a.shape, a.dtype),
                    None if b.shape == shape else (b.shape, b.dtype),
                )
        else:
            if fa is None:
                return out
            fb = None
            node = new(node_class)
            node.edges = (fa, self._output_nr, None, 0)
            node.fix = None
        keep_self = (self_for_self and fa is not None) or (self_for_other and fb is not None)
        keep_other = (other_for_self and fa is not None) or (other_for_other and fb is not None)
        if keep_self or keep_other:
            kept_self = kept_other = None
            if keep_self:
                plain = self._storage is None and (meta_a is None or not meta_a.inference)
                kept_self = self if plain else save(self)
            if keep_other:
                plain = kind is not Tensor or (
                    other._storage is None and (meta_b is None or not meta_b.inference)
                )
                kept_other = other if plain else save(other)
            node.saved = (kept_self, kept_other)
        else:
            node.saved = ()
        node.seq = next_sequence()
        node.meta = ()
        node.extra = None
        out._grad_fn = node
        return out

    return op


def make_product(rule: Any) -> Callable[[Any, Any], Any]:
    """``x @ y`` for two plain matrices, by the rule of `mm`; None where the long path has to look."""
    node_class = rule.node_class

    def product(self: Any, other: Any) -> Any:
        if MODE.special or type(self) is not Tensor or type(other) is not Tensor:
            return None
        a, b = self._data, other._data
        if (
            a.dtype is not b.dtype
            or a.dtype.kind not in "fc"
            or a.ndim != 2  # noqa: PLR2004 - matrices
            or b.ndim != 2  # noqa: PLR2004
            or a.shape[1] != b.shape[0]
            or is_tracked_view(self)
            or is_tracked_view(other)
        ):
            return None
        out = new(Tensor)
        out._data = multiply_matrices(a, b)
        out._storage = out._meta = out._grad_fn = None
        out._output_nr = 0
        if not MODE.grad:
            return out
        fa, fb = edge(self), edge(other)
        if fa is None and fb is None:
            return out
        node = new(node_class)
        node.edges = (fa, self._output_nr, fb, other._output_nr)
        node.saved = (
            save(self) if fb is not None else None,
            save(other) if fa is not None else None,
        )
        node.seq = next_sequence()
        node.meta = ()
        node.fix = node.extra = None
        out._grad_fn = node
        return out

    return product


def make_total(rule: Any) -> Callable[[Any], Any]:
    """A reduction of a plain tensor to one number; None where the long path has to look.

    The node keeps the shape of its input, and no values.
    """
    forward, node_class = rule.forward, rule.node_class

    def total(self: Any) -> Any:
        if (
            MODE.special
            or type(self) is not Tensor
            or self._data.dtype.kind not in "fc"
            or is_tracked_view(self)
        ):
            return None
        data = self._data
        out = new(Tensor)
        out._data = forward(data)
        out._storage = out._meta = out._grad_fn = None
        out._output_nr = 0
        fn = edge(self) if MODE.grad else None
        if fn is not None:
            node = new(node_class)
            node.seq = next_sequence()
            node.edges = (fn, self._output_nr)
            node.saved = ()
            node.meta = (data.shape,)
            node.fix = node.extra = None
            out._grad_fn = node
        return out

    return total


def make_general(rule: Any) -> Callable[..., Any]:
    """The function of any other op."""

    def op(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(rule, args, kwargs)
        except FOREIGN as error:
            found = explained(rule.name, (args, kwargs), error)
            if found is error:
                raise
            raise found from error

    return op
