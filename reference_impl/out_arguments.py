"""The ``out=`` form of ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl import errors, forward_ad, inplace, mapping
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def dual_level(inputs: list[Any]) -> int | None:
    """The innermost open level at which an input has a tangent."""
    for level in reversed(DUAL_LEVELS):
        if any(
            forward_ad.tangent_of(x, level) is not None for x in inputs if isinstance(x, Tensor)
        ):
            return level
    return None


# Ops that write while they still read, so that the result may share nothing with an argument.
_APART = frozenset(
    ("gather", "take", "masked_select", "cat", "concat", "concatenate", "index_select", "kthvalue")
)
# Ops that write results of their own dtype alone, where others cast.
_EXACT = frozenset(
    ("gather", "take", "aminmax", "complex", "polar", "kthvalue", "index_select", "masked_select")
)


# Functions of a pointwise op and a factor or the like, which work element by element too.
_ELEMENTWISE = frozenset(
    ["add", "sub", "subtract", "mul", "div", "divide", "true_divide", "lerp", "addcmul", "addcdiv"]
)


def call_into(
    fn: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """The ``out=`` form: compute, then write the results into the tensors given.

    Raises:
        RuntimeError: in grad mode, if an argument requires grad; if what is written overlaps in memory, so that the
            result would depend on the order of writing; if a result does not fit.
        TypeError: something given is no tensor, or there are more or fewer than results.
    """
    out = kwargs["out"]
    if MODE.special and MODE.vmap:
        mapping.refuse_out(name, args, kwargs)
    rest = {k: v for k, v in kwargs.items() if k != "out"}
    targets = list(out) if isinstance(out, tuple | list) else [out]
    if not all(isinstance(t, Tensor) for t in targets):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    inputs = _tensors((*args, *rest.values()))
    if MODE.grad and any(x.requires_grad for x in (*inputs, *targets)):
        raise errors.OutArgumentError(name)
    if MODE.special and DUAL_LEVELS and dual_level([*inputs, *targets]) is not None:
        raise errors.ForwardOutError(name)
    for target in targets:
        _check_memory(name, target, inputs)
    found = fn(*args, **rest)
    results = list(found) if isinstance(found, tuple | list) else [found]
    if len(results) != len(targets):
        raise TypeError(
            f"{name}(): argument 'out' must hold {len(results)} tensors, not {len(targets)}"
        )
    for target, result in zip(targets, results, strict=True):
        if name in _APART:
            _check_apart(target, result, inputs)
        _put(name, target, result)
    return out


def _tensors(given: Any) -> list[Tensor]:
    """The tensors among arguments, and in lists of them."""
    found: list[Tensor] = []
    for x in given:
        if isinstance(x, Tensor):
            found.append(x)
        elif isinstance(x, tuple | list):
            found += _tensors(x)
    return found


def _check_memory(name: str, target: Tensor, inputs: list[Tensor]) -> None:
    """Refuse memory that several elements of the target share, or that it shares with an argument in part."""
    data = target._data
    if any(n > 1 and s == 0 for n, s in zip(data.shape, data.strides, strict=True)):
        raise errors.OverlapWriteError
    rule = getattr(OPS.get(name), "rule", None)
    is_elementwise = name in _ELEMENTWISE or getattr(rule, "pointwise", False)
    if is_elementwise and inplace.overlaps_in_part(target, inputs):
        raise errors.OverlapWriteError(partial=True)


def _check_apart(target: Tensor, result: Tensor, inputs: list[Tensor]) -> None:
    """Refuse a target that shares memory with an argument, or will once it has the result's size."""
    data = target._data
    grows = data.size < result._data.size
    for x in inputs:
        grown = grows and target._shared() is x._shared()
        if grown or (data.size and x._data.size and np.may_share_memory(data, x._data)):
            raise errors.OverlapWriteError(partial=True)


def _put(name: str, target: Tensor, result: Tensor) -> None:
    """Write one result, in a tensor that takes its shape if it has another."""
    if name in _EXACT and target.dtype != result.dtype:
        raise RuntimeError(
            f"Expected out tensor to have dtype {result.dtype}, but got {target.dtype} instead"
        )
    if target._data.shape != result._data.shape:
        target._data = np.empty(result._data.shape, dtype=target._data.dtype)
    inplace.check_fits(name, target, result._data)
    inplace.store(target, result._data)
