"""Backward hooks of modules: a node before the module and one behind it."""

from __future__ import annotations

import functools
from typing import Any

from reference_impl.function import Function
from reference_impl.grad_mode import MODE
from reference_impl.nn.global_hooks import GLOBAL
from reference_impl.tensor import Tensor


class _Pass(Function):
    """An identity through which all inputs, or all outputs, of a module pass as one node."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        _ = ctx
        return grads


class BackwardWatch:
    """Runs a module's backward hooks when its inputs' gradients are known."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.grad_output: tuple[Any, ...] | None = None
        self.has_input_grad = False

    def _through(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
        at = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        if not MODE.grad or not any(values[i].requires_grad for i in at):
            return values, None
        made = _Pass.apply(*[values[i] for i in at])
        full = list(values)
        for i, t in zip(at, made, strict=True):
            full[i] = t
        return tuple(full), made[0].grad_fn

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments through a node that calls the hooks after it ran."""
        args, node = self._through(args)
        if node is not None:
            self.has_input_grad = True
            node.register_hook(self._after)
        return args

    def outputs(self, out: Any) -> Any:
        """The output through a node that notes the gradients that come in."""
        single = not isinstance(out, tuple)
        made, node = self._through((out,) if single else out)
        if node is not None:
            node.register_prehook(self._before)
        return made[0] if single else made

    def _before(self, grad_output: tuple[Any, ...]) -> Any:
        own = self.module.__dict__["_backward_pre_hooks"]
        for hook in (*GLOBAL.backward_pre.values(), *own.values()):
            found = hook(self.module, grad_output)
            if found is not None:
                grad_output = found if isinstance(found, tuple) else (found,)
        self.grad_output = grad_output
        if not self.has_input_grad:
            self._call_hooks(())
        return grad_output

    def _after(self, grad_input: tuple[Any, ...], _grad_output: tuple[Any, ...]) -> Any:
        return self._call_hooks(grad_input)

    def _call_hooks(self, grad_input: tuple[Any, ...]) -> Any:
        own = self.module.__dict__["_backward_hooks"]
        for hook in (*GLOBAL.backward.values(), *own.values()):
            found = hook(self.module, grad_input, self.grad_output)
            if found is not None:
                grad_input = found if isinstance(found, tuple) else (found,)
        return grad_input or None


def watch_last_node(module: Any, out: Any) -> None:
    """Call the module's hooks of the superseded kind when the last node of its output has run."""
    first = out
    while not isinstance(first, Tensor):
        first = next(iter(first.values() if isinstance(first, dict) else first))
    if first.grad_fn is None:
        return
    for hook in tuple(module.__dict__["_backward_hooks"].values()):
        first.grad_fn.register_hook(functools.partial(hook, module))
