"""Views by explicit geometry, views made in place, and sizes changed in place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import calls, forward_ad, inplace, layout, views
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.ops.lang import array_of, constant, op, reshape, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.storage import Storage
from reference_impl.tensor import Tensor, make
from reference_impl.views import Step

# -- as_strided --------------------------------------------------------------------------------------------------------


def _strided(self: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """Part of the memory behind ``self``, from an offset on with the strides given."""
    size, stride = tuple(int(n) for n in size), tuple(int(s) for s in stride)
    if len(size) != len(stride):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {list(size)} and {list(stride)}"
        )
    if any(s < 0 for s in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            + str(list(stride))
        )
    memory = layout.owner_of(self)
    offset = layout.geometry(self)[2] if storage_offset is None else storage_offset
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if 0 not in size and last >= memory.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {self.itemsize} "
            f"requiring a storage size of {(last + 1) * self.itemsize} are out of bounds for storage "
            f"of size {memory.nbytes}"
        )
    flat = np.lib.stride_tricks.as_strided(memory, (memory.size,), (self.itemsize,))
    return np.lib.stride_tricks.as_strided(
        flat[offset:], size, tuple(s * self.itemsize for s in stride)
    )


def _strided_vjp(
    ct: Any, self_layout: Any, size: Any, stride: Any, storage_offset: int | None
) -> Any:
    """Added up per place in memory, then read where the input's elements lie, in equal parts where those overlap."""
    shape, strides, offset = self_layout
    to = layout.positions(
        size, stride, offset if storage_offset is None else storage_offset
    ).reshape(-1)
    back = layout.positions(shape, strides, offset)
    span = max(int(to.max(initial=0)), int(back.max(initial=0))) + 1
    memory = op("index_add", zeros((span,), ct), 0, constant(to, ct), reshape(ct, (to.size,)))
    found = reshape(op("index_select", memory, 0, constant(back.reshape(-1), ct)), shape)
    shared = np.bincount(back.reshape(-1), minlength=span)[back]
    return (
        found
        if (shared == 1).all()
        else found / constant(shared.astype(array_of(ct).real.dtype), ct)
    )


as_strided_op = define_op(
    "as_strided",
    node="AsStridedBackward0",
    forward=_strided,
    inputs=("self",),
    view=True,
    vjp={
        "self": lambda ct, self_layout, size, stride, storage_offset: _strided_vjp(
            ct, self_layout, size, stride, storage_offset
        )
    },
    jvp=lambda self, self_t, size, stride, storage_offset: _strided_tangent(
        self, self_t, size, stride, storage_offset
    ),
)


def _strided_tangent(
    self: Tensor, tangent: Tensor, size: Any, stride: Any, storage_offset: int | None
) -> Any:
    """The same view of a tangent that lies in memory as the primal does."""
    shape, strides, offset = layout.geometry(self._array())
    span = int(layout.positions(shape, strides, offset).max(initial=0)) + 1
    back = layout.positions(shape, strides, offset).reshape(-1)
    memory = op(
        "index_copy",
        op("new_zeros", tangent, (span,)),
        0,
        make(back),
        op("reshape", tangent, (-1,)),
    )
    places = layout.positions(size, stride, offset if storage_offset is None else storage_offset)
    return op("reshape", op("index_select", memory, 0, make(places.reshape(-1))), tuple(size))


def _strided_scatter(
    self: Any, src: Any, size: Any, stride: Any, storage_offset: int | None = None
) -> Any:
    shape, strides, offset = layout.geometry(self)
    memory = np.zeros(layout.owner_of(self).size, dtype=self.dtype)
    back = layout.positions(shape, strides, offset)
    memory[back] = self
    memory[layout.positions(size, stride, offset if storage_offset is None else storage_offset)] = (
        src
    )
    return memory[back]


