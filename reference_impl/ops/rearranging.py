"""Copies in another order or extent: flip, roll, repeat, pad; and views composed of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import constant, op, permute, reshape, shape_of, sum, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _numbers(args: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers given separately or as one sequence."""
    if len(args) == 1 and not hasattr(args[0], "__index__"):
        args = tuple(args[0])
    return tuple(int(n) for n in args)


# -- order -------------------------------------------------------------------------------------------------------------

flip_op = define_op(
    "flip",
    node="FlipBackward0",
    forward=lambda self, dims: np.array(
        np.flip(self, layout.dims(dims, self.ndim) if dims != () and self.ndim else ())
    ),
    inputs=("self",),
    spread="dims",
    vjp={"self": lambda ct, dims: op("flip", ct, dims)},
    jvp="linear",
)


def _flip_of(least: int) -> Any:
    """A flip of the last of the first ``least`` axes."""

    def flipped(self: Tensor) -> Any:
        if self.ndim < least:
            raise RuntimeError(f"Input must be >= {least}-d.")
        return flip_op(self, (least - 1,))

    return flipped


define_function("fliplr", _flip_of(2))
define_function("flipud", _flip_of(1))


def _roll_forward(self: Any, shifts: Any, dims: Any = ()) -> Any:
    shifts = (shifts,) if not isinstance(shifts, tuple | list) else tuple(shifts)
    dims = (dims,) if isinstance(dims, int) else tuple(dims or ())
    if not shifts:
        raise RuntimeError("`shifts` required")
    if not dims and len(shifts) == 1:
        return np.roll(self, shifts[0])
    if len(shifts) != len(dims):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    if not self.ndim:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return np.roll(self, shifts, dims)


roll_op = define_op(
    "roll",
    node="RollBackward0",
    forward=layout.in_rows(_roll_forward),
    inputs=("self",),
    vjp={
        "self": lambda ct, shifts, dims: op(
            "roll", ct, [-s for s in shifts] if isinstance(shifts, tuple | list) else -shifts, dims
        )
    },
    jvp="linear",
)
rot90_op = define_op(
    "rot90",
    node="Rot90Backward0",
    forward=lambda self, k=1, dims=(0, 1): np.array(np.rot90(self, k, tuple(dims))),
    inputs=("self",),
    vjp={"self": lambda ct, k, dims: op("rot90", ct, -k, dims)},
    jvp="linear",
)

# -- repetition --------------------------------------------------------------------------------------------------------


def _repeat_vjp(ct: Any, shape: tuple[int, ...], repeats: tuple[int, ...]) -> Any:
    lead = len(repeats) - len(shape)
    wide = [n for r, s in zip(repeats, (1,) * lead + tuple(shape), strict=True) for n in (r, s)]
    if 0 in repeats:
        return zeros(shape, ct)
    summed = sum(reshape(ct, tuple(wide)), list(range(0, len(wide), 2))) if wide else ct
    return reshape(summed, shape)


def _repeat_forward(self: Any, repeats: tuple[int, ...]) -> Any:
    if len(repeats) < self.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    return np.tile(self, repeats) if repeats else np.array(self)


repeat_op = define_op(
    "repeat",
    node="RepeatBackward0",
    forward=_repeat_forward,
    inputs=("self",),
    spread="repeats",
    vjp={"self": lambda ct, self_shape, repeats: _repeat_vjp(ct, self_shape, tuple(repeats))},
    jvp="linear",
)


def tile(self: Tensor, *dims: Any) -> Any:
    """Repeated along each axis; missing numbers are ones."""
    times = _numbers(dims)
    return repeat_op(self, (1,) * (self.ndim - len(times)) + times)


define_function("tile", tile)


