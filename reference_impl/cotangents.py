"""Cotangents brought back to the shapes and dtypes of what they belong to."""

from __future__ import annotations

from typing import Any

from reference_impl import dtypes
from reference_impl.bfloat16_array import cast
from reference_impl.graph import Node
from reference_impl.layout import sum_to
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def finish(node: Node, grads: Any, *, tensors: bool) -> list[Any]:
    """Cotangents brought back to the inputs' shapes and dtypes, where an input was broadcast or promoted."""
    fixed = list(grads)
    for i, want in enumerate(node.fix or ()):
        ct = fixed[i]
        if want is None or ct is None:
            continue
        shape, dtype = want
        if tensors:
            fixed[i] = _finish_tensor(ct, shape, dtype)
            continue
        if shape is not None:
            ct = sum_to(ct, shape)
        if ct.dtype is not dtype and ct.dtype != dtype:
            ct = cast(ct.real if ct.dtype.kind == "c" and dtype.kind != "c" else ct, dtype)
        fixed[i] = ct
    return fixed


def _finish_tensor(ct: Tensor, shape: Any, dtype: Any) -> Any:
    if shape is not None and ct._data.shape != shape:
        ct = OPS["sum_to_size"](ct, shape)
    if ct._data.dtype != dtype:
        if ct._data.dtype.kind == "c" and dtype.kind != "c":
            ct = OPS["real"](ct)
        ct = OPS["to"](ct, dtypes.OF_NUMPY[dtype])
    return ct
