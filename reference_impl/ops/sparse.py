"""Sparse tensors: made, taken apart, multiplied, and turned into dense ones; each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.devices import sparse_coo as coo_layout
from reference_impl.devices import strided
from reference_impl.grad_mode import no_grad
from reference_impl.kinds import TWINS
from reference_impl.layout import dims
from reference_impl.ops.lang import adjoint, array_of, expand, matmul, op, reshape, shape_of
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.sparse_array import Sparse, of_dense, product, summed
from reference_impl.tensor import Tensor, make


def is_sparse(x: Any) -> bool:
    """True for a sparse array, or a tensor over one."""
    return isinstance(array_of(x), Sparse)


def dense(x: Any) -> Any:
    """The array or tensor with its zeros."""
    return op("sparse.to_dense", x) if is_sparse(x) else x


def masked(x: Any, like: Any) -> Any:
    """What ``x`` has at the places that ``like`` keeps; gradients of sparse tensors are wanted there only."""
    return op("sparse_mask", x, like)


def entries(x: Any, like: Any) -> Any:
    """What ``x`` has at the place of each value of ``like``, also where several have one place."""
    return op("sparse.entries", x, like)


define_op(
    "sparse.to_dense",
    node="ToDenseBackward0",
    forward=lambda self: self.dense(),
    inputs=("self",),
    vjp={"self": lambda ct, self: masked(ct, self)},
    jvp="linear",
    method=False,
)
define_op(
    "sparse.of_dense",
    node="ToSparseBackward1",
    forward=lambda self: of_dense(np.asarray(self)),
    inputs=("self",),
    vjp={"self": lambda ct: dense(ct)},
    jvp="linear",
    method=False,
)
define_op(
    "sparse.of_dense.dims",
    node="ToSparseBackward0",
    forward=lambda self, dims: of_dense(np.asarray(self), dims),
    inputs=("self",),
    vjp={"self": lambda ct: dense(ct)},
    jvp="linear",
    method=False,
)
define_op(
    "sparse_mask",
    forward=lambda self, mask: mask.coalesce().take(self),
    inputs=("self", "mask"),
    node="SparseMaskBackward0",
    vjp={"self": lambda ct, self: ct if is_sparse(self) else dense(ct), "mask": None},
    jvp=lambda self_t, mask: masked(self_t, mask),
)
define_op(
    "coalesce",
    forward=lambda self: self.coalesce(),
    inputs=("self",),
    vjp={"self": lambda ct: ct},
    jvp="linear",
)
# The values, one per index; and a sparse tensor with other values at the same places.
define_op(
    "sparse.values",
    node="ValuesBackward0",
    forward=lambda self: self.values.copy(),
    inputs=("self",),
    vjp={"self": lambda ct, self: op("sparse.with_values", ct, self)},
    jvp="linear",
    method=False,
)
define_op(
    "sparse.entries",
    forward=lambda self, like: like.take(self).values,
    inputs=("self", "like"),
    vjp={"self": lambda ct, like: dense(op("sparse.with_values", ct, like)), "like": None},
    jvp=lambda self_t, like: entries(self_t, like),
    method=False,
)
define_op(
    "sparse.with_values",
    node="SparseCooTensorWithDimsAndTensorsBackward0",
    forward=lambda values, like: like.with_values(values),
    inputs=("values", "like"),
    vjp={"values": lambda ct, like: entries(ct, like), "like": None},
    jvp=lambda values_t, like: op("sparse.with_values", values_t, like),
    method=False,
)
define_op(
    "sparse.from_values",
    node="SparseCooTensorWithDimsAndTensorsBackward0",
    forward=lambda indices, values, size, coalesced=False: Sparse(
        indices, values, size, coalesced=coalesced
    ),
    inputs=("indices", "values"),
    vjp={
        "indices": None,
        "values": lambda ct, result: entries(ct, result),
    },
    jvp=lambda values_t, result: op("sparse.with_values", values_t, result),
    method=False,
)


def _kind(dtype: Any) -> Any:
    return None if dtype is None else dtypes.to_numpy(dtype)


def _spread(ct: Any, like: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """The cotangent of a sum, repeated along the dimensions that are gone, at the places of what was summed."""
    shape = shape_of(like)
    gone = dims(dim, len(shape))
    kept = tuple(1 if i in gone else n for i, n in enumerate(shape))
    _ = keepdim
    return masked(expand(reshape(dense(ct), kept), shape), like)


TWINS["sparse", "sum.all"] = define_op(
    "sparse.sum.all",
    node="SumBackward0",
    forward=lambda self, dtype=None: summed(self, None, _kind(dtype)),
    inputs=("self",),
    vjp={"self": lambda ct, self: _spread(ct, self)},
    jvp="linear",
    method=False,
)
TWINS["sparse", "sum.dims"] = define_op(
    "sparse.sum.dims",
    node="SparseSumBackward0",
    forward=lambda self, dim=None, keepdim=False, dtype=None: summed(
        self, dim, _kind(dtype), keepdim
    ),
    inputs=("self",),
    vjp={"self": lambda ct, self, dim, keepdim: _spread(ct, self, dim, keepdim)},
    jvp="linear",
    method=False,
)


def _product_row(name: str, node: str, masked_to: Any = masked) -> Any:
    """A matrix product whose first factor is sparse; ``torch.sparse`` wants its gradient at its own places only."""
    return define_op(
        name,
        node=node,
        forward=product,
        inputs=("self", "mat2"),
        vjp={
            "self": lambda ct, self, mat2: masked_to(matmul(dense(ct), adjoint(dense(mat2))), self),
            "mat2": lambda ct, self: op("sparse.product", op("t", op("conj", self)), dense(ct)),
        },
        jvp=lambda self, mat2, self_t, mat2_t: dense(self_t) @ mat2 + dense(self) @ mat2_t,
        method=False,
    )


_product_row("sparse.product", "SparseAddmmBackward0")
_product_row("sparse.product.both", "SparseSparseMatmulBackward0")
TWINS["sparse", "mm"] = _product_row("sparse.mm.plain", "MmBackward0", lambda ct, _self: ct)


def _mv(self: Any, vec: Any) -> Any:
    return op("squeeze", op("sparse.mm.plain", self, op("unsqueeze", vec, 1)), 1)


TWINS["sparse", "mv"] = _mv


def sparse_mm(mat1: Tensor, mat2: Tensor) -> Any:
    """The matrix product of a sparse and a dense matrix, dense; of two sparse ones, sparse."""
    if not is_sparse(mat1):
        raise RuntimeError("sparse.mm: the first matrix must be sparse")
    return op("sparse.product.both" if is_sparse(mat2) else "sparse.product", mat1, mat2)


def _from_size(size: Any, dtype: Any) -> Tensor:
    kind = dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)
    none = np.zeros((len(size), 0), dtype=np.int64)
    return make(Sparse(none, np.zeros(0, kind), size, coalesced=True))


def sparse_coo_tensor(
    indices: Any,
    values: Any = None,
    size: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Tensor:
    """A sparse tensor by coordinates: an index per column of ``indices``, and what is there.

    Raises:
        RuntimeError: there are more indices than values, or fewer; or an index is outside, where that is checked.
    """
    _ = device, pin_memory
    if values is None:
        made = _from_size(indices if size is None else size, dtype)
        return made.requires_grad_() if requires_grad else made
    at = np.array(array_of(indices), dtype=np.int64)
    at = at.reshape(1, -1) if at.ndim == 1 else at
    given = values if isinstance(values, Tensor) else OPS["tensor"](values)
    given = given if dtype is None else op("to", given, dtype)
    if at.shape[1] != given.shape[0]:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {at.shape[1]}, nnz from values: "
            f"{given.shape[0]}"
        )
    if size is None:
        size = (*(int(row.max()) + 1 if row.size else 0 for row in at), *given.shape[1:])
    if check_invariants:
        _check_inside(at, size)
    if requires_grad:
        with no_grad():
            made = op(
                "sparse.from_values", make(at), given.detach(), tuple(size), bool(is_coalesced)
            )
        return made.requires_grad_()  # type: ignore[no-any-return]
    return op("sparse.from_values", make(at), given, tuple(size), bool(is_coalesced))  # type: ignore[no-any-return]


def _check_inside(indices: Any, size: Any) -> None:
    for dim, (row, n) in enumerate(zip(indices, size, strict=False)):
        if row.size and (row.max() >= n or row.min() < 0):
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {dim}, size is {n} but found index {row.max()}"
            )


def to_sparse(self: Tensor, sparse_dim: int | None = None, *, layout: Any = None) -> Any:
    """The tensor by coordinates; rows of the last dimensions stay dense if ``sparse_dim`` is smaller than ``dim()``."""
    if layout not in (None, coo_layout):
        raise NotImplementedError(f"the reference has no layout {layout!r}: torch.sparse_coo only")
    if is_sparse(self):
        return self
    return (
        op("sparse.of_dense", self)
        if sparse_dim is None
        else op("sparse.of_dense.dims", self, sparse_dim)
    )


def _stored(self: Tensor, name: str) -> Sparse:
    data = self._data
    if not isinstance(data, Sparse):
        raise RuntimeError(  # noqa: TRY004 - torch's type
            f"{name} expected sparse coordinate tensor layout but got Strided"
        )
    return data


def _coalesced(self: Tensor, name: str) -> Sparse:
    data = _stored(self, name)
    if not data.coalesced:
        raise RuntimeError(
            f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first"
        )
    return data


def values(self: Tensor) -> Any:
    """The values of a coalesced tensor."""
    _coalesced(self, "values")
    return op("sparse.values", self)


def _sum(input: Tensor, dim: Any = None, dtype: Any = None) -> Any:
    return op("sum", input, **{k: v for k, v in (("dim", dim), ("dtype", dtype)) if v is not None})


_METHODS: dict[str, Any] = {
    "to_sparse": to_sparse,
    "to_dense": lambda self, dtype=None, *, masked_grad=True: dense(self),
    "values": values,
    "indices": lambda self: make(_coalesced(self, "indices").indices),
    "_indices": lambda self: make(_stored(self, "_indices").indices),
    "_values": lambda self: make(_stored(self, "_values").values),
    "_nnz": lambda self: int(_stored(self, "_nnz").indices.shape[1]),
    "is_coalesced": lambda self: _stored(self, "is_coalesced").coalesced,
    "sparse_dim": lambda self: len(self._data.indices) if is_sparse(self) else 0,
    "dense_dim": lambda self: self.ndim - len(self._data.indices) if is_sparse(self) else self.ndim,
}
for _name, _fn in _METHODS.items():
    define_function(_name, _fn)
define_function("sparse_coo_tensor", sparse_coo_tensor, method=False)
define_function("sparse.mm", sparse_mm, method=False)
define_function("sparse.sum", _sum, method=False)
define_function(
    "sparse.addmm",
    lambda mat, mat1, mat2, *, beta=1.0, alpha=1.0: beta * mat + alpha * sparse_mm(mat1, mat2),
    method=False,
)
define_function("smm", lambda input, mat: to_sparse(sparse_mm(input, mat)), method=False)
Tensor.is_sparse = property(is_sparse)  # type: ignore[attr-defined]
Tensor.layout = property(lambda self: coo_layout if is_sparse(self) else strided)  # type: ignore[attr-defined]
