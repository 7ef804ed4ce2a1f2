"""What reductions share: axes, and cotangents spread along them."""

from __future__ import annotations

import math
from typing import Any

from reference_impl import layout
from reference_impl.ops.lang import (
    concatenate,
    expand,
    flip,
    ones,
    op,
    part,
    reshape,
    shape_of,
    zeros,
)
from reference_impl.ops.rule import define_function


def kept_shape(shape: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    """``shape`` with the reduced axes kept as ones."""
    gone = layout.dims(dim, len(shape))
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def spread(ct: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """The transpose of a sum: ``ct`` repeated along the axes that were summed."""
    if not shape:
        return ct
    return expand(ct if keepdim else reshape(ct, kept_shape(shape, dim)), shape)


def count(shape: tuple[int, ...], dim: Any) -> int:
    """Number of elements that go into each result."""
    return math.prod(shape[i] for i in layout.dims(dim, len(shape))) if shape else 1


def axes_of(x: Any, dim: Any) -> Any:
    """``dim`` as NumPy's ``axis``; a 0-d array has none."""
    found = layout.dims(dim, x.ndim)
    return found if x.ndim else None


def others_product(x: Any, dim: int) -> Any:
    """At each place the product of all the other elements along ``dim``: what stands before times what stands after.

    It holds with zeros in any number, and so do its own derivatives.
    """
    if not shape_of(x):
        return ones((), x)
    return before(x, dim) * flip(before(flip(x, dim), dim), dim)


def before(x: Any, dim: int) -> Any:
    """At each place the product of the elements that stand before it along ``dim``."""
    shape = shape_of(x)
    dim = dim % len(shape)
    if shape[dim] == 0:
        return x
    first = ones((*shape[:dim], 1, *shape[dim + 1 :]), x)
    return concatenate([first, op("cumprod", part(x, dim, 0, -1), dim)], dim)


def spread_to_index(ct: Any, index: Any, shape: tuple[int, ...], dim: int, keepdim: bool) -> Any:
    """Zeros of ``shape`` with ``ct`` at the place along ``dim`` that ``index`` tells."""
    if not shape:
        return ct
    if not keepdim:
        ct, index = op("unsqueeze", ct, dim), op("unsqueeze", index, dim)
    return op("scatter_add", zeros(shape, ct), dim, index, ct)


def pick_at_index(x: Any, index: Any, dim: int, keepdim: bool) -> Any:
    """The elements along ``dim`` at the places that ``index`` tells: the transpose of ``spread_to_index``."""
    if not shape_of(x):
        return x
    if keepdim:
        return op("gather", x, dim, index)
    return op("squeeze", op("gather", x, dim, op("unsqueeze", index, dim)), dim)


# Every reduction of the family takes torch's other names for its options too.
def publish(name: str, fn: Any, *, method: bool = True, aliases: tuple[str, ...] = ()) -> None:
    """Enter a function that takes ``axis`` for ``dim`` and ``keepdims`` for ``keepdim``."""
    spellings = {"axis": "dim", "keepdims": "keepdim", "input": "self"}

    def called(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **{spellings.get(k, k): v for k, v in kwargs.items()})

    called.__doc__ = fn.__doc__
    define_function(name, called, method=method, aliases=aliases)
