"""Hooks of all modules at once."""

from __future__ import annotations

from typing import Any

from reference_impl import hooks


class GlobalHooks:
    """What is called around every module's forward and backward, before the module's own hooks."""

    def __init__(self) -> None:
        self.forward_pre: hooks.Hooks = hooks.HookDict()
        self.forward: hooks.Hooks = hooks.HookDict()
        self.backward: hooks.Hooks = hooks.HookDict()
        self.backward_pre: hooks.Hooks = hooks.HookDict()


GLOBAL = GlobalHooks()


def register_module_forward_pre_hook(hook: Any) -> hooks.RemovableHandle:
    """Call ``hook(module, args)`` before every module's forward."""

    def call(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        found = hook(module, args)
        return None if found is None else (found if isinstance(found, tuple) else (found,), kwargs)

    return hooks.add(GLOBAL.forward_pre, call)


def register_module_forward_hook(
    hook: Any, *, with_kwargs: bool = False, always_call: bool = False
) -> hooks.RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's forward."""
    _ = always_call
    fn = hook if with_kwargs else lambda m, args, _kwargs, out: hook(m, args, out)
    return hooks.add(GLOBAL.forward, fn)


def register_module_full_backward_hook(hook: Any) -> hooks.RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` for every module."""
    return hooks.add(GLOBAL.backward, hook)


def register_module_full_backward_pre_hook(hook: Any) -> hooks.RemovableHandle:
    """Call ``hook(module, grad_output)`` for every module."""
    return hooks.add(GLOBAL.backward_pre, hook)
