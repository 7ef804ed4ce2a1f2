"""Discrete Fourier transforms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import array_of, conj, constant, op, real, shape_of
from reference_impl.ops.rule import define_function, define_op
from reference_impl.tensor import Tensor, make

# Three transforms are rows: complex to complex, real to complex, and half a complex spectrum to real. They are linear;
# everything else pads, shifts, conjugates and composes. `scale` is the factor that the normalization asks for.


def _c2c(self: Any, dims: tuple[int, ...], scale: float, forward: bool) -> Any:
    if not dims:
        return np.array(self)
    made = (
        np.fft.fftn(self, axes=dims) if forward else np.fft.ifftn(self, axes=dims, norm="forward")
    )
    return made * made.real.dtype.type(scale)


c2c = define_op(
    "_fft_c2c",
    node="FftC2CBackward0",
    forward=_c2c,
    inputs=("self",),
    vjp={"self": lambda ct, dims, scale, forward: op("_fft_c2c", ct, dims, scale, not forward)},
    jvp="linear",
    method=False,
)


def _r2c(self: Any, dims: tuple[int, ...], scale: float, onesided: bool) -> Any:
    made = np.fft.rfftn(self, axes=dims) if onesided else np.fft.fftn(self, axes=dims)
    return made * made.real.dtype.type(scale)


def _r2c_vjp(
    ct: Any, self_shape: tuple[int, ...], dims: tuple[int, ...], scale: float, onesided: bool
) -> Any:
    if onesided:
        last = dims[-1]
        missing = self_shape[last] - shape_of(ct)[last]
        ct = op("constant_pad_nd", ct, [0, 0] * (len(self_shape) - 1 - last) + [0, missing], 0.0)
    return real(op("_fft_c2c", ct, dims, scale, False))


r2c = define_op(
    "_fft_r2c",
    node="FftR2CBackward0",
    forward=_r2c,
    inputs=("self",),
    vjp={"self": _r2c_vjp},
    jvp="linear",
    method=False,
)


def _c2r(self: Any, dim: int, scale: float, size: int) -> Any:
    made = np.fft.irfft(self, n=size, axis=dim, norm="forward")
    return made * made.dtype.type(scale)


def _c2r_vjp(ct: Any, self_shape: tuple[int, ...], dim: int, scale: float, size: int) -> Any:
    """Each term but the first (and the middle one of an even size) stands for itself and its mirror image."""
    spectrum = op("_fft_r2c", ct, (dim,), scale, True)
    n = self_shape[dim]
    weights = np.full(n, 2.0)
    weights[0] = 1.0
    if size % 2 == 0:
        weights[size // 2] = 1.0
    shape = [1] * len(self_shape)
    shape[dim] = n
    return spectrum * constant(weights.reshape(shape).astype(array_of(ct).dtype), ct)


c2r = define_op(
    "_fft_c2r",
    node="FftC2RBackward0",
    forward=_c2r,
    inputs=("self",),
    vjp={"self": _c2r_vjp},
    jvp="linear",
    method=False,
)

# -- arguments ---------------------------------------------------------------------------------------------------------


def _scale(norm: str | None, shape: Any, *, forward: bool) -> float:
    n = math.prod(shape)
    if norm == "ortho":
        return 1 / math.sqrt(n)
    if norm not in (None, "backward", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return 1 / n if (norm == "forward") == forward else 1.0


def _floating(x: Tensor) -> Tensor:
    return x if x._data.dtype.kind in "fc" else op("to", x, dtypes.get_default_dtype())


def _complex(x: Tensor) -> Tensor:
    x = _floating(x)
    return x if x._data.dtype.kind == "c" else op("to", x, x.dtype.to_complex())


def _resized(x: Tensor, dims: tuple[int, ...], sizes: Any) -> Tensor:
    """Cut or filled up with zeros along ``dims``."""
    pad = [0] * (2 * x.ndim)
    for d, n in zip(dims, sizes, strict=True):
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")
        pad[2 * (x.ndim - 1 - d) + 1] = n - x.shape[d]
    return op("constant_pad_nd", x, pad, 0.0) if any(pad) else x


def _axes(x: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], list[int]]:
    """Axes and sizes of a transform over several axes."""
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if dim is None:
        dim = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
        if s is not None and len(s) > x.ndim:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {x.ndim} dimensions."
            )
    dims = tuple(layout.one_dim(d, x.ndim) for d in dim)
    if len(set(dims)) != len(dims):
        raise RuntimeError("FFT dims must be unique")
    sizes = (
        [x.shape[d] for d in dims]
        if s is None
        else [x.shape[d] if n == -1 else n for d, n in zip(dims, s, strict=True)]
    )
    return dims, sizes


# -- the families ------------------------------------------------------------------------------------------------------


def _fftn(x: Tensor, s: Any, dim: Any, norm: str | None, *, forward: bool) -> Any:
    x = _floating(x)
    dims, sizes = _axes(x, s, dim)
    x = _resized(x, dims, sizes)
    scale = _scale(norm, sizes, forward=forward)
    if forward and x._data.dtype.kind == "f" and dims:
        return r2c(x, dims, scale, False)
    return c2c(_complex(x), dims, scale, forward)


def _rfftn(x: Tensor, s: Any, dim: Any, norm: str | None, *, forward: bool = True) -> Any:
    x = _floating(x)
    if x._data.dtype.kind == "c":
        raise RuntimeError(f"rfft expects a real input tensor, but got {x.dtype.short}")
    dims, sizes = _axes(x, s, dim)
    return r2c(_resized(x, dims, sizes), dims, _scale(norm, sizes, forward=forward), True)


def _irfftn(x: Tensor, s: Any, dim: Any, norm: str | None, *, forward: bool = False) -> Any:
    """Complex transforms along all axes but the last, then half a spectrum to real along that."""
    x = _complex(x)
    dims, sizes = _axes(x, s, dim)
    last = (
        2 * (x.shape[dims[-1]] - 1)
        if s is None or (s if isinstance(s, int) else s[-1]) == -1
        else sizes[-1]
    )
    sizes = [*sizes[:-1], last]
    x = _resized(x, dims, [*sizes[:-1], last // 2 + 1])
    scale = _scale(norm, sizes, forward=forward)
    if len(dims) > 1:
        x = c2c(x, dims[:-1], 1.0, forward)
    return c2r(conj(x) if forward else x, dims[-1], scale, last)


def _ihfftn(x: Tensor, s: Any, dim: Any, norm: str | None) -> Any:
    x = _floating(x)
    dims, sizes = _axes(x, s, dim)
    x = _resized(x, dims, sizes)
    made = conj(r2c(x, dims[-1:], _scale(norm, sizes, forward=False), True))
    return c2c(made, dims[:-1], 1.0, False) if len(dims) > 1 else made


def _publish(name: str, several: Any) -> None:
    """The transform over one axis, over two, over any."""
    define_function(
        f"fft.{name}",
        lambda input, n=None, dim=-1, norm=None: several(input, n, dim, norm),
        method=False,
    )
    define_function(
        f"fft.{name}2",
        lambda input, s=None, dim=(-2, -1), norm=None: several(input, s, dim, norm),
        method=False,
    )
    define_function(
        f"fft.{name}n",
        lambda input, s=None, dim=None, norm=None: several(input, s, dim, norm),
        method=False,
    )


_publish("fft", lambda x, s, dim, norm: _fftn(x, s, dim, norm, forward=True))
_publish("ifft", lambda x, s, dim, norm: _fftn(x, s, dim, norm, forward=False))
_publish("rfft", _rfftn)
_publish("irfft", _irfftn)
_publish("hfft", lambda x, s, dim, norm: _irfftn(x, s, dim, norm, forward=True))
_publish("ihfft", _ihfftn)


def _shift(x: Tensor, dim: Any, *, inverse: bool) -> Any:
    dims = layout.dims(dim, x.ndim) if x.ndim else ()
    shifts = [(x.shape[d] + (1 if inverse else 0)) // 2 for d in dims]
    return op("roll", x, shifts, list(dims))


define_function(
    "fft.fftshift", lambda input, dim=None: _shift(input, dim, inverse=False), method=False
)
define_function(
    "fft.ifftshift", lambda input, dim=None: _shift(input, dim, inverse=True), method=False
)
define_function(
    "fft.fftfreq",
    lambda n, d=1.0, *, dtype=None: _frequencies(np.fft.fftfreq(n, d), dtype),
    method=False,
)
define_function(
    "fft.rfftfreq",
    lambda n, d=1.0, *, dtype=None: _frequencies(np.fft.rfftfreq(n, d), dtype),
    method=False,
)


def _frequencies(found: Any, dtype: Any) -> Tensor:
    return make(found.astype(dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)))


# -- short-time transforms ---------------------------------------------------------------------------------------------


def _window(window: Any, win_length: int, n_fft: int, like: Tensor) -> Any:
    """The window in the middle of ``n_fft`` places."""
    made = op("new_ones", like, (win_length,)) if window is None else window
    left = (n_fft - win_length) // 2
    return (
        op("constant_pad_nd", made, [left, n_fft - win_length - left], 0.0)
        if win_length < n_fft
        else made
    )


def stft(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: Any = None,
) -> Any:
    """Spectra of overlapping windows of a signal."""
    _ = align_to_window
    hop = n_fft // 4 if hop_length is None else hop_length
    x = self if self.ndim > 1 else op("unsqueeze", self, 0)
    if center:
        x = op("nn.functional.pad", op("unsqueeze", x, 1), [n_fft // 2, n_fft // 2], pad_mode)
        x = op("squeeze", x, 1)
    frames = op("unfold", x, -1, n_fft, hop) * _window(
        window, n_fft if win_length is None else win_length, n_fft, self
    )
    half = frames._data.dtype.kind == "f" if onesided is None else onesided
    norm = "ortho" if normalized else None
    made = _rfftn(frames, None, -1, norm) if half else _fftn(frames, None, -1, norm, forward=True)
    made = op("transpose_", made, -1, -2)
    made = made if self.ndim > 1 else op("squeeze_", made, 0)
    return op("view_as_real", made) if return_complex is False else made


_LEAST_OVERLAP = 1e-11


def istft(
    self: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Any:
    """The signal whose windows have these spectra: windowed frames added up, over the sum of the squared windows."""
    hop = n_fft // 4 if hop_length is None else hop_length
    x = self if self.ndim > 2 else op("unsqueeze", self, 0)
    x = op("transpose", x, 1, 2)
    half = (x.shape[-1] == n_fft // 2 + 1 and not return_complex) if onesided is None else onesided
    norm = "ortho" if normalized else None
    frames = (
        _fftn(x, None, -1, norm, forward=False)
        if return_complex
        else _irfftn(x if half else op("narrow", x, -1, 0, n_fft // 2 + 1), n_fft, -1, norm)
    )
    w = _window(window, n_fft if win_length is None else win_length, n_fft, op("real", frames))
    number = x.shape[1]
    total = n_fft + hop * (number - 1)
    places = make((np.arange(number)[:, None] * hop + np.arange(n_fft)).reshape(-1))
    added = op(
        "index_add",
        op("new_zeros", frames, (x.shape[0], total)),
        1,
        places,
        op("reshape", frames * w, (x.shape[0], -1)),
    )
    weight = op("reshape", op("expand", w * w, (number, n_fft)), (-1,))
    envelope = op("index_add", op("new_zeros", w, (total,)), 0, places, weight)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else (total - n_fft // 2 if center else total)
    stop = min(end, total)
    covered = op("slice", envelope, 0, start, stop)
    # Without overlap the frames do not say what the signal is (documented as the NOLA constraint).
    if np.any(np.abs(array_of(covered)) < _LEAST_OVERLAP):
        raise RuntimeError("window overlap add min: 1")
    made = op("slice", added, 1, start, stop) / covered
    if end > stop:
        made = op("constant_pad_nd", made, [0, end - stop], 0.0)
    return made if self.ndim > 2 else op("squeeze", made, 0)


define_function("stft", stft)
define_function("istft", istft)
