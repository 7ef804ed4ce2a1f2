"""autocast: a context in which operations choose the precision they compute in."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from reference_impl import dtypes
from reference_impl.amp.casting import Casting
from reference_impl.grad_mode import MODE, ModeContext
from reference_impl.tensor import Tensor

_KNOWN = ("cpu", "cuda", "mps", "xpu", "hpu", "mtia", "maia", "xla", "ipu", "privateuseone")


class _Settings:
    """What contexts start from; of the whole process, where torch has it per thread."""

    dtype = dtypes.bfloat16
    cached = True


def is_autocast_available(device_type: str) -> bool:
    """True for the device types that autocast knows."""
    return device_type in _KNOWN


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """True while operations on the device are cast; without a name torch asks about CUDA."""
    return device_type == "cpu" and MODE.autocast is not None


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The lower dtype of the innermost context."""
    if device_type != "cpu":
        return dtypes.float16
    return _Settings.dtype if MODE.autocast is None else MODE.autocast.dtype


def set_autocast_dtype(device_type: str, dtype: dtypes.dtype) -> None:
    """Choose the lower dtype of what comes."""
    if device_type == "cpu":
        _Settings.dtype = dtype
        if MODE.autocast is not None:
            _switch(dtype)


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Switch casting at once."""
    if device_type == "cpu":
        _switch(_Settings.dtype if enabled else None)


def is_autocast_cache_enabled() -> bool:
    """True if a parameter is cast once for all its uses."""
    return _Settings.cached if MODE.autocast is None else MODE.autocast.cached


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Whether a parameter is cast once for all its uses."""
    _Settings.cached = enabled


def _switch(dtype: dtypes.dtype | None, *, cached: bool | None = None) -> None:
    """Cast to ``dtype`` from now on; None: not at all."""
    if dtype is None:
        MODE.autocast = None
    else:
        cached = _Settings.cached if cached is None else cached
        MODE.autocast = Casting(dtype, cached=cached, shared=MODE.autocast)
    MODE.refresh()


class autocast(ModeContext):  # noqa: N801 - torch's name
    """Inside, matrix products and convolutions compute in the lower dtype, what needs precision in float32.

    Source: Automatic Mixed Precision package, Autocasting.
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")  # noqa: TRY004 - torch's type
        if not is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self.cached = cache_enabled
        self.given = (device_type, dtype, enabled, cache_enabled)
        self._enabled = enabled and self._usable()
        self.before: list[Casting | None] = []

    def _usable(self) -> bool:
        if self.device != "cpu":
            name = self.device.upper()
            warnings.warn(
                f"User provided device_type of '{self.device}', but {name} is not available. Disabling",
                UserWarning,
                stacklevel=3,
            )
            return False
        if self.fast_dtype not in (dtypes.bfloat16, dtypes.float16):
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtype of torch.bfloat16, torch.float16 currently.",
                UserWarning,
                stacklevel=3,
            )
            return False
        return True

    def clone(self) -> autocast:
        return type(self)(*self.given)

    def __enter__(self) -> autocast:
        self.before.append(MODE.autocast)
        if self.device == "cpu":
            _switch(self.fast_dtype if self._enabled else None, cached=self.cached)
        return self

    def __exit__(self, *exc_info: object) -> None:
        MODE.autocast = self.before.pop()
        MODE.refresh()


def _cast_all(value: Any, dtype: dtypes.dtype) -> Any:
    """Floating-point tensors, wherever they lie, in another dtype; float64 stays."""
    if isinstance(value, Tensor):
        fits = value.is_floating_point() and value.dtype is not dtypes.float64
        return value.to(dtype) if fits else value
    if isinstance(value, dict):
        return {_cast_all(k, dtype): _cast_all(v, dtype) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_cast_all(v, dtype) for v in value)
    return value


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: Any = None
) -> Any:
    """Decorator of a custom Function's forward: remembers autocast for ``custom_bwd``, or casts and switches it off."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        ctx = args[0]
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = is_autocast_enabled(device_type) and cast_inputs is None
        if cast_inputs is None or not is_autocast_enabled(device_type):
            return fwd(*args, **kwargs)
        with autocast(device_type=device_type, enabled=False):
            return fwd(ctx, *_cast_all(args[1:], cast_inputs), **_cast_all(kwargs, cast_inputs))

    return forward


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """Decorator of a custom Function's backward: it runs under the autocast that its forward saw."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        ctx = args[0]
        with autocast(device_type=device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(*args, **kwargs)

    return backward