def repeat_interleave(
    self: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each entry along ``dim`` repeated: as often as one number says, or a number of its own each."""
    _ = output_size
    if repeats is None:
        return OPS["index_select"](
            OPS["arange"](self.numel()),
            0,
            OPS["repeat_interleave"](OPS["arange"](self.numel()), self),
        )
    if dim is None:
        self, dim = op("reshape", self, (-1,)), 0
    if self.ndim == 0:
        self, dim = op("reshape", self, (1,)), 0
    if isinstance(repeats, int):
        at = layout.one_dim(dim, self.ndim)
        wide = op(
            "expand",
            op("unsqueeze", self, at + 1),
            (*self.shape[: at + 1], repeats, *self.shape[at + 1 :]),
        )
        return op(
            "view",
            op("clone", wide),
            (*self.shape[:at], self.shape[at] * repeats, *self.shape[at + 1 :]),
        )
    times = repeats._data if isinstance(repeats, Tensor) else np.asarray(repeats)
    places = np.repeat(np.arange(self.shape[dim]), times).astype(np.int64)
    return op("index_select", self, dim, OPS["from_numpy"](places))


define_function("repeat_interleave", repeat_interleave)

# -- several axes merged, one split, one moved -------------------------------------------------------------------------


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Axes ``start_dim`` to ``end_dim`` merged; a view where the memory allows it."""
    if self.ndim == 0:
        return op("reshape", self, (1,))
    a, b = layout.one_dim(start_dim, self.ndim), layout.one_dim(end_dim, self.ndim)
    if a > b:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if a == b:
        return self
    return op(
        "reshape", self, (*self.shape[:a], math.prod(self.shape[a : b + 1]), *self.shape[b + 1 :])
    )


def unflatten(self: Tensor, dim: int, sizes: Any) -> Any:
    """Axis ``dim`` split into several."""
    at = layout.one_dim(dim, self.ndim)
    sizes = _numbers((sizes,))
    known = math.prod(n for n in sizes if n != -1)
    sizes = tuple(self.shape[at] // known if n == -1 else n for n in sizes)
    if math.prod(sizes) != self.shape[at]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {at} "
            f"({self.shape[at]}) in the input tensor"
        )
    return op("view", self, (*self.shape[:at], *sizes, *self.shape[at + 1 :]))


def movedim(self: Tensor, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the rest in their order."""
    sources, places = layout.dims(source, self.ndim), layout.dims(destination, self.ndim)
    if len(sources) != len(places):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of "
            f"dims as destination ({destination} dims)"
        )
    if self.ndim == 0:
        return op("alias", self)
    rest = [i for i in range(self.ndim) if i not in sources]
    order = [-1] * self.ndim
    for s, d in zip(sources, places, strict=True):
        order[d] = s
    return op("permute", self, tuple(i if i != -1 else rest.pop(0) for i in order))


define_function("flatten", flatten)
define_function("unflatten", unflatten)
define_function("movedim", movedim, aliases=("moveaxis",))
define_function("ravel", lambda self: op("reshape", self, (-1,)))

# -- attributes --------------------------------------------------------------------------------------------------------


def _reversed(self: Tensor) -> Any:
    """All axes in reverse order."""
    return op("permute", self, tuple(range(self.ndim))[::-1])


def _matrix_transpose(self: Tensor) -> Any:
    """The last two axes exchanged."""
    if self.ndim == 0:
        return self  # deprecated, but the identity
    if self.ndim == 1:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
        )
    return op("transpose", self, -2, -1)


def _adjoint(self: Tensor) -> Any:
    """Conjugate transpose of matrices."""
    made = _matrix_transpose(self)
    return op("conj", made) if made._data.dtype.kind == "c" else made


def _matrix_adjoint(self: Tensor) -> Any:
    """Conjugate transpose of one matrix."""
    if self.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor."
        )
    return (
        _adjoint(self) if self.ndim else op("conj", self) if self._data.dtype.kind == "c" else self
    )


def _attribute(name: str, fn: Any) -> None:
    setattr(Tensor, name, property(fn))
    define_function(name, fn, method=False)


_attribute("T", _reversed)
_attribute("mT", _matrix_transpose)
_attribute("mH", _adjoint)
_attribute("H", _matrix_adjoint)
define_function("adjoint", _adjoint)

# -- memory ------------------------------------------------------------------------------------------------------------


def _in_format(name: str, ndim: int) -> tuple[int, ...] | None:
    """The order of axes, slowest first, of a memory format."""
    if name in ("channels_last", "channels_last_3d"):
        return (0, *range(2, ndim), 1)
    return None


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """True if the elements lie in memory in their order."""
    order = _in_format(getattr(memory_format, "name", ""), self.ndim)
    array = self._array() if order is None else np.transpose(self._array(), order)
    return bool(array.flags.c_contiguous)


def contiguous(self: Tensor, memory_format: Any = None) -> Any:
    """The tensor itself if its elements lie in order, a copy otherwise."""
    if is_contiguous(self, memory_format):
        return self
    order = _in_format(getattr(memory_format, "name", ""), self.ndim)
    return contiguous_op(self, order)


contiguous_op = define_op(
    "contiguous.copy",
    node="CloneBackward0",
    forward=lambda self, order=None: layout.copy_in_order(self, order),
    inputs=("self",),
    vjp={"self": lambda ct: ct},
    jvp="linear",
    method=False,
)
define_function("contiguous", contiguous)
define_function("is_contiguous", is_contiguous)


def stride(self: Tensor, dim: int | None = None) -> Any:
    """Distance in memory between neighbours along each axis, in elements."""
    found = tuple(s // self._data.dtype.itemsize for s in _strides(self))
    return found if dim is None else found[dim]


def _strides(self: Tensor) -> tuple[int, ...]:
    """torch counts axes of one as if they held what follows them; NumPy leaves them open."""
    return tuple(self._array().strides)


def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or one extent of it."""
    return self.shape if dim is None else self.shape[layout.one_dim(dim, self.ndim)]


def storage_offset(self: Tensor) -> int:
    """Where the first element stands in the storage."""
    array = self._array()
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return int(start // array.itemsize)


define_function("stride", stride)
define_function("size", size)
define_function("ndimension", lambda self: self.ndim)
define_function("storage_offset", storage_offset)

# -- padding with one value --------------------------------------------------------------------------------------------


def pad_widths(pad: Any, ndim: int) -> list[tuple[int, int]]:
    """torch's flat list, last axis first, as (before, after) per axis."""
    pairs = [(int(pad[i]), int(pad[i + 1])) for i in range(0, len(pad), 2)]
    return [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]


def _pad_forward(self: Any, pad: Any, value: Any = 0.0) -> Any:
    widths = pad_widths(pad, self.ndim)
    cut = self[
        tuple(
            slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, self.shape, strict=True)
        )
    ]
    return np.pad(cut, [(max(a, 0), max(b, 0)) for a, b in widths], constant_values=value).astype(
        self.dtype, copy=False
    )


pad_op: Any = define_op(
    "constant_pad_nd",
    node="ConstantPadNdBackward0",
    forward=_pad_forward,
    inputs=("self",),
    vjp={"self": lambda ct, pad: op("constant_pad_nd", ct, [-int(n) for n in pad], 0.0)},
    jvp=lambda self_t, pad: pad_op(self_t, pad, 0.0),
    method=False,
)

# -- overlapping windows -----------------------------------------------------------------------------------------------


def _unfold_forward(self: Any, dimension: int, size: int, step: int) -> Any:
    at = layout.one_dim(dimension, self.ndim)
    n = self.shape[at] if self.ndim else 1
    if size > n or size < 0:
        raise RuntimeError(f"maximum size for tensor at dimension {at} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if self.ndim == 0:
        return np.lib.stride_tricks.as_strided(self, (size,), (self.itemsize,))
    shape, strides = list(self.shape), list(self.strides)
    shape[at] = (n - size) // step + 1
    strides[at] *= step
    return np.lib.stride_tricks.as_strided(self, (*shape, size), (*strides, self.strides[at]))


def _unfold_vjp(ct: Any, shape: tuple[int, ...], dimension: int, size: int, step: int) -> Any:
    """Each window's cotangent added where the window was."""
    if not shape:
        return reshape(sum(ct), ())
    at = dimension % len(shape)
    last = len(shape_of(ct)) - 1
    rows = permute(ct, (at, last, *(i for i in range(last) if i != at)))
    count = shape_of(rows)[0]
    rest = shape_of(rows)[2:]
    places = (np.arange(count)[:, None] * step + np.arange(size)).reshape(-1)
    made = op(
        "index_add",
        zeros((shape[at], *rest), ct),
        0,
        constant(places, ct),
        reshape(rows, (count * size, *rest)),
    )
    return op("movedim", made, 0, at)


unfold_op = define_op(
    "unfold",
    node="UnfoldBackward0",
    forward=_unfold_forward,
    inputs=("self",),
    view=True,
    vjp={
        "self": lambda ct, self_shape, dimension, size, step: _unfold_vjp(
            ct, self_shape, dimension, size, step
        )
    },
    jvp="linear",
)
