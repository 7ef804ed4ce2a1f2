"""Views and copies: the same elements in another shape, order or extent."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import (
    expand,
    permute,
    reshape,
    shape_of,
    sum_to,
    swap,
)
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def resolve_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``shape`` with its one -1 replaced by what ``count`` elements ask for.

    Raises:
        RuntimeError: the elements do not fit.
    """
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if -1 in shape:
        if known == 0 or count % known:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
        return tuple(count // known if n == -1 else n for n in shape)
    if known != count:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return tuple(shape)


def _view_forward(self: Any, shape: tuple[int, ...]) -> Any:
    made = np.reshape(self, resolve_shape(shape, self.size))
    if self.size and not np.shares_memory(made, self):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return made if made.base is not None else made.view()


view_op = define_op(
    "view.shape",
    node="ViewBackward0",
    forward=_view_forward,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct, self_shape: reshape(ct, self_shape)},
    jvp="linear",
    method=False,
)


def view(self: Tensor, *shape: Any, dtype: Any = None) -> Any:
    """The same memory seen with another shape, or with another dtype."""
    if dtype is not None or (len(shape) == 1 and hasattr(shape[0], "np")):
        return OPS["view.dtype"](self, dtype or shape[0])
    return view_op(self, _sizes(shape))


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given separately or as one sequence."""
    if len(shape) == 1 and not hasattr(shape[0], "__index__"):
        shape = tuple(shape[0])
    return tuple(map(operator.index, shape))


define_function("view", view)


def _unsafe_view_forward(self: Any, shape: tuple[int, ...]) -> Any:
    return np.array(np.reshape(self, shape))


_unsafe_view = define_op(
    "_unsafe_view",
    node="UnsafeViewBackward0",
    forward=_unsafe_view_forward,
    inputs=("self",),
    vjp={"self": lambda ct, self_shape: reshape(ct, self_shape)},
    jvp="linear",
    method=False,
)


def reshape_function(self: Tensor, *shape: Any) -> Any:
    """A view if the memory allows it, a copy otherwise."""
    wanted = resolve_shape(_sizes(shape), self._data.size)
    array = self._array()
    if array.size == 0 or np.shares_memory(np.reshape(array, wanted), array):
        return view_op(self, wanted)
    return _unsafe_view(OPS["clone"](self), wanted)


define_function("reshape", reshape_function)
clone = define_op(
    "clone",
    node="CloneBackward0",
    forward=lambda self, memory_format=None: np.array(
        self, order="C" if not layout.is_dense(np.asarray(self)) else "K"
    ),
    inputs=("self",),
    vjp={"self": lambda ct: ct},
    jvp="linear",
)


def _expand_forward(self: Any, shape: tuple[int, ...]) -> Any:
    lead = len(shape) - self.ndim
    if lead < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(shape)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({self.ndim})"
        )
    sizes = tuple(self.shape[i - lead] if n == -1 else n for i, n in enumerate(shape))
    for i, n in enumerate(self.shape):
        if n not in (1, sizes[lead + i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({sizes[lead + i]}) must match the existing size "
                f"({n}) at non-singleton "
                f"dimension {lead + i}.  Target sizes: {list(sizes)}.  Tensor sizes: {list(self.shape)}"
            )
    return np.lib.stride_tricks.as_strided(self, sizes, _expanded_strides(self, sizes))


def _expanded_strides(x: Any, sizes: tuple[int, ...]) -> Any:
    lead = len(sizes) - x.ndim
    return (0,) * lead + tuple(
        0 if x.shape[i] == 1 and sizes[lead + i] != 1 else x.strides[i] for i in range(x.ndim)
    )


expand_op = define_op(
    "expand",
    node="ExpandBackward0",
    forward=_expand_forward,
    inputs=("self",),
    view=True,
    spread="shape",
    vjp={"self": lambda ct, self_shape: sum_to(ct, self_shape)},
    jvp="linear",
)
define_function("expand_as", lambda self, other: expand_op(self, tuple(other.shape)))
define_function("view_as", lambda self, other: view_op(self, tuple(other.shape)))
define_function("reshape_as", lambda self, other: reshape_function(self, tuple(other.shape)))
define_function("broadcast_to", lambda self, size: expand_op(self, tuple(size)))


def _sum_to_size_forward(self: Any, shape: tuple[int, ...]) -> Any:
    summed = layout.sum_to(self, tuple(shape))
    return summed if summed is not self else np.array(self)


sum_to_size_op = define_op(
    "sum_to_size.strict",
    node="SumBackward1",
    forward=_sum_to_size_forward,
    inputs=("self",),
    vjp={"self": lambda ct, self_shape: expand(ct, self_shape)},
    jvp="linear",
    method=False,
)


def sum_to_size(self: Tensor, *size: Any) -> Any:
    """Summed over the axes along which ``size`` would be broadcast to this shape."""
    wanted = _sizes(size)
    if not wanted:
        return OPS["sum"](self)
    return self if self._data.shape == wanted else sum_to_size_op(self, wanted)


define_function("sum_to_size", sum_to_size)

# -- order of axes -----------------------------------------------------------------------------------------------------


def _transpose_forward(self: Any, dim0: int, dim1: int) -> Any:
    a, b = layout.one_dim(dim0, self.ndim), layout.one_dim(dim1, self.ndim)
    return np.swapaxes(self, a, b) if self.ndim else self.view()


transpose = define_op(
    "transpose",
    node="TransposeBackward0",
    forward=_transpose_forward,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct, dim0, dim1: ct if not shape_of(ct) else swap(ct, dim0, dim1)},
    jvp="linear",
    aliases=("swapaxes", "swapdims"),
)
t_op = define_op(
    "t",
    node="TBackward0",
    forward=lambda self: _at_most_2d(self).T,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct: ct if len(shape_of(ct)) < 2 else swap(ct, 0, 1)},
    jvp="linear",
)


def _at_most_2d(x: Any) -> Any:
    if x.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {x.ndim}D")
    return x.view()


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    n = len(dims)
    places = [d % n for d in dims]
    return tuple(places.index(i) for i in range(n))


def _axis_order(dims: Any, ndim: int) -> tuple[int, ...]:
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            "length of the desired ordering of dimensions i.e. input.dim() = "
            f"{ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = tuple(layout.one_dim(d, ndim) for d in dims)
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


permute_op = define_op(
    "permute",
    node="PermuteBackward0",
    forward=lambda self, dims: np.transpose(self, _axis_order(dims, self.ndim)),
    inputs=("self",),
    view=True,
    spread="dims",
    vjp={"self": lambda ct, dims: permute(ct, _inverse(dims))},
    jvp="linear",
)

# -- axes of one -------------------------------------------------------------------------------------------------------


def _squeezed(shape: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    gone = range(len(shape)) if dim is None else layout.dims(dim, len(shape)) if dim != () else ()
    return tuple(n for i, n in enumerate(shape) if n != 1 or i not in gone)


def _squeeze_row(name: str, node: str) -> Any:
    return define_op(
        name,
        node=node,
        forward=lambda self, dim=None: self.reshape(_squeezed(self.shape, dim)),
        inputs=("self",),
        view=True,
        vjp={"self": lambda ct, self_shape: reshape(ct, self_shape)},
        jvp="linear",
        method=False,
    )


squeeze_all = _squeeze_row("squeeze.all", "SqueezeBackward0")
squeeze_dim = _squeeze_row("squeeze.dim", "SqueezeBackward1")
squeeze_dims = _squeeze_row("squeeze.dims", "SqueezeBackward2")


def squeeze(self: Tensor, dim: Any = None) -> Any:
    """Without the axes of one, or without those of ``dim``."""
    if dim is None:
        return squeeze_all(self)
    return (
        squeeze_dims(self, tuple(dim)) if isinstance(dim, list | tuple) else squeeze_dim(self, dim)
    )


define_function("squeeze", squeeze)


def _unsqueezed(x: Any, at: int) -> Any:
    """With an axis of one, over which a step leads past the axis that it stands before; other strides stay as they are.

    NumPy counts the strides of axes of one anew, and two such views of the same elements would seem to overlap in part.
    """
    made = np.expand_dims(x, at)
    if 1 not in x.shape or type(x) is not np.ndarray:
        return made
    step = x.shape[at] * x.strides[at] if at < x.ndim else x.itemsize
    strides = (*x.strides[:at], step, *x.strides[at:])
    return (
        made if made.strides == strides else np.lib.stride_tricks.as_strided(x, made.shape, strides)
    )


unsqueeze_op = define_op(
    "unsqueeze",
    node="UnsqueezeBackward0",
    forward=lambda self, dim: _unsqueezed(self, layout.one_dim(dim, self.ndim + 1)),
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct, self_shape: reshape(ct, self_shape)},
    jvp="linear",
)


def _identity_view(name: str, node: str) -> Any:
    return define_op(
        name,
        node=node,
        forward=lambda self: self.view(),
        inputs=("self",),
        view=True,
        vjp={"self": lambda ct: ct},
        jvp="linear",
        method=False,
    )


make_dual = _identity_view("_make_dual", "ViewBackward0")
unpack_dual = _identity_view("_unpack_dual", "torch::autograd::Identity")
alias = define_op(
    "alias",
    node="AliasBackward0",
    forward=lambda self: self.view(),
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct: ct},
    jvp="linear",
    method=False,
)
