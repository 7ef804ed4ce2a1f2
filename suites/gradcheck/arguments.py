"""What a function is called with: tensors taken out of any nesting, named, and refused where they cannot be checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from reference_impl.findings import InputError

_MAY_OVERLAP = 2


@dataclass(frozen=True, slots=True)
class Arguments:
    """A function with its arguments: the tensors to differentiate apart from all else.

    ``tensors`` are copies with the strides of what was given; ``call`` puts tensors of that kind in their places.
    """

    call: Callable[[Sequence[Tensor]], Any]
    tensors: tuple[Tensor, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]
    in_float64: Callable[[], Arguments]
    """The same with everything floating in double precision."""


def arguments_of(fn: Callable[..., Any], inputs: Any) -> Arguments:
    """Takes inputs apart: a tensor, a tuple or list of positional arguments, or a dict of keyword arguments.

    Arguments may be nested. Of a module, its parameters are inputs as well.

    Raises:
        InputError: nothing to differentiate, or a tensor that differences cannot be taken of.
    """
    if isinstance(fn, torch.nn.Module):
        return _of_module(fn, inputs)
    return _of_function(fn, inputs, (), {})


def _of_module(module: torch.nn.Module, inputs: Any) -> Arguments:
    parameters = {n: p for n, p in module.named_parameters() if p.requires_grad}
    frozen = {n: p.detach() for n, p in module.named_parameters() if not p.requires_grad}
    kept = {**frozen, **dict(module.named_buffers())}
    names = tuple(parameters)

    def called(values: Sequence[Tensor], *args: Any, **kwargs: Any) -> Any:
        # Buffers are cloned for every call: running statistics would make each call another function.
        state = {n: b.clone().to(_like(values, b)) for n, b in kept.items()}
        state.update(zip(names, values, strict=True))
        return torch.func.functional_call(module, state, args, kwargs)

    return _of_function(
        called, inputs, tuple(parameters.values()), {"names": [f"parameter {n}" for n in names]}
    )


def _like(values: Sequence[Tensor], other: Tensor) -> torch.dtype:
    """The dtype of a buffer beside parameters that may have been widened."""
    floating = other.is_floating_point() and values and values[0].is_floating_point()
    return values[0].dtype if floating else other.dtype


def _of_function(
    fn: Callable[..., Any], inputs: Any, extra: tuple[Tensor, ...], told: dict[str, Any]
) -> Arguments:
    given = inputs if isinstance(inputs, tuple | list | dict) else (inputs,)
    if type(given) is tuple and all(type(x) is Tensor for x in given):
        leaves, spec = list(given), None
        names = [f"input {i}" for i in range(len(given))] if len(given) != 1 or extra else ["input"]
    else:
        pairs, spec = pytree.tree_flatten_with_path(given)
        leaves = [leaf for _, leaf in pairs]
        names = ["input " + pytree.keystr(path).strip("[]'") for path, _ in pairs]
    chosen, notes = _chosen(leaves, names, has_others=bool(extra))
    tensors = [leaves[i] for i in chosen]
    count = len(extra)

    def call(values: Sequence[Tensor]) -> Any:
        everything = list(leaves)
        for i, value in zip(chosen, values[count:], strict=True):
            everything[i] = value
        head = (values[:count],) if count else ()
        if spec is None:
            return fn(*head, *everything)
        args = pytree.tree_unflatten(everything, spec)
        return fn(*head, **args) if isinstance(args, dict) else fn(*head, *args)

    all_names = (*told.get("names", ()), *(names[i] for i in chosen))
    copies = tuple(_copied(x, n) for x, n in zip((*extra, *tensors), all_names, strict=True))

    def widened() -> Arguments:
        wide = [_wide(leaf) for leaf in leaves]
        args = wide if spec is None else pytree.tree_unflatten(wide, spec)
        return _of_function(
            fn, tuple(args) if spec is None else args, tuple(map(_wide, extra)), told
        )

    return Arguments(call, copies, all_names, notes, widened)


def _wide(leaf: Any) -> Any:
    if not isinstance(leaf, Tensor) or not (leaf.is_floating_point() or leaf.is_complex()):
        return leaf
    wide = leaf.detach().to(torch.complex128 if leaf.is_complex() else torch.float64)
    return wide.requires_grad_(leaf.requires_grad)


def _chosen(
    leaves: Sequence[Any], names: Sequence[str], *, has_others: bool
) -> tuple[list[int], tuple[str, ...]]:
    """The tensors to differentiate: those that require grad, or all that could if none does."""
    able = [
        i
        for i, x in enumerate(leaves)
        if isinstance(x, Tensor) and (x.is_floating_point() or x.is_complex())
    ]
    asked = [i for i in able if leaves[i].requires_grad]
    if asked or (has_others and not able):
        return asked, ()
    if not able:
        found = [
            f"{n}: {str(x.dtype).removeprefix('torch.')} {tuple(x.shape)}"
            if isinstance(x, Tensor)
            else f"{n}: {type(x).__name__}"
            for n, x in zip(names, leaves, strict=True)
        ]
        raise InputError(
            "a floating or complex tensor is wanted among the inputs, to differentiate by; found "
            f"{', '.join(found) or 'no input at all'}. Give x.double() of what should be differentiated"
        )
    return able, ("no input requires grad, so all floating and complex ones are differentiated",)


def _copied(x: Tensor, name: str) -> Tensor:
    """A leaf of its own with the same strides, so that what was given is never written to."""
    if x.layout != torch.strided or x.is_nested:
        raise InputError(
            f"{name} has layout {x.layout}; differences are taken of strided tensors only. Build it inside the "
            "function from a strided tensor"
        )
    if not x.is_contiguous() and torch._debug_has_internal_overlap(x):
        _refuse_overlap(x, name)
    copy = x.detach()
    if x.is_contiguous():
        copy = copy.clone()
    else:
        copy = torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=x.device).copy_(copy)
    return copy.requires_grad_()


def _refuse_overlap(x: Tensor, name: str) -> None:
    places = torch.zeros(x.shape, dtype=torch.int64)
    for dim, (size, stride) in enumerate(zip(x.shape, x.stride(), strict=True)):
        places += (torch.arange(size) * stride).reshape(-1, *[1] * (x.dim() - dim - 1))
    if places.unique().numel() < places.numel():
        raise InputError(
            f"{name} has elements that share memory (shape {tuple(x.shape)}, strides {x.stride()}): moving one would "
            "move others. Give a contiguous tensor and expand it inside the function, or give x.clone()"
        )
