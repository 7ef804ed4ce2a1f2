"""The inputs of an op as arrays of the dtype it computes in."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.bfloat16_array import cast
from reference_impl.tensor import Tensor


def promote(rule: Any, inputs: list[Any]) -> list[Any]:
    """The inputs as arrays of the dtype the op computes in; None stays None."""
    if rule.view:
        return [inputs[0]._array(), *inputs[1:]]
    how = rule.promote
    arrays = [x._data if isinstance(x, Tensor) else x for x in inputs]
    if how is None or how == "own":
        return arrays
    dtype = _shared_dtype(arrays)
    if dtype is None:
        dtype = dtypes.result_dtype(tuple([x for x in arrays if x is not None]))
    elif how == "common" or dtype.kind in "fc":
        return arrays
    if how == "float" and dtype.kind not in "fc":
        dtype = dtypes.default_numpy()
    return [None if x is None else _cast(x, dtype) for x in arrays]


def _shared_dtype(arrays: list[Any]) -> np.dtype[Any] | None:
    """The dtype that all arrays have; None if there is a number, or a second dtype."""
    shared = None
    for x in arrays:
        if x is None:
            continue
        dtype = getattr(x, "dtype", None)
        if dtype is None or (dtype is not shared and shared is not None):
            return None
        shared = dtype
    return shared


def _cast(x: Any, dtype: np.dtype[Any]) -> Any:
    if hasattr(x, "ndim"):
        return x if x.dtype == dtype else cast(x, dtype)
    try:
        return dtype.type(x)
    except OverflowError:  # a whole number beyond the dtype wraps around, as sums of the dtype do
        return np.asarray(x).astype(dtype)[()]
