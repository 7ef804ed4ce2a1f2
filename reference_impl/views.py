"""Base and view chain; rebasing history after a write."""

from __future__ import annotations

from typing import Any, ClassVar

from reference_impl import errors
from reference_impl.cotangents import finish
from reference_impl.graph import Node, edge, new_node
from reference_impl.layout import copy_in_order, memory_order
from reference_impl.tensor import Tensor, make

# Note [Rebasing after a write]
# A view remembers its base and the chain of view ops that leads from the base to it. A recorded write to the view
# becomes part of the base's history: the base gets a CopySlices node that replaces the view's part of the cotangent
# by what the written op's rule makes of it. The version of the storage rises with every write; a view whose
# remembered version is older asks for a fresh grad_fn when it is next read: an AsStridedBackward0 node that leads to
# the base's present grad_fn.

DEFAULT, NO_GRAD, MULTI_OUTPUT, CUSTOM, INFERENCE = (
    "default",
    "no_grad",
    "multi_output",
    "custom",
    "inference",
)


class Step:
    """One view op of a chain: the rule and its arguments, ready to be replayed or transposed."""

    __slots__ = ("in_dtype", "in_shape", "index", "meta", "params", "rule", "which")

    def __init__(
        self,
        rule: Any,
        params: tuple[Any, ...],
        meta: tuple[Any, ...],
        which: int,
        source: Any,
        index: Any = None,
    ) -> None:
        self.rule = rule
        self.params = params
        self.meta = meta
        self.which = which  # output number, for ops with several outputs
        self.index = index  # the same view as a basic index, where that is known
        self.in_shape = source.shape
        self.in_dtype = source.dtype

    def view_of(self, array: Any) -> Any:
        """The same view of another array of the base's shape."""
        if self.index is not None:
            return array[self.index]
        made = self.rule.forward(array, *self.params)
        return made[self.which] if isinstance(made, tuple | list) else made

    def transpose(self, ct: Any) -> Any:
        """Cotangent of the step's input from that of its output, arrays or tensors."""
        return self.rule.view_vjp(ct, self)


class ViewInfo:
    """What a view knows of its base."""

    __slots__ = ("base", "chain", "creation", "version")

    def __init__(self, base: Tensor, chain: tuple[Step, ...], creation: str, version: int) -> None:
        self.base = base
        self.chain = chain
        self.creation = creation
        self.version = version  # of the storage when the view's grad_fn was made

    def current_grad_fn(self, view: Tensor) -> Any:
        """The view's grad_fn, made anew if its base was written to since. See Note [Rebasing after a write]."""
        if view._grad_fn is None and not self.base.requires_grad:
            return None
        storage = view._storage
        assert storage is not None  # noqa: S101 - a view shares its base's storage
        if storage.version != self.version:
            refuse_forbidden_view(view, self, indirect=True)
            node = new_node(AsStridedBackward0, (edge(self.base), self.base._output_nr))
            node.meta = (self.chain,)
            _move_retained(view, node)
            view._grad_fn = node
            view._output_nr = 0
            self.version = storage.version
        return view._grad_fn

    def replay(self, array: Any) -> Any:
        """The part of ``array``, which has the base's shape, that the view shows."""
        for step in self.chain:
            array = step.view_of(array)
        return array


class AsStridedBackward0(Node):
    """From a view's cotangent to its base's, through the transposed chain of views."""

    __slots__ = ()
    meta_names: ClassVar[tuple[str, ...]] = ("chain",)

    def apply(self, ct: Any, tensors: bool = False) -> Any:  # noqa: ARG002 - see Node
        for step in reversed(self.meta[0]):
            ct = None if ct is None else step.transpose(ct)
        return (ct,)


