"""Backward hooks of modules: a node before the module and one behind it."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from reference_impl.function import Function
from reference_impl.grad_mode import MODE
from reference_impl.nn.global_hooks import GLOBAL
from reference_impl.tensor import Tensor


class BackwardHookFunction(Function):
    """An identity through which all inputs, or all outputs, of a module pass as one node."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        _ = ctx
        return grads


class _Side:
    """The inputs, or the outputs, of a module: which of them are tensors."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.count = len(values)
        self.at = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        self.node: Any = None

    def through(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The values, their tensors behind a node if one of them needs a gradient."""
        if not MODE.grad or not any(values[i].requires_grad for i in self.at):
            return values
        made = BackwardHookFunction.apply(*[values[i] for i in self.at])
        full = list(values)
        for i, t in zip(self.at, made, strict=True):
            full[i] = t
        self.node = made[0].grad_fn
        return tuple(full)

    def packed(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Gradients of the tensors, with None for what is no tensor."""
        full: list[Any] = [None] * self.count
        for i, grad in zip(self.at, grads, strict=False):
            full[i] = grad
        return tuple(full)

    def unpacked(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Those of the tensors alone."""
        return tuple(grads[i] for i in self.at)


class BackwardWatch:
    """Runs a module's backward hooks when its inputs' gradients are known."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.grad_output: tuple[Any, ...] | None = None

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments through a node that calls the hooks after it ran."""
        self.given = _Side(args)
        args = self.given.through(args)
        if self.given.node is not None:
            self.given.node.register_hook(self._after)
        return args

    def outputs(self, out: Any) -> Any:
        """The output through a node that notes the gradients that come in."""
        single = not isinstance(out, tuple)
        values = (out,) if single else out
        self.made = _Side(values)
        values = self.made.through(values)
        if self.made.node is not None:
            self.made.node.register_prehook(self._before)
        return values[0] if single else values

    def _before(self, grads: tuple[Any, ...]) -> Any:
        grad_output = self.made.packed(grads)
        own = self.module.__dict__["_backward_pre_hooks"]
        for hook in (*GLOBAL.backward_pre.values(), *own.values()):
            found = hook(self.module, grad_output)
            if found is not None:
                grad_output = _checked(found, self.made.count, "grad_output")
        self.grad_output = grad_output
        if self.given.node is None:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module outputs since no "
                "inputs require gradients.",
                UserWarning,
                stacklevel=2,
            )
            self._call_hooks((None,) * self.given.count)
        return self.made.unpacked(grad_output)

    def _after(self, grads: tuple[Any, ...], _grad_output: tuple[Any, ...]) -> Any:
        if self.grad_output is None:  # no gradient came in through the outputs
            return None
        return self.given.unpacked(self._call_hooks(self.given.packed(grads)))

    def _call_hooks(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        own = self.module.__dict__["_backward_hooks"]
        for hook in (*GLOBAL.backward.values(), *own.values()):
            found = hook(self.module, grad_input, self.grad_output)
            if found is not None:
                grad_input = _checked(found, self.given.count, "grad_input")
        return grad_input


def _checked(found: Any, count: int, what: str) -> tuple[Any, ...]:
    """What a hook returned, as a tuple.

    Raises:
        RuntimeError: it has another number of values than there were.
    """
    many = found if isinstance(found, tuple) else (found,)
    if len(many) != count:
        raise RuntimeError(
            f"Backward hook returned an invalid number of {what}, got {len(many)}, but expected {count}"
        )
    return many


def watch_last_node(module: Any, inputs: tuple[Any, ...], out: Any) -> None:
    """Call the module's hooks of the superseded kind when the last node of its output has run."""
    first = out
    while not isinstance(first, Tensor):
        first = next(iter(first.values() if isinstance(first, dict) else first))
    if first.grad_fn is None:
        return
    before = {x.grad_fn for x in inputs if isinstance(x, Tensor) and x.grad_fn is not None}
    if before != {node for node, _ in first.grad_fn.next_functions}:
        warnings.warn(
            "Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated and will "
            "be removed in future versions. This hook will be missing some grad_input. Please use "
            "register_full_backward_hook to get the documented behavior.",
            FutureWarning,
            stacklevel=4,
        )
    for hook in tuple(module.__dict__["_backward_hooks"].values()):
        first.grad_fn.register_hook(functools.partial(hook, module))
