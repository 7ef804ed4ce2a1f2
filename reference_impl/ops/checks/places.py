"""Parts of tensors: dimensions in range, indices that fit, memory that is there."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.checks.table import before, refuse, sizes


@before("sum_to_size")
def _expandable(self: Any, *size: Any) -> None:
    wanted = list(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else list(size)
    have = sizes(self)
    refuse(
        len(wanted) > len(have)
        or any(w not in {1, h} for w, h in zip(reversed(wanted), reversed(have), strict=False)),
        f"size {{{wanted}}} is not expandable to size {{{have}}}.",
    )


@before("unbind")
def _has_dim(self: Any, dim: int = 0) -> None:
    refuse(self.ndim == 0, f"Dimension specified as {dim} but tensor has no dimensions", IndexError)


@before("index_add", "index_add_")
def _index_add(self: Any, dim: int, index: Any, source: Any, **_: Any) -> None:
    _one_dim_index("index_add_()", self, dim, index, RuntimeError if self.ndim else IndexError)
    _one_place(self, index, source)
    at = layout.one_dim(dim, self.ndim)
    without = [sizes(x)[:at] + sizes(x)[at + 1 :] for x in (self, source)]
    refuse(
        (self.ndim and source.ndim and without[0] != without[1]) or self.ndim != source.ndim,
        "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
        f"{sizes(self)} source.shape = {sizes(source)}",
    )


@before("index_copy", "index_copy_", "index_reduce", "index_reduce_")
def _index_copy(self: Any, dim: int, index: Any, source: Any, *_: Any, **__: Any) -> None:
    _one_dim_index("index_copy_()", self, dim, index)
    _one_place(self, index, source)
    at = layout.one_dim(dim, self.ndim)
    without = [sizes(x)[:at] + sizes(x)[at + 1 :] for x in (self, source)]
    refuse(
        self.ndim and source.ndim and without[0] != without[1],
        f"index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {without[0]} "
        f"at dimension {at} and source slice shape: {without[1]} at dimension 0.",
    )


@before("index_fill", "index_fill_", "index_select")
def _index_fill(self: Any, dim: int, index: Any, *_: Any) -> None:
    _one_dim_index("index_select()", self, dim, index)


def _one_dim_index(
    name: str, self: Any, dim: int, index: Any, error: type[Exception] = IndexError
) -> None:
    layout.one_dim(dim, self.ndim)
    refuse(
        index.ndim > 1,
        f"{name}: Index is supposed to be a vector, but got dim: {index.ndim}",
        IndexError,
    )
    if index.numel():
        data = index._data
        size = int(self.shape[dim]) if self.ndim else 1
        low, high = int(data.min()), int(data.max())
        refuse(high >= size or low < -size, f"{name}: index out of range in self", error)


@before(
    "gather",
    "scatter",
    "scatter_",
    "scatter_add",
    "scatter_add_",
    "scatter_reduce",
    "scatter_reduce_",
)
def _gathered(self: Any, dim: int, index: Any, *_: Any, **__: Any) -> None:
    layout.one_dim(dim, self.ndim)
    refuse(
        max(self.ndim, 1) != max(index.ndim, 1) and index.numel(),
        "Index tensor must have the same number of dimensions as self tensor",
    )


@before("narrow_copy")
def _copied_part(self: Any, dim: int, *_: Any) -> None:
    refuse(dim >= self.ndim, f"Expected dim < static_cast<int64_t>(self_sizes.size()), got {dim}")


@before("as_strided", "as_strided_copy", "as_strided_scatter")
def _strided(self: Any, *args: Any, **kwargs: Any) -> None:
    rest = args[1:] if args and hasattr(args[0], "shape") else args
    given = {**dict(zip(("size", "stride", "storage_offset"), rest, strict=False)), **kwargs}
    size, stride, offset = given["size"], given["stride"], given.get("storage_offset")
    refuse(offset is not None and offset < 0, f"Tensor: invalid storage offset {offset}")
    refuse(len(size) != len(stride), "mismatch in length of strides and shape")
    refuse(
        any(s < 0 for s in stride),
        f"as_strided: Negative strides are not supported, got {list(stride)}",
    )
    refuse(
        any(n < 0 for n in size), f"Trying to create tensor with negative dimension: {list(size)}"
    )
    if 0 in size or isinstance(self, tuple):
        return
    have = layout.owner_of(self._array()).size
    last = (self.storage_offset() if offset is None else offset) + sum(
        (n - 1) * s for n, s in zip(size, stride, strict=True)
    )
    refuse(
        last >= have,
        f"setStorage: sizes {list(size)}, strides {list(stride)} are out of bounds for storage of {have}",
    )


@before("renorm")
def _renorm(self: Any, p: Any, dim: int, maxnorm: Any) -> None:
    refuse(self.ndim < 2, f"renorm: input needs at least 2 dimensions, got {self.ndim} dimensions")
    layout.one_dim(dim, self.ndim)
    refuse(not isinstance(p, complex) and p <= 0, "renorm: non-positive-norm not supported")
    refuse(maxnorm < 0, f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")


@before("narrow", "narrow_copy")
def _narrow(self: Any, dim: int, start: Any, length: int) -> None:
    refuse(
        hasattr(start, "_data") and (start.ndim or start._data.dtype.kind not in "iu"),
        "start must be an 0-dim integral Tensor.",
    )


@before("scatter", "scatter_", "scatter_add", "scatter_add_", "scatter_reduce", "scatter_reduce_")
def _covered(self: Any, dim: int, index: Any, src: Any = None, *_: Any, **__: Any) -> None:
    if index.ndim != self.ndim or not index.numel():
        return
    at, have, wanted = layout.one_dim(dim, self.ndim), sizes(self), sizes(index)
    given = sizes(src) if hasattr(src, "shape") and len(sizes(src)) == len(wanted) else wanted
    refuse(
        any(w > n for i, (w, n) in enumerate(zip(wanted, have, strict=True)) if i != at)
        or any(w > n for w, n in zip(wanted, given, strict=True)),
        f"Expected index {wanted} to be no larger than self {have} apart from dimension {at} and to be no larger size "
        f"than src {given}",
    )


@before("fill_", "fill")
def _one_value(self: Any, value: Any) -> None:
    refuse(
        hasattr(value, "ndim") and value.ndim,
        f"fill_ only supports 0-dimension value tensor but got tensor with {getattr(value, 'ndim', 0)} dimensions.",
    )


@before("expand", "expand_copy", "broadcast_to")
def _expanded(self: Any, *size: Any) -> None:
    wanted = list(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else list(size)
    new = wanted[: max(len(wanted) - self.ndim, 0)]
    refuse(
        any(isinstance(n, int) and n < 0 for n in new),
        f"The expanded size of the tensor ({new}) isn't allowed in a leading, non-existing dimension 0",
    )


@before("argmax.dims", "argmin.dims")
def _place_of_none(self: Any, dim: Any = None, keepdim: bool = False) -> None:
    refuse(
        self._data.size == 0 and dim is None,
        "argmax(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
        "'dim' argument.",
        IndexError,
    )


_OF_TENSORS = """
    sort.stable mode.dim median.dim nanmedian.dim topk.dim logcumsumexp logsumexp.dims median.all nanmedian.all clone
    masked_select kthvalue.dim logit addcmul addcdiv flip rot90 nansum.dims
    diagonal_scatter.part select_scatter.part
