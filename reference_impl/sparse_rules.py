"""Which operations sparse tensors have."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.sparse_array import Sparse, empty, refuse, select, transposed, turned


def compute(rule: Any, arrays: list[Any], params: tuple[Any, ...]) -> Any:
    """What an op makes of arrays of which some are sparse.

    Raises:
        NotImplementedError: there is no such op of sparse tensors.
        RuntimeError: a dense tensor is added to a sparse one.
    """
    found = rule.forward if rule.name.startswith("sparse.") else _FORWARDS.get(rule.name)
    if found is not None:
        return found(*rule.shape_args(arrays), *params)
    name = rule.name.partition(".")[0]
    if not rule.pointwise:
        refuse(name)
    if name in ("add", "sub") and isinstance(arrays[0], Sparse) and _is_dense(arrays[1]):
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    try:
        return rule.forward(*rule.shape_args(arrays), *params)
    except (TypeError, AttributeError, ValueError):
        return refuse(name)


def _is_dense(x: Any) -> bool:
    return not isinstance(x, Sparse) and np.ndim(x) > 0


def _joined(arrays: Any, dim: int = 0) -> Sparse:
    moved, start = [], 0
    for x in arrays:
        indices = x.indices.copy()
        indices[dim] += start
        start += x.shape[dim]
        moved.append(indices)
    shape = [start if i == dim % x.ndim else n for i, n in enumerate(x.shape)]
    return Sparse(np.concatenate(moved, axis=1), np.concatenate([x.values for x in arrays]), shape)


_FORWARDS: dict[str, Any] = {
    "clone": lambda x, *_: x.copy(),
    "conj": lambda x: x.conj(),
    "zero": empty,
    "_to_copy": lambda x, kind: x.astype(kind),
    "copy": lambda _target, source, *_: source,
    "t": lambda x: turned(x, 0, 1),
    "transpose": turned,
    "permute": transposed,
    "select": select,
    "cat": _joined,
    "relu": lambda x: x.coalesce().with_values(np.maximum(x.coalesce().values, 0)),
    "sparse_mask": lambda x, mask: mask.coalesce().take(x),
    "coalesce": lambda x: x.coalesce(),
}
