"""The inputs of an op as arrays of the dtype it computes in."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.tensor import Tensor


def promote(rule: Any, inputs: list[Any]) -> list[Any]:
    """The inputs as arrays of the dtype the op computes in; None stays None."""
    if rule.view:
        return [inputs[0]._array(), *inputs[1:]]
    how = rule.promote
    arrays = [x._data if isinstance(x, Tensor) else x for x in inputs]
    if how is None or how == "own":
        return arrays
    found = [x for x in arrays if x is not None]
    first = found[0]
    if hasattr(first, "dtype") and all(getattr(x, "dtype", None) is first.dtype for x in found):
        dtype = first.dtype
        if how == "common" or dtype.kind in "fc":
            return arrays
    else:
        dtype = dtypes.result_dtype(tuple(found))
    if how == "float" and dtype.kind not in "fc":
        dtype = dtypes.default_numpy()
    return [None if x is None else _cast(x, dtype) for x in arrays]


def _cast(x: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(x, np.ndarray):
        return x if x.dtype == dtype else x.astype(dtype)
    return dtype.type(x)
