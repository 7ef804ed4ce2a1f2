"""functional_call, stack_module_state and functionalize."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from reference_impl.nn.module import Module
from reference_impl.nn.normalization import BatchNorm
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call the module with these parameters and buffers in place of its own.

    Raises:
        KeyError, ValueError: the dictionaries share a key, or hold one twice.
        RuntimeError: in strict mode, if keys are missing or unknown.
    """
    dicts = parameter_and_buffer_dicts
    if not isinstance(dicts, dict | list | tuple) or not all(
        isinstance(part, dict) for part in ([] if isinstance(dicts, dict) else dicts)
    ):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    given: dict[str, Tensor] = {}
    for part in (dicts,) if isinstance(dicts, dict) else dicts:
        repeated = [key for key in part if key in given]
        if repeated:
            raise ValueError(
                f"{repeated} appeared in multiple dictionaries; behavior of functional "
                "call is ambiguous"
            )
        given.update(part)
    values = _tied(module, given) if tie_weights else given
    if strict:
        _check_keys(module, values)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(module, values):
        return module(*arguments, **(kwargs or {}))


def _state(module: Module) -> list[tuple[str, dict[str, Any], str]]:
    """The full name of each parameter and buffer, the dictionary that holds it, and its name there."""
    found = []
    for prefix, part in module.named_modules():
        for held in (part._parameters, part._buffers):
            found += [
                (f"{prefix}.{name}" if prefix else name, held, name)
                for name, x in held.items()
                if x is not None
            ]
    return found


def _tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is given for one name of a shared parameter is given for all its names."""
    owner = {name: id(held[key]) for name, held, key in _state(module)}
    values = {owner[name]: x for name, x in given.items() if name in owner}
    return {name: values[at] for name, at in owner.items() if at in values} | given


def _check_keys(module: Module, values: dict[str, Tensor]) -> None:
    own = {name for name, _, _ in _state(module)}
    unknown, missing = sorted(values.keys() - own), sorted(own - values.keys())
    if unknown or missing:
        lines = [
            f"{what} key(s): {', '.join(repr(key) for key in keys)}."
            for what, keys in (("Unexpected", unknown), ("Missing", missing))
            if keys
        ]
        raise RuntimeError(
            "\n\t".join([f"Error(s) in reparametrizing for {type(module).__name__}:", *lines])
        )


@contextlib.contextmanager
def _swapped(module: Module, values: dict[str, Tensor]) -> Iterator[None]:
    before = [
        (held, key, held[key], values[name]) for name, held, key in _state(module) if name in values
    ]
    try:
        for held, key, _, new in before:
            held[key] = new
        yield
    finally:
        names = {(id(held), key): name for name, held, key in _state(module)}
        for held, key, old, _ in before:
            if held[key] is not values[names[id(held), key]]:  # the module assigned to it
                values[names[id(held), key]] = held[key]
            held[key] = old


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Make every batch norm below ``root`` use the batch's own moments, so that vmap has nothing to write to."""
    for module in root.modules():
        if isinstance(module, BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and buffers of models of one kind, stacked by name into new leaves.

    Raises:
        RuntimeError: there is no model, or they differ in kind or mode.
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or not any(m.training for m in models)):
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return _stacked(parameters), _stacked(buffers)


def _stacked(states: list[dict[str, Any]]) -> dict[str, Any]:
    made = {}
    for name, first in states[0].items():
        whole = OPS["stack"]([state[name].detach() for state in states])
        made[name] = whole.requires_grad_() if first.requires_grad else whole
    return made


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """``func`` without in-place operations, for compilers; here it stays as it is, since its results are the same.

    Raises:
        RuntimeError: ``remove`` is unknown.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove={remove!r}): received invalid argument for remove={remove}. "
            "Valid options are: "
            "'mutations', 'mutations_and_views'"
        )
    return functools.wraps(func)(lambda *args, **kwargs: func(*args, **kwargs))