def _kept_part(
    ct: Any, self_layout: Any, size: Any, stride: Any, storage_offset: int | None
) -> Any:
    shape, strides, offset = self_layout
    written = layout.positions(size, stride, offset if storage_offset is None else storage_offset)
    mask = ~np.isin(layout.positions(shape, strides, offset), written)
    return ct * constant(mask.astype(array_of(ct).real.dtype), ct)


def _written_part(
    ct: Any, self_layout: Any, size: Any, stride: Any, storage_offset: int | None
) -> Any:
    shape, strides, offset = self_layout
    written = layout.positions(
        size, stride, offset if storage_offset is None else storage_offset
    ).reshape(-1)
    back = layout.positions(shape, strides, offset).reshape(-1)
    span = max(int(written.max(initial=0)), int(back.max(initial=0))) + 1
    memory = op("index_copy", zeros((span,), ct), 0, constant(back, ct), reshape(ct, (back.size,)))
    return reshape(op("index_select", memory, 0, constant(written, ct)), tuple(size))


as_strided_scatter: Any = define_op(
    "as_strided_scatter",
    node="AsStridedScatterBackward0",
    forward=_strided_scatter,
    inputs=("self", "src"),
    vjp={
        "self": lambda ct, self_layout, size, stride, storage_offset: _kept_part(
            ct, self_layout, size, stride, storage_offset
        ),
        "src": lambda ct, self_layout, size, stride, storage_offset: _written_part(
            ct, self_layout, size, stride, storage_offset
        ),
    },
    jvp=lambda self_t, src_t, size, stride, storage_offset: as_strided_scatter(
        OPS["contiguous"](self_t), src_t, size, stride, storage_offset
    ),
)

# -- views made in place -----------------------------------------------------------------------------------------------

# Note [Views made in place]
# `x.t_()` changes what x itself shows. The write is checked and counted like any other, and x gets the node of the view
# op; if x is a view, it stays one, with a longer chain, and its base's history stays as it is, since no memory changed.


