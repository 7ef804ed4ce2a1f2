"""Masked: an array of which some elements do not count."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import kinds
from reference_impl.bfloat16_array import cast
from reference_impl.kinds import Unreadable

# Note [Masked arrays]
# ``data`` has all elements, ``mask`` is True where one counts. What is computed element by element keeps the mask; two
# masked operands must have the same. A sum over some elements is one of those that count, and does not count itself
# where there were none. Cotangents are masked arrays too, so that what a masked element would do to a gradient is not
# there: not even a NaN.

MISMATCH = "Input masks must match. If you need support for this, please open an issue on Github."


class Masked(np.lib.mixins.NDArrayOperatorsMixin, Unreadable):
    """An array with a mask. See Note [Masked arrays]."""

    kind = "masked"
    why_not_numpy = ".numpy() is not supported for tensor subclasses."
    numpy_error = RuntimeError
    base = None
    __array_priority__ = 200

    def __init__(self, data: Any, mask: Any) -> None:
        kinds.note("masked")
        self.data, self.mask = data, mask

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the data."""
        return self.data.dtype  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the data and the mask."""
        return tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return int(self.data.ndim)

    @property
    def size(self) -> int:
        """Number of elements, masked ones included."""
        return int(self.data.size)

    @property
    def strides(self) -> Any:
        """Of the data."""
        return self.data.strides

    @property
    def real(self) -> Masked:
        """The real parts."""
        return Masked(self.data.real, self.mask)

    @property
    def flags(self) -> Any:
        """Of the data."""
        return np.asarray(self.data).flags

    def copy(self, order: Any = "C") -> Masked:
        """The same elements elsewhere."""
        return Masked(np.array(self.data, order=order, subok=True), self.mask)

    def astype(self, dtype: Any) -> Masked:
        """The same elements in another dtype."""
        return Masked(cast(self.data, np.dtype(dtype)), self.mask)

    def conj(self) -> Masked:
        """The complex conjugates."""
        return Masked(self.data.conj(), self.mask)

    conjugate = conj

    def reshape(self, *shape: Any) -> Masked:
        """In another shape."""
        return Masked(self.data.reshape(*shape), self.mask.reshape(*shape))

    def filled(self, value: Any) -> Any:
        """An array in which masked elements have this value."""
        return np.where(self.mask, self.data, np.asarray(value, dtype=self.dtype))

    def item(self) -> Any:
        """The one element, if it counts."""
        return self.data.item() if bool(np.all(self.mask)) else None

    def tolist(self) -> Any:
        raise RuntimeError(".tolist() is not supported for tensor subclasses, got MaskedTensor")

    def __getitem__(self, index: Any) -> Masked:
        return Masked(np.asarray(self.data[index]), np.asarray(self.mask[index]))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.data[index] = value.data if isinstance(value, Masked) else value

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if method == "reduce":
            return _reduced(ufunc, self, options)
        mask = common_mask(inputs)
        found = getattr(ufunc, method)(*[bare(x) for x in inputs], **options)
        if out is not None:
            np.copyto(bare(out[0]), found, casting="unsafe")
            return out[0]
        return wrap(found, mask)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is np.copyto:
            return np.copyto(bare(args[0]), bare(args[1]), casting="unsafe")
        if func in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
            return _like(func, *args, **kwargs)
        found = func(*bare(args), **{k: bare(v) for k, v in kwargs.items()})
        if func in (np.ndim, np.shape, np.shares_memory, np.may_share_memory):
            return found
        if func in _RESHAPING:
            return Masked(found, func(self.mask, *args[1:], **kwargs))
        return wrap(found, common_mask(args))


def bare(x: Any) -> Any:
    """The data, masked elements included; in lists as well."""
    if isinstance(x, Masked):
        return x.data
    return type(x)([bare(i) for i in x]) if type(x) in (list, tuple) else x


def masks_of(x: Any) -> Any:
    """The mask of a masked array, anything else as it is; in lists as well."""
    if isinstance(x, Masked):
        return x.mask
    return type(x)([masks_of(i) for i in x]) if type(x) in (list, tuple) else x


def common_mask(inputs: Any) -> Any:
    """The mask that all masked operands have.

    Raises:
        ValueError: they have several.
    """
    found = [x.mask for x in inputs if isinstance(x, Masked)]
    for mask in found[1:]:
        if mask is not found[0] and not np.array_equal(mask, found[0]):
            raise ValueError(MISMATCH)
    return found[0]


def wrap(found: Any, mask: Any) -> Any:
    """What was computed element by element, with the mask that its operands had."""
    if isinstance(found, tuple | list):
        return tuple(wrap(f, mask) for f in found)
    if np.shape(found) == mask.shape:
        return Masked(np.asarray(found), mask)
    return Masked(np.asarray(found), np.broadcast_to(mask, np.shape(found)))


def _like(func: Any, x: Any, *args: Any, shape: Any = None, **options: Any) -> Any:
    data = func(x.data, *args, shape=shape, **options)
    return Masked(data, x.mask) if data.shape == x.mask.shape else data


def _reduced(ufunc: Any, x: Masked, options: dict[str, Any]) -> Masked:
    """A sum or the like of the elements that count."""
    axis, keep = options.get("axis", 0), bool(options.get("keepdims"))
    made = np.asarray(ufunc.reduce(x.data, where=x.mask, **options))
    return Masked(made, np.asarray(np.any(x.mask, axis=axis, keepdims=keep)))


_RESHAPING = (
    np.reshape, np.transpose, np.swapaxes, np.expand_dims, np.broadcast_to, np.squeeze, np.moveaxis, np.flip, np.ravel,
)  # fmt: skip