"""


@before(*_OF_TENSORS.split())
def _of_a_tensor(self: Any, *_: Any, **__: Any) -> None:
    refuse(
        not hasattr(self, "_data"),
        f"argument 'input' (position 1) must be Tensor, not {type(self).__name__}",
        TypeError,
    )


@before("sort.stable", "logcumsumexp", "median.dim", "nanmedian.dim", "mode.dim")
def _along(self: Any, *options: Any) -> None:
    dims = [x for x in options if isinstance(x, int) and not isinstance(x, bool)][:1]
    if self.ndim == 0 and dims:
        layout.one_dim(dims[0], 0)


@before("flip")
def _flipped(self: Any, dims: Any) -> None:
    for dim in dims if isinstance(dims, tuple | list) else [dims]:
        layout.one_dim(dim, self.ndim)


@before("flatten")
def _flattened(self: Any, start_dim: int = 0, end_dim: int = -1) -> None:
    layout.one_dim(start_dim, self.ndim)
    layout.one_dim(end_dim, self.ndim)


@before("repeat_interleave")
def _repeated(self: Any, repeats: Any = None, dim: int | None = None, **_: Any) -> None:
    if dim is not None:
        layout.one_dim(dim, self.ndim)
    data = getattr(repeats, "_data", repeats)
    refuse(
        repeats is not None and np.size(data) and np.min(data) < 0, "Repeats must be non-negative"
    )


@before("quantile", "nanquantile")
def _quantiles(
    self: Any,
    q: Any = None,
    dim: int | None = None,
    *_: Any,
    interpolation: str = "linear",
    **__: Any,
) -> None:
    if dim is not None:
        layout.one_dim(dim, self.ndim)
    refuse(
        interpolation not in {"linear", "lower", "higher", "midpoint", "nearest"},
        f"quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}",
    )


@before(
    "split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "chunk", "unsafe_chunk"
)
def _parted(self: Any, *_: Any, **__: Any) -> None:
    refuse(self.ndim == 0, "split expects at least a 1-dimensional tensor")


@before("take_along_dim")
def _along_one(self: Any, indices: Any, dim: int | None = None) -> None:
    refuse(
        dim is not None and self.ndim != indices.ndim,
        f"torch.take_along_dim(): input and indices should have the same number of dimensions, but got {self.ndim} "
        f"dimensions for input, and {indices.ndim} dimensions for indices",
    )


@before("put")
def _as_many(self: Any, index: Any, source: Any, *_: Any, **__: Any) -> None:
    refuse(
        index.numel() != source.numel(),
        f"put_(): Expected source and index to have the same number of elements, but got {source.numel()}",
        IndexError,
    )


@before("constant_pad_nd")
def _bordered(self: Any, pad: Any, value: Any = 0) -> None:
    refuse(len(pad) % 2, f"Length of pad must be even but instead it equals {len(pad)}")
    refuse(
        len(pad) > 2 * self.ndim,
        f"Length of pad should be no more than twice the number of dimensions, got {pad}",
    )
    have = sizes(self)
    for i in range(len(pad) // 2):
        n = have[-1 - i]
        refuse(
            n + min(pad[2 * i], 0) < 0
            or n + min(pad[2 * i + 1], 0) < 0
            or n + pad[2 * i] + pad[2 * i + 1] < 0,
            "narrow(): length must be non-negative.",
        )


def _one_place(self: Any, index: Any, source: Any) -> None:
    refuse(
        (self.ndim == 0 or source.ndim == 0) and index.numel() > 1,
        f"Dimension specified as 0 but tensor has no dimensions: index should have one element (got {index.numel()})",
        IndexError,
    )


@before("index_reduce", "index_reduce_")
def _as_many_dims(self: Any, dim: int, index: Any, source: Any, *_: Any, **__: Any) -> None:
    refuse(
        self.ndim != source.ndim,
        f"source tensor shape must match self tensor shape, excluding the specified dimension. Got {sizes(self)} and "
        f"{sizes(source)}",
    )


@before("index_select")
def _of_one(self: Any, dim: int, index: Any) -> None:
    refuse(
        self.ndim == 0 and index.numel() > 1,
        f"index_select(): Index to scalar can have only 1 value, got {index.numel()} value(s)",
    )


@before("scatter", "scatter_", "scatter_add", "scatter_add_", "scatter_reduce", "scatter_reduce_")
def _from_as_many_dims(
    self: Any, dim: int, index: Any, src: Any = None, *_: Any, **__: Any
) -> None:
    refuse(
        hasattr(src, "_data") and index.numel() and max(src.ndim, 1) != max(index.ndim, 1),
        "Index tensor must have the same number of dimensions as src tensor",
    )


@before("scatter_reduce", "scatter_reduce_")
def _reduced_places(self: Any, dim: int, index: Any, *_: Any, **__: Any) -> None:
    data, n = index._data, int(self.shape[dim]) if self.ndim else 1
    refuse(
        data.size and data.dtype.kind == "i" and (data.min() < 0 or data.max() >= n),
        f"index {data.max() if data.size else 0} is out of bounds for dimension {dim} with size {n}",
    )


@before("unflatten")
def _unflattened(self: Any, dim: Any, sizes: Any) -> None:
    refuse(
        self.ndim == 0,
        "unflatten got an unexpected error: Dimension specified as 0 but tensor has no dimensions",
    )


@before("tensor_split")
def _split_at(self: Any, indices_or_sections: Any, *_: Any, **__: Any) -> None:
    if hasattr(indices_or_sections, "_data"):
        refuse(
            indices_or_sections._data.dtype.kind != "i" or indices_or_sections.ndim > 1,
            "tensor_split expected tensor_indices_or_sections to have dtype of long and at most one dimension",
        )


@before("pow", "xlogy", "special.xlog1py", "remainder", "fmod", "copysign", "where")
def _without_none(*args: Any, **kwargs: Any) -> None:
    refuse(
        any(x is None for x in (*args, *kwargs.values())),
        "received an invalid combination of arguments - got (NoneType)",
        TypeError,
    )


@before("addcmul", "addcdiv")
def _of_three(self: Any, tensor1: Any, tensor2: Any, *_: Any, **__: Any) -> None:
    wrong = next((x for x in (tensor1, tensor2) if not hasattr(x, "_data")), self)
    refuse(wrong is not self, f"argument must be Tensor, not {type(wrong).__name__}", TypeError)
