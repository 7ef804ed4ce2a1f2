"""What arrives at a leaf becomes, or is added to, its .grad."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.bfloat16_array import cast
from reference_impl.grad_mode import MODE
from reference_impl.kinds import SEEN, Unreadable, copied
from reference_impl.layout import copy_in_order, is_dense, memory_order
from reference_impl.registry import OPS
from reference_impl.sparse_array import Sparse
from reference_impl.tensor import Tensor, make


def accumulate(variable: Tensor, ct: Any, *, create_graph: bool, owned: bool) -> None:
    """Add a cotangent to a leaf's .grad: in place, or with ``create_graph`` into a new tensor.

    ``owned`` tells that nobody else holds the array, so that it may become the gradient without a copy.

    Source: autograd, Default gradient layouts.
    """
    meta = variable._autograd()
    held = meta.grad
    if meta.grad_dtype is not None:
        ct, owned = _as_grad_dtype(ct, meta.grad_dtype), False
    if SEEN and any(_is_other(x) for x in (ct, variable, held)):
        _accumulate_other(variable, ct, held, create_graph=create_graph)
        return
    if create_graph:
        # A copy of its own, which may be written to, with the history of what arrived.
        meta.grad = OPS["copy_"](OPS["empty_like"](ct), ct) if held is None else held + ct
        return
    if held is None:
        meta.grad = make(_own(ct, variable, owned=owned))
        return
    data = held._array()
    try:
        np.add(data, ct, out=data, casting="unsafe")
    except ValueError as error:
        raise RuntimeError(
            f"a gradient of shape {list(ct.shape)} arrived at a leaf whose .grad has the shape {list(data.shape)}; "
            "set .grad to None after giving the leaf other data"
        ) from error
    held._shared().version += 1


def _as_grad_dtype(ct: Any, wanted: Any) -> Any:
    """The cotangent in the dtype that the leaf wants for its gradient; "any" keeps it."""
    if wanted == "any":
        return ct
    return OPS["to"](ct, wanted) if isinstance(ct, Tensor) else cast(ct, wanted.np)


def _own(ct: Any, variable: Tensor, *, owned: bool) -> Any:
    """The cotangent as an array of our own, laid out in memory like the leaf."""
    data = variable._data
    if (
        owned
        and ct.dtype is data.dtype
        and type(ct) is type(data) is np.ndarray
        and data.ndim
        and ct.flags.c_contiguous
        and data.flags.c_contiguous
    ):
        return ct
    if ct.dtype is not data.dtype and ct.dtype != data.dtype and not _allows_other_dtypes(variable):
        ct, owned = cast(ct, data.dtype), True
    if isinstance(data, np.generic) or data.ndim == 0:
        return ct if isinstance(ct, np.generic) or owned else copied(ct)
    if not MODE.grad_layout_policy:
        return ct if owned else ct.copy("K")
    wanted = memory_order(data) if is_dense(data) else None
    if owned and memory_order(ct) == wanted:
        return ct
    return copy_in_order(ct, wanted)


def _allows_other_dtypes(variable: Tensor) -> bool:
    meta = variable._meta
    return meta is not None and meta.grad_dtype is not None


def _is_other(x: Any) -> bool:
    data = x._data if isinstance(x, Tensor) else x
    return isinstance(data, Unreadable) and data.kind != ""


def _is_sparse(x: Any) -> bool:
    return isinstance(x._data if isinstance(x, Tensor) else x, Sparse)


def _accumulate_other(variable: Tensor, ct: Any, held: Any, *, create_graph: bool) -> None:
    """The same where something is sparse or masked: in place unless a sparse gradient becomes a dense one."""
    meta = variable._autograd()
    if held is None:
        meta.grad = OPS["clone"](ct) if isinstance(ct, Tensor) else make(copied(ct))
    elif create_graph:
        meta.grad = ct + held if _is_sparse(held) else held + ct
    elif _is_sparse(held) and not _is_sparse(ct):
        meta.grad = make(ct + held._data)
    else:
        data = held._array()
        np.copyto(data, data + ct)
        held._shared().version += 1