class CopySlices(Node):
    """A write to a view, seen from its base: the written part's cotangent goes through ``fn``, the rest passes."""

    __slots__ = ("chain", "fn", "order")

    chain: tuple[Step, ...]
    fn: Any  # the node of the write; None once freed
    order: tuple[int, ...] | None
    full_name: ClassVar[str | None] = "torch::autograd::CopySlices"

    def apply(self, ct: Any, tensors: bool = False) -> Any:
        if self.fn is None:
            raise errors.FreedGraphError
        if ct is None:
            return (None,) * (len(self.edges) // 2)
        return self._apply_tensors(ct) if tensors else self.apply_owned(ct, owned=False)

    def apply_owned(self, ct: Any, *, owned: bool) -> Any:
        """Work in ``ct`` itself if nobody else has it, so that a run of writes copies the base once."""
        if self.fn is None:
            raise errors.FreedGraphError
        if not owned or memory_order(ct) != self.order:
            ct = copy_in_order(ct, self.order)
        part = ct
        for step in self.chain:
            part = step.view_of(part)
        fn = self.fn
        inner = part.copy() if fn.runs_user_code else part
        grads = finish(fn, fn.apply(inner if fn.outputs == 1 else [inner]), tensors=False)
        if self.edges[0] is None:
            return (None, *grads[1:])
        first = grads[0]
        grads[0] = ct
        for i, g in enumerate(grads):
            if i and g is not None and (g is part or g.base is not None):
                grads[i] = g.copy()  # it may show what is written next
        if first is not part:
            part[...] = 0 if first is None else first
        return grads

    def _apply_tensors(self, ct: Any) -> Any:
        whole = ct.clone()
        part = whole
        for step in self.chain:
            part = step.rule.call(part, *step.params)
            part = part[step.which] if isinstance(part, tuple | list) else part
        inner = part.clone()
        grads = finish(
            self.fn,
            self.fn.apply(inner if self.fn.outputs == 1 else [inner], tensors=True),
            tensors=True,
        )
        if grads[0] is None:
            part.zero_()
        else:
            part.copy_(grads[0])
        return (whole, *grads[1:])

    def release(self) -> None:
        self.fn = None


def make_view(data: Any, source: Tensor, step: Step | None, creation: str) -> Tensor:
    """A tensor over ``data`` that is a view of ``source`` through ``step``."""
    storage = source._shared()
    view = make(data, storage)
    meta = source._meta
    if meta is not None and meta.view is not None:
        info = meta.view
        if creation == DEFAULT or info.creation == INFERENCE:
            creation = info.creation
        base, chain = info.base, info.chain
    else:
        base, chain = source, ()
    view._autograd().view = ViewInfo(
        base, chain if step is None else (*chain, step), creation, storage.version
    )
    return view


class _Identity:
    """The rule of a step that changes nothing."""

    single = True

    def forward(self, array: Any) -> Any:
        return array

    def call(self, t: Any) -> Any:
        return t

    def view_vjp(self, ct: Any, _step: Step) -> Any:
        return ct


def identity_step(source: Tensor) -> Step:
    """The step from a tensor to a view of all of it."""
    return Step(_Identity(), (), (), 0, source._data)


def check_writable(t: Tensor, *, recorded: bool, uniform: bool = False) -> None:
    """Refuse a write that autograd could not follow.

    Args:
        t: what is to be written.
        recorded: grad mode is on and the tensor or an operand requires grad.
        uniform: every element gets the same value, so that elements may share memory.

    Raises:
        RuntimeError: a leaf that requires grad, a view of one, a view of a kind whose history cannot be rewritten, or
            memory that several elements share.
    """
    meta = t._meta
    if meta is not None and recorded:
        if meta.view is not None:
            refuse_forbidden_view(t, meta.view)
            if t.requires_grad and meta.view.base.is_leaf:
                raise errors.LeafWriteError(view=True)
        if meta.requires_grad and t.is_leaf:
            raise errors.LeafWriteError(view=False)
    data = t._data
    if uniform:
        return
    if (
        data.size > 1
        and 0 in data.strides
        and any(n > 1 and s == 0 for n, s in zip(data.shape, data.strides, strict=True))
    ):
        raise errors.OverlapWriteError


def is_tracked_view(t: Tensor) -> bool:
    """Whether ``t`` is a view that requires grad, be it only because its base does."""
    meta = t._meta
    return meta is not None and meta.view is not None and t.requires_grad


def refuse_forbidden_view(t: Tensor, info: ViewInfo, *, indirect: bool = False) -> None:
    """Raise if the view was made in a way that forbids tracked writes.

    ``indirect``: not the view was written to but its base, or another view of it.
    """
    if info.creation == DEFAULT:
        return
    what = (
        "its base or another view of its base has been modified inplace"
        if indirect
        else "is being modified inplace"
    )
    subject = (
        f"A view was created in no_grad mode and {what} with grad mode enabled."
        if t._grad_fn is None
        else f"Output {t._output_nr} of {errors.plain_name(t._grad_fn.name())} is a view and {what}."
    )
    if info.creation == CUSTOM:
        raise errors.ForbiddenViewWriteError(
            f"{subject} This view was created inside a custom Function (or because an input was returned "
            "as-is) and the "
            "autograd logic to handle view+inplace would override the custom backward associated with "
            "the custom Function, "
            "leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the "
            "custom Function."
        )
    if info.creation == MULTI_OUTPUT:
        raise errors.ForbiddenViewWriteError(
            f"{subject} This view is the output of a function that returns multiple views. Such "
            "functions do not allow the "
            "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    mode = "no_grad" if info.creation == NO_GRAD else "inference"
    raise errors.ForbiddenViewWriteError(
        f"A view was created in {mode} mode and {what} with grad mode enabled. Given that this use case "
        "is ambiguous and "
        "error-prone, it is forbidden. You can clarify your code by moving both the view and the "
        "inplace either both inside "
        f"the {mode} block (if you don't want the inplace to be tracked) or both outside (if you want "
        "the inplace to be tracked)."
    )


def rebase(t: Tensor, node: Node) -> None:
    """Make ``node`` the history of ``t`` after a write; through a view, the history of its base."""
    meta = t._meta
    info = None if meta is None else meta.view
    if info is None:
        _give_history(t, node)
        return
    base = info.base
    slices = new_node(CopySlices, (edge(base), base._output_nr, *node.edges[2:]))
    slices.fn = node
    slices.chain = info.chain
    slices.order = memory_order(base._data)
    _give_history(base, slices)


def _give_history(t: Tensor, node: Node) -> None:
    if t._grad_fn is None:
        t._autograd().history_from = node.seq
    _move_retained(t, node)
    t._grad_fn = node
    t._output_nr = 0


def _move_retained(t: Tensor, node: Node) -> None:
    """A retained gradient follows the tensor to its new node; hooks stay with the old one."""
    old = t._grad_fn
    if old is not None and old.extra is not None and t.retains_grad:
        held = old.extra.retained.pop(t._output_nr, None)
        if held is not None:
            node._extra().retained[0] = held
