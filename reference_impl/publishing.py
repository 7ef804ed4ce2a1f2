"""How ops enter the registry and become methods of Tensor, and the form that composed functions get."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl import arguments, mapping, registry
from reference_impl.grad_mode import MODE
from reference_impl.ops import checks
from reference_impl.out_arguments import call_into
from reference_impl.refusing import FOREIGN, explained
from reference_impl.tensor import Tensor


def takes_out(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` with an ``out=`` argument, and guarded."""
    plan, found_checks = arguments.plan_of_function(name, fn), checks.checks_of(name)
    wary = guarded(name, fn)

    @functools.wraps(fn)
    def op(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is not None:
            return call_into(wary, name, args, {**kwargs, "out": out})
        if MODE.special:
            if MODE.autocast is not None and (policy := MODE.autocast.policy(name, kwargs)):
                return MODE.autocast.call(policy, op, args, kwargs)
            if MODE.vmap or MODE.transforms:
                return mapping.layered(wary, name, args, kwargs)
        # The steps of `guarded`, without another call: this is the way of most calls.
        try:
            if plan is not None:
                arguments.check(name, plan, args, kwargs)
            for check in found_checks:
                check(*args, **kwargs)
            return fn(*args, **kwargs)
        except FOREIGN as error:
            found = explained(name, (args, kwargs), error)
            if found is error:
                raise
            raise found from error

    return op


def guarded(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` with its arguments checked first, and with what NumPy refuses said as torch says it."""
    plan, found_checks = arguments.plan_of_function(name, fn), checks.checks_of(name)

    @functools.wraps(fn)
    def op(*args: Any, **kwargs: Any) -> Any:
        try:
            if plan is not None:
                arguments.check(name, plan, args, kwargs)
            for check in found_checks:
                check(*args, **kwargs)
            return fn(*args, **kwargs)
        except FOREIGN as error:
            found = explained(name, (args, kwargs), error)
            if found is error:
                raise
            raise found from error

    return op


def define_function(
    name: str,
    fn: Callable[..., Any],
    *,
    method: bool = True,
    aliases: tuple[str, ...] = (),
    has_out: bool = False,
) -> Callable[..., Any]:
    """Enter a function that is composed of ops, under op_db's name; its derivatives follow from theirs.

    It gets an ``out=`` argument unless it ``has_out`` of its own or is an in-place form.
    """
    if not has_out:
        publish(
            looped(name, fn) if name.endswith("_") else takes_out(name, fn),
            (name, *aliases),
            rule=None,
            method=method,
        )
    else:
        publish(fn, (name, *aliases), rule=None, method=method)
    return fn


def looped(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` as function transforms want it."""
    if name not in {
        "__getitem__",
        "__setitem__",
    }:  # called too often for another layer; they refuse by themselves
        fn = guarded(name, fn)

    @functools.wraps(fn)
    def op(*args: Any, **kwargs: Any) -> Any:
        if MODE.special and (MODE.vmap or MODE.transforms):
            return mapping.layered(fn, name, args, kwargs)
        return fn(*args, **kwargs)

    return op


def publish(fn: Callable[..., Any], names: tuple[str, ...], *, rule: Any, method: bool) -> None:
    """Enter ``fn`` in the registry under ``names``, and in Tensor where it is a method."""
    fn.__name__ = fn.__qualname__ = names[0]
    if rule is not None:
        fn.rule = rule  # type: ignore[attr-defined]
    for name in names:
        registry.register(name, fn)
        if method and "." not in name:
            setattr(Tensor, name, fn)
