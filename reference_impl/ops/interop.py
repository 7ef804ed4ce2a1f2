"""Tensors from other objects, what can be asked of any object, and the windows of signal processing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.ops.rule import define_function
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make


def scalar_tensor(
    s: Any, *, dtype: Any = None, requires_grad: bool = False, **_options: Any
) -> Any:
    """A tensor of no dimensions, of the default dtype unless another is asked for."""
    kind = dtypes.get_default_dtype() if dtype is None else dtype
    return OPS["tensor"](s, dtype=kind, requires_grad=requires_grad)


def asarray(
    obj: Any, *, dtype: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Any:
    """A tensor over the object's memory where that is possible, or a copy."""
    made = OPS["as_tensor"](obj, dtype=dtype)
    if copy and made is obj:
        made = made.clone()
    if isinstance(obj, Tensor) and not requires_grad:
        made = made.detach()
    return made.requires_grad_() if requires_grad else made


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Any:
    """A tensor of one dimension over the memory of a buffer."""
    array = np.frombuffer(buffer, dtype=dtypes.to_numpy(dtype), count=count, offset=offset)
    return make(array).requires_grad_(requires_grad)


def is_nonzero(input: Tensor) -> bool:
    """True if the one element is not 0.

    Raises:
        RuntimeError: there are none or several.
    """
    return bool(input)


def typename(obj: Any) -> str:
    """The name of the object's type, with its module."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    kind = obj if isinstance(obj, type) else type(obj)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


def unravel_index(indices: Tensor, shape: Any) -> tuple[Any, ...]:
    """The places in an array of that shape that its elements' numbers stand for."""
    sizes = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
    return tuple(make(np.asarray(i)) for i in np.unravel_index(indices._data, sizes))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "scalar_tensor": scalar_tensor,
    "asarray": asarray,
    "frombuffer": frombuffer,
    "is_nonzero": is_nonzero,
    "typename": typename,
    "is_storage": lambda _obj: False,
    "unravel_index": unravel_index,
    "detach": lambda input: input.detach(),
}
for _name, _fn in _FUNCTIONS.items():
    define_function(_name, _fn, method=False, has_out=True)


def _cosines(*factors: float) -> Any:
    """A window that is a sum of cosines: a0 - a1 cos(t) + a2 cos(2t) - ..., t going once around."""

    def values(n: int, turn: Any) -> Any:
        _ = n
        return sum((-1) ** k * a * np.cos(k * turn) for k, a in enumerate(factors))

    return values


def _triangle(_n: int, turn: Any) -> Any:
    return 1 - np.abs(turn / np.pi - 1)


def _window(name: str, values: Any) -> None:
    def window(
        window_length: int,
        periodic: bool = True,
        *,
        dtype: Any = None,
        requires_grad: bool = False,
        **_options: Any,
    ) -> Any:
        kind = dtypes.to_numpy(dtype or dtypes.get_default_dtype())
        n = window_length
        steps = n if periodic else n - 1
        turn = 2 * np.pi * np.arange(n) / max(steps, 1)
        made = make(np.asarray(values(n, turn) if n > 1 else np.ones(n), dtype=kind))
        return made.requires_grad_(requires_grad)

    window.__doc__ = f"The {name.replace('_', ' ')}; a period of it unless it is to be symmetric."
    define_function(name, window, method=False, has_out=True)


_window("hann_window", _cosines(0.5, 0.5))
_window("hamming_window", _cosines(0.54, 0.46))
_window("blackman_window", _cosines(0.42, 0.5, 0.08))
_window("bartlett_window", _triangle)
