"""The ``out=`` form of ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl import errors, forward_ad, inplace, mapping
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.tensor import Tensor


def dual_level(inputs: list[Any]) -> int | None:
    """The innermost open level at which an input has a tangent."""
    for level in reversed(DUAL_LEVELS):
        if any(
            forward_ad.tangent_of(x, level) is not None for x in inputs if isinstance(x, Tensor)
        ):
            return level
    return None


def call_into(
    fn: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """The ``out=`` form: compute, then write the result into the tensor given.

    Raises:
        RuntimeError: in grad mode, if an argument requires grad.
    """
    out = kwargs["out"]
    if MODE.special and MODE.vmap:
        mapping.refuse_out(name, args, kwargs)
    rest = {k: v for k, v in kwargs.items() if k != "out"}
    if MODE.grad and any(
        isinstance(x, Tensor) and x.requires_grad for x in (*args, *rest.values(), out)
    ):
        raise errors.OutArgumentError(name)
    if MODE.special and DUAL_LEVELS and dual_level([*args, *rest.values(), out]) is not None:
        raise errors.ForwardOutError(name)
    found = fn(*args, **rest)
    if out._data.shape != found._data.shape:
        out._data = np.empty(found._data.shape, dtype=out._data.dtype)
    inplace.check_fits(name, out, found._data)
    inplace.store(out, found._data)
    return out
