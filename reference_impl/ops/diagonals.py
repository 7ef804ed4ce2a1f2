"""Diagonals and triangles of matrices."""

# ruff: noqa: N803 - torch's signatures

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import array_of, op, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def _diagonal_forward(self: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    a, b = layout.one_dim(dim1, self.ndim), layout.one_dim(dim2, self.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = self.shape[a], self.shape[b]
    length = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    rest = [i for i in range(self.ndim) if i not in (a, b)]
    start = tuple(slice(None) for _ in ())
    begin = [slice(None)] * self.ndim
    begin[a] = slice(max(-offset, 0) if length else rows, None)
    begin[b] = slice(max(offset, 0) if length else columns, None)
    part = self[(*start, *begin)]
    shape = (*[self.shape[i] for i in rest], length)
    strides = (*[self.strides[i] for i in rest], self.strides[a] + self.strides[b])
    return np.lib.stride_tricks.as_strided(part, shape, strides)


def put_diagonal(ct: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    """Zeros of ``shape`` with ``ct`` on a diagonal."""
    if isinstance(ct, Tensor):
        return diagonal_put(ct, tuple(shape), offset, dim1, dim2)
    made = np.zeros(shape, dtype=ct.dtype)
    _diagonal_forward(made, offset, dim1, dim2)[...] = ct
    return made


diagonal_op = define_op(
    "diagonal",
    node="DiagonalBackward0",
    forward=_diagonal_forward,
    inputs=("self",),
    view=True,
    vjp={
        "self": lambda ct, self_shape, offset, dim1, dim2: put_diagonal(
            ct, self_shape, offset, dim1, dim2
        )
    },
    jvp="linear",
)
diagonal_put = define_op(
    "diagonal.put",
    node="DiagonalBackward0Backward0",
    forward=lambda self, shape, offset, dim1, dim2: put_diagonal(self, shape, offset, dim1, dim2),
    inputs=("self",),
    vjp={"self": lambda ct, offset, dim1, dim2: op("diagonal", ct, offset, dim1, dim2)},
    jvp="linear",
    method=False,
)
define_function(
    "linalg.diagonal",
    lambda A, *, offset=0, dim1=-2, dim2=-1: diagonal_op(A, offset, dim1, dim2),
    method=False,
)
diagonal_copy = define_op(
    "diagonal_copy",
    node="DiagonalBackward0_copy",
    forward=lambda self, offset=0, dim1=0, dim2=1: np.array(
        _diagonal_forward(self, offset, dim1, dim2)
    ),
    inputs=("self",),
    vjp={
        "self": lambda ct, self_shape, offset, dim1, dim2: put_diagonal(
            ct, self_shape, offset, dim1, dim2
        )
    },
    jvp="linear",
)


def _embed_forward(self: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    ndim = self.ndim + 1
    a, b = layout.one_dim(dim1, ndim), layout.one_dim(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = self.shape[-1] + abs(offset)
    lead = list(self.shape[:-1])
    shape = [n if i in (a, b) else lead.pop(0) for i in range(ndim)]
    return put_diagonal(np.asarray(self), tuple(shape), offset, a, b)


diag_embed_op = define_op(
    "diag_embed",
    node="DiagEmbedBackward0",
    forward=_embed_forward,
    inputs=("self",),
    vjp={"self": lambda ct, offset, dim1, dim2: op("diagonal", ct, offset, dim1, dim2)},
    jvp="linear",
)


def diag(self: Tensor, diagonal: int = 0) -> Any:
    """The diagonal of a matrix as a copy, or a matrix with the vector on its diagonal."""
    if self.ndim == 1:
        return diag_embed_op(self, diagonal)
    if self.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self.ndim}D")
    return diagonal_copy(self, diagonal)


define_function("diag", diag)
define_function(
    "diagflat", lambda self, offset=0: diag_embed_op(op("reshape", self, (-1,)), offset)
)


def _as_matrix(name: str, array: Any) -> Any:
    if array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    return array


def _triangle(name: str, node: str, cut: Any) -> Any:
    return define_op(
        name,
        node=node,
        forward=layout.in_rows(lambda self, diagonal=0: cut(_as_matrix(name, self), diagonal)),
        inputs=("self",),
        inplace=True,
        vjp={"self": lambda ct, diagonal: op(name, ct, diagonal)},
        jvp="linear",
    )


tril_op = _triangle("tril", "TrilBackward0", np.tril)
triu_op = _triangle("triu", "TriuBackward0", np.triu)


def _trace_forward(self: Any) -> Any:
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    return np.trace(self)


trace_op = define_op(
    "trace",
    node="TraceBackward0",
    forward=_trace_forward,
    inputs=("self",),
    promote="own",
    vjp={
        "self": lambda ct, self_shape: put_diagonal(
            op("expand", ct, (min(self_shape),)), self_shape, 0, 0, 1
        )
    },
    jvp="linear",
)


def _indices(name: str, find: Any) -> None:
    def call(row: int, col: int, offset: int = 0, **_options: Any) -> Tensor:
        return make(np.stack(find(row, offset, col)).astype(np.int64))

    call.__doc__ = f"Rows and columns of the {name} triangle."
    define_function(name, call, method=False)


_indices("tril_indices", np.tril_indices)
_indices("triu_indices", np.triu_indices)

# -- copies with a part replaced ---------------------------------------------------------------------------------------


def _scattered(name: str, node: str, view: str, clear: Any) -> Any:
    """The op that returns a copy of ``self`` in which the part that ``view`` shows is ``src``."""

    def forward(self: Any, src: Any, args: tuple[Any, ...]) -> Any:
        made = np.array(self)
        part = OPS[view].rule.forward(made, *args)  # type: ignore[attr-defined]
        if part.shape != np.shape(src):
            raise RuntimeError(
                "expected src to have a size equal to the slice of self. src size = "
                f"{list(np.shape(src))}, slice size = {list(part.shape)}"
            )
        part[...] = src
        return made

    return define_op(
        f"{name}.part",
        node=node,
        forward=forward,
        inputs=("self", "src"),
        vjp={
            "self": lambda ct, args, src_shape: clear(ct, zeros(src_shape, ct), args),
            "src": lambda ct, args: op(view, ct, *args),
        },
        jvp=lambda self_t, src_t, args: clear(self_t, src_t, args),
        method=False,
    )


def _replace(name: str) -> Any:
    def clear(x: Any, src: Any, args: tuple[Any, ...]) -> Any:
        return op(f"{name}.part", x, src, args)

    return clear


select_scatter = _scattered(
    "select_scatter", "SelectScatterBackward0", "select", _replace("select_scatter")
)
slice_scatter = _scattered(
    "slice_scatter", "SliceScatterBackward0", "slice", _replace("slice_scatter")
)
diagonal_scatter = _scattered(
    "diagonal_scatter", "DiagonalScatterBackward0", "diagonal", _replace("diagonal_scatter")
)
define_function(
    "select_scatter", lambda self, src, dim, index: select_scatter(self, src, (dim, int(index)))
)
define_function(
    "slice_scatter",
    lambda self, src, dim=0, start=None, end=None, step=1: slice_scatter(
        self, src, (dim, start, end, step)
    ),
)
define_function(
    "diagonal_scatter",
    lambda self, src, offset=0, dim1=0, dim2=1: diagonal_scatter(self, src, (offset, dim1, dim2)),
)
_ = array_of


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Any:
    """One value written to the diagonal; of a tall matrix again below it, with ``wrap``."""
    shape = tuple(self.shape)
    if self.ndim > 2 and len(set(shape)) != 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    mask = np.zeros(shape, dtype=bool)
    np.fill_diagonal(mask, True, wrap)
    return OPS["masked_fill_"](self, make(mask), fill_value)


define_function("fill_diagonal_", fill_diagonal_)