def _write_view(name: str, row: str, node: str, *, method: bool = True) -> None:
    """The in-place form ``name`` of the view op ``row``."""
    origin = OPS[row].rule  # type: ignore[attr-defined]
    rule = define_op(
        f"{name}.in_place",
        node=node,
        forward=origin.forward,
        inputs=("self",),
        params=dict(zip(origin.params, origin.defaults, strict=True)),
        view=True,
        vjp=origin.vjp,
        jvp="linear",
        method=False,
    ).rule  # type: ignore[attr-defined]

    def call(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return view_in_place(rule, self, args, kwargs)

    call.__doc__ = f"``{row}`` of the tensor itself. See Note [Views made in place]."
    define_function(name, call, method=method)


def view_in_place(rule: Any, self: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """Make ``self`` show its own view."""
    _, params = rule.bind((self, *args), kwargs)
    tracked = MODE.grad and self.requires_grad
    views.check_writable(self, recorded=tracked)
    inplace.check_inference(self)
    before = make(self._array(), self._shared())
    edges = calls.input_edges(rule, [self])
    tangents = {level: forward_ad.tangent_of(self, level) for level in DUAL_LEVELS}
    after = rule.forward(before._data, *params)
    self._data = after
    info = None if self._meta is None else self._meta.view
    if info is not None:
        info.chain = (
            *info.chain,
            Step(rule, params, rule.view_meta(before, params), 0, before._data),
        )
    inplace.bump(self)
    if tracked:
        calls.record(rule, [before], params, self, (), edges)
    elif info is not None:
        info.version = self._shared().version
    for level, tangent in tangents.items():
        if tangent is not None:
            forward_ad.set_tangent(self, rule.call(tangent, *params), level)
    return self


_write_view("t_", "t", "TBackward1")
_write_view("transpose_", "transpose", "TransposeBackward1")
_write_view("swapaxes_", "transpose", "TransposeBackward1")
_write_view("swapdims_", "transpose", "TransposeBackward1")
_write_view("unsqueeze_", "unsqueeze", "UnsqueezeBackward1")
_write_view("squeeze_all_", "squeeze.all", "SqueezeBackward3", method=False)
_write_view("squeeze_dim_", "squeeze.dim", "SqueezeBackward4", method=False)
_write_view("squeeze_dims_", "squeeze.dims", "SqueezeBackward5", method=False)
_write_view("as_strided_", "as_strided", "AsStridedBackward1")


def squeeze_(self: Tensor, dim: Any = None) -> Any:
    """``squeeze`` of the tensor itself."""
    if dim is None:
        return OPS["squeeze_all_"](self)
    return (
        OPS["squeeze_dims_"](self, tuple(dim))
        if isinstance(dim, list | tuple)
        else OPS["squeeze_dim_"](self, dim)
    )


define_function("squeeze_", squeeze_)

# -- sizes changed in place --------------------------------------------------------------------------------------------


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Another size over the same memory, which grows where it is too small; what is new is zero."""
    _ = memory_format
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = tuple(
        int(n)
        for n in (sizes[0] if len(sizes) == 1 and not hasattr(sizes[0], "__index__") else sizes)
    )
    data = self._array()
    if data.shape == shape:
        return self
    offset = layout.geometry(data)[2]
    needed = offset + math.prod(shape)
    owner = layout.owner_of(data)
    if needed > owner.size:
        memory = np.zeros(needed, dtype=data.dtype)
        memory[: owner.size] = np.lib.stride_tricks.as_strided(
            owner, (owner.size,), (owner.itemsize,)
        )
        owner = memory
    flat = np.lib.stride_tricks.as_strided(owner, (owner.size,), (owner.itemsize,))
    self._data = flat[offset:needed].reshape(shape)
    return self


def set_(
    self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """The memory of another tensor, with its shape or one of its own; without a source, none at all."""
    if self.requires_grad and self.is_leaf and MODE.grad:
        views.check_writable(self, recorded=True)
    version = self._version
    if source is None:
        self._data = np.zeros((0,), dtype=self._data.dtype)
        self._storage = Storage(self._data, version + 1)
        return self
    if source._data.dtype != self._data.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {_word(source)} to a tensor of type {_word(self)}"
        )
    self._data = source._array()
    if size is not None:
        strides = (
            stride if stride is not None else layout.geometry(np.empty(size, dtype=np.int8))[1]
        )
        self._data = _strided(source._array(), size, strides, storage_offset)
    self._storage = Storage(self._data, version + 1)
    return self


def _word(x: Tensor) -> str:
    return {"float64": "double", "float32": "float", "int64": "long"}.get(
        x.dtype.name, x.dtype.name
    )


define_function("resize_", resize_)
define_function(
    "resize_as_",
    lambda self, other, *, memory_format=None: resize_(
        self, tuple(other.shape), memory_format=memory_format
    ),
)
define_function("set_", set_)

# -- the same as copies ------------------------------------------------------------------------------------------------


def _as_copy(view: str) -> None:
    """``<view>_copy``: the view op with results of their own memory."""

    def call(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        made = OPS[view](self, *args, **kwargs)
        return tuple([m.clone() for m in made]) if isinstance(made, tuple | list) else made.clone()

    call.__doc__ = f"``{view}`` as a copy."
    define_function(f"{view}_copy", call)


for _view in (
    "alias", "as_strided", "expand", "narrow", "permute", "split_with_sizes", "squeeze", "t", "transpose", "unbind",
    "unfold", "unsqueeze", "select", "slice", "detach",
):  # fmt: skip
    _as_copy(_view)


def view_copy(self: Tensor, *size: Any, dtype: Any = None) -> Any:
    """``view`` as a copy, which any memory allows."""
    if dtype is not None or (len(size) == 1 and hasattr(size[0], "np")):
        return OPS["view"](self, *size, dtype=dtype).clone()
    return op("clone", OPS["reshape"](self, *size))


define_function("view_copy", view_copy)
