"""Extrema over axes: values, positions, and how their cotangents are shared among ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.lang import array_of, constant, shape_of, sum, zeros
from reference_impl.ops.reducing import axes_of, pick_at_index, publish, spread, spread_to_index
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_op
from reference_impl.registry import OPS
from reference_impl.return_types import make_type
from reference_impl.tensor import Tensor


@layout.in_rows
def _extreme(self: Any, best: Any, dim: Any, keepdim: bool, name: str) -> Any:
    axes = axes_of(self, dim)
    if self.size == 0:
        if axes is not None and len(axes) == self.ndim and dim in (None, (), []):
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        for axis in axes or ():
            if self.shape[axis] == 0:
                raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")
    return best.reduce(self, axis=axes, keepdims=keepdim)


def _ties(x: Any, wide: Any) -> Any:
    """1 where ``x`` is the extreme, as bare numbers; NaN is equal to itself here."""
    a, b = array_of(x), array_of(wide)
    same = a == b
    return (same | (np.isnan(a) & np.isnan(b)) if a.dtype.kind in "fc" else same).astype(a.dtype)


def _even_share(ct: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    # Convention: elements that tie for the extreme get equal parts.
    shape = shape_of(self)
    mask = np.asarray(_ties(self, spread(array_of(result), shape, dim, keepdim)))
    shares = (
        mask / np.add.reduce(mask, axis=axes_of(mask, dim), keepdims=True) if mask.size else mask
    )
    return spread(ct, shape, dim, keepdim) * constant(shares, ct)


def _share_sum(self_t: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    ones = np.ones(shape_of(result), dtype=array_of(result).dtype)
    shares = _even_share(ones, array_of(self), array_of(result), dim, keepdim)
    return sum(self_t * constant(np.asarray(shares), self_t), dim, keepdim=keepdim)


def _amax_row(name: str, node: str, best: Any) -> Any:
    return define_op(
        f"{name}.dims",
        node=node,
        forward=lambda self, dim=(), keepdim=False: _extreme(self, best, dim, keepdim, name),
        inputs=("self",),
        vjp={"self": _even_share},
        jvp=_share_sum,
        method=False,
    )


amax_op = _amax_row("amax", "AmaxBackward0", np.maximum)
amin_op = _amax_row("amin", "AminBackward0", np.minimum)
publish("amax", lambda self, dim=(), keepdim=False: amax_op(self, dim, keepdim))
publish("amin", lambda self, dim=(), keepdim=False: amin_op(self, dim, keepdim))


def _even_share_of_all(ct: Any, self: Any, result: Any) -> Any:
    # Convention: where no element is the extreme any more, as .data can bring about, none gets a part.
    if array_of(self).size and not _ties(self, array_of(result)).any():
        return zeros(shape_of(self), ct)
    return _even_share(ct, self, result, None, keepdim=False)


def _all_row(name: str, node: str, best: Any) -> Any:
    return define_op(
        f"{name}.all",
        node=node,
        forward=lambda self: _extreme(self, best, None, False, name),
        inputs=("self",),
        vjp={"self": _even_share_of_all},
        jvp=lambda self_t, self, result: _share_sum(self_t, self, result, None, keepdim=False),
        method=False,
    )


max_all = _all_row("max", "MaxBackward1", np.maximum)
min_all = _all_row("min", "MinBackward1", np.minimum)

# -- over one axis, with positions -------------------------------------------------------------------------------------


def take_along(self: Any, index: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """Values and positions from positions that keep the axis."""
    if self.ndim == 0:
        return self.copy(), np.zeros((), dtype=np.int64)
    at = layout.one_dim(dim, self.ndim)
    values = np.take_along_axis(self, index, at)
    return (values, index) if keepdim else (np.squeeze(values, at), np.squeeze(index, at))


def _max_dim_forward(self: Any, arg: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    at = layout.one_dim(dim, self.ndim)
    if self.ndim and self.shape[at] == 0:
        raise IndexError(f"max(): Expected reduction dim {at} to have non-zero size.")
    index = arg(self, axis=at, keepdims=True).astype(np.int64) if self.ndim else None
    return take_along(self, index, dim, keepdim)


def _max_row(name: str, node: str, arg: Any) -> Any:
    return define_op(
        f"{name}.dim",
        node=node,
        forward=lambda self, dim, keepdim=False: _max_dim_forward(self, arg, dim, keepdim),
        inputs=("self",),
        outputs=("values", "indices"),
        differentiable=("values",),
        vjp={
            "self": lambda ct, indices, self_shape, dim, keepdim: spread_to_index(
                ct, indices, self_shape, dim, keepdim
            )
        },
        jvp=lambda self_t, indices, dim, keepdim: (
            pick_at_index(self_t, indices, dim, keepdim),
            None,
        ),
        method=False,
    )


max_dim = _max_row("max", "MaxBackward0", np.argmax)
min_dim = _max_row("min", "MinBackward0", np.argmin)


def _three_forms(name: str, everything: Any, over_dim: Any, pairwise: str) -> None:
    """``max`` and ``min``: of everything, along an axis with positions, or of two tensors."""
    kind = make_type(name, "values", "indices")

    def call(
        self: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None
    ) -> Any:
        if isinstance(dim, Tensor) or other is not None:
            return OPS[pairwise](self, dim if other is None else other)
        if out is not None:
            return over_dim(self, dim, keepdim, out=out)
        return everything(self) if dim is None else kind(over_dim(self, dim, keepdim))

    call.__doc__ = f"``{name}`` of everything, along ``dim`` with positions, or of two tensors."
    publish(name, call)


_three_forms("max", max_all, max_dim, "maximum")
_three_forms("min", min_all, min_dim, "minimum")

aminmax_op = define_op(
    "aminmax.dim",
    node="AminmaxBackward0",
    forward=lambda self, dim=None, keepdim=False: (
        _extreme(self, np.minimum, dim, keepdim, "aminmax"),
        _extreme(self, np.maximum, dim, keepdim, "aminmax"),
    ),
    inputs=("self",),
    outputs=("min", "max"),
    vjp={
        "self": lambda cts, self, min, max, dim, keepdim: _aminmax_vjp(
            cts, self, (min, max), dim, keepdim
        )
    },
    jvp=lambda self_t, self, min, max, dim, keepdim: (
        _share_sum(self_t, self, min, dim, keepdim),
        _share_sum(self_t, self, max, dim, keepdim),
    ),
    method=False,
)


def _aminmax_vjp(cts: Any, self: Any, results: Any, dim: Any, keepdim: bool) -> Any:
    parts = [
        _even_share(c, self, r, dim, keepdim)
        for c, r in zip(cts, results, strict=True)
        if c is not None
    ]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


_aminmax = make_type("aminmax", "min", "max")
publish(
    "aminmax", lambda self, *, dim=None, keepdim=False: _aminmax(aminmax_op(self, dim, keepdim))
)

# -- without derivative ------------------------------------------------------------------------------------------------


def _arg_forward(self: Any, arg: Any, dim: int | None, keepdim: bool) -> Any:
    if dim is None:
        found = np.int64(arg(self))
        return np.reshape(found, (1,) * self.ndim) if keepdim else found
    if self.ndim == 0:
        return np.int64(0)
    return arg(self, axis=layout.one_dim(dim, self.ndim), keepdims=keepdim)


def _plain(name: str, forward: Any) -> Any:
    row = define_op(
        f"{name}.dims",
        forward=forward,
        inputs=("self",),
        vjp=NOT_DIFFERENTIABLE,
        jvp=None,
        promote=None,
        method=False,
    )
    publish(name, lambda self, dim=None, keepdim=False: row(self, dim, keepdim))
    return row


_plain("argmax", lambda self, dim=None, keepdim=False: _arg_forward(self, np.argmax, dim, keepdim))
_plain("argmin", lambda self, dim=None, keepdim=False: _arg_forward(self, np.argmin, dim, keepdim))


def _truth(self: Any, test: Any, dim: Any, keepdim: bool) -> Any:
    found = test.reduce(self != 0, axis=axes_of(self, dim), keepdims=keepdim)
    return found.astype(np.uint8) if self.dtype == np.uint8 else found


_plain("all", lambda self, dim=None, keepdim=False: _truth(self, np.logical_and, dim, keepdim))
_plain("any", lambda self, dim=None, keepdim=False: _truth(self, np.logical_or, dim, keepdim))
_plain(
    "count_nonzero",
    lambda self, dim=None, keepdim=False: np.add.reduce(
        self != 0, axis=axes_of(self, dim), keepdims=keepdim, dtype=np.int64
    ),
)
