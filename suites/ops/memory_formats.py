"""Ways to lay the same numbers out in memory: transposed, strided, channels-last, expanded, lazily conjugated."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Layout = Callable[[Any, Any], Any]  # of the module and a tensor

_MATRIX, _IMAGE, _VOLUME = 2, 4, 5  # dimensions; the last two have a channels-last format


def transposed(_torch: Any, x: Any) -> Any:
    """The last dimension first in memory."""
    dims = tuple(reversed(range(x.dim())))
    return x.permute(dims).contiguous().permute(dims)


def column_major(_torch: Any, x: Any) -> Any:
    """The columns of each matrix next to each other, as LAPACK has them; dimensions of size 1 as by ``x[:, None]``."""
    made = x.mT.contiguous().mT
    for dim in range(x.dim() - _MATRIX):
        if x.shape[dim] == 1:
            made = made.squeeze(dim).unsqueeze(dim)
    return made


def strided(torch: Any, x: Any) -> Any:
    """Every second element of a wider row, with an offset; what lies between would be seen if it were read."""
    if not x.dim():
        return x
    between = float("nan") if x.is_floating_point() or x.is_complex() else 0
    wide = torch.full((*x.shape[:-1], 2 * x.shape[-1] + 1), between, dtype=x.dtype, device=x.device)
    view = wide[..., 1::2]
    view.copy_(x)
    return view


def channels_last(torch: Any, x: Any) -> Any:
    """Channels next to each other, for images and volumes."""
    formats = {_IMAGE: torch.channels_last, _VOLUME: torch.channels_last_3d}
    return x.contiguous(memory_format=formats[x.dim()]) if x.dim() in formats else x


def expanded(_torch: Any, x: Any) -> Any:
    """One entry of the first dimension, repeated without memory: for numbers that repeat along it."""
    return x[:1].expand(x.shape) if x.dim() and x.shape[0] else x


def conjugated(_torch: Any, x: Any) -> Any:
    """The same numbers as a conjugate that has not been computed yet."""
    return x.conj().resolve_conj().conj() if x.is_complex() else x


# Of inputs and of cotangents. What is expanded must have numbers that repeat: see ``relations``.
LAYOUTS: Mapping[str, Layout] = {
    "transposed": transposed,
    "column-major": column_major,
    "strided": strided,
    "channels-last": channels_last,
    "conjugated": conjugated,
}
# Which tensors a layout leaves as they are, by dimensions and kind of numbers.
_CHANGES: Mapping[str, Callable[[int, bool], bool]] = {
    "transposed": lambda ndim, _: ndim >= _MATRIX,
    "column-major": lambda ndim, _: ndim > _MATRIX,  # of one matrix it is the transposed one
    "strided": lambda ndim, _: ndim > 0,
    "channels-last": lambda ndim, _: ndim in {_IMAGE, _VOLUME},
    "conjugated": lambda _, is_complex: is_complex,
}


def fitting(tensors: Iterable[Any]) -> dict[str, Layout]:
    """The layouts that change some of these tensors, or arrays."""
    kinds = {(x.ndim, str(x.dtype).rpartition(".")[2].startswith("complex")) for x in tensors}
    return {
        name: _where(layout, _CHANGES[name])
        for name, layout in LAYOUTS.items()
        if any(_CHANGES[name](*kind) for kind in kinds)
    }


def _where(layout: Layout, changes: Callable[[int, bool], bool]) -> Layout:
    """The layout, of tensors that it changes."""
    return lambda torch, x: layout(torch, x) if changes(x.dim(), x.is_complex()) else x
