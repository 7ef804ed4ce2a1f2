"""What a write checks, bumps and stores."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, errors
from reference_impl.grad_mode import MODE
from reference_impl.layout import is_dense
from reference_impl.tensor import Tensor


def check_inference(t: Tensor) -> None:
    """Inference tensors may be written inside inference mode only."""
    if t._meta is not None and t._meta.inference and not MODE.inference:
        raise errors.InferenceTensorError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )


# Ops that write what they read at the same place, beside the pointwise ones.
_IN_PLACE = frozenset(["copy"])


def reads_while_writing(rule: Any) -> bool:
    """Whether an op reads each element just before it writes it, so that memory shared in part would spoil both."""
    return rule.pointwise or rule.name in _IN_PLACE


def overlaps_in_part(target: Tensor, others: list[Any]) -> bool:
    """Whether an operand shares some, but not all, of its memory with what is written.

    The result would depend on the order in which elements are written.
    """
    out = target._data
    if type(out) is not np.ndarray:
        return False
    for x in others:
        data = x._data if isinstance(x, Tensor) else None
        if (
            type(data) is not np.ndarray
            or not np.may_share_memory(out, data)
            or not (is_dense(out) and is_dense(data))
        ):
            continue
        same = data.size == out.size and data.strides == out.strides
        if not same or data.__array_interface__["data"] != out.__array_interface__["data"]:
            return True
    return False


def check_fits(name: str, target: Tensor, result: Any) -> None:
    """Refuse a result of another shape, or of a dtype of a higher category."""
    have = target._data
    if result.shape != have.shape:
        raise RuntimeError(
            f"output with shape {list(have.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    if (
        result.dtype != have.dtype
        and dtypes.promote_types(have.dtype, result.dtype).kind != have.dtype.kind
    ):
        found, wanted = dtypes.OF_NUMPY[result.dtype], dtypes.OF_NUMPY[have.dtype]
        raise RuntimeError(
            f"result type {found.short} can't be cast to the desired output type {wanted.short} in {name}_"
        )


def store(target: Tensor, result: Any) -> None:
    """Write ``result`` into the tensor's memory; the version rises by one."""
    if MODE.special and MODE.before_write is not None:
        MODE.before_write(target)
    np.copyto(target._array(), result, casting="unsafe")
    bump(target)


def bump(t: Tensor) -> None:
    """Raise the version of what ``t`` shares by one."""
    if t._meta is not None and t._meta.inference:
        return
    t._shared().version += 1
