"""Complex numbers: parts, conjugates, and real pairs seen as complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.bfloat16_array import DTYPE
from reference_impl.errors import UnsupportedError
from reference_impl.ops.lang import (
    absolute,
    array_of,
    conj,
    cos,
    imag,
    is_complex,
    real,
    sin,
    where,
    zeros_like,
)
from reference_impl.ops.rule import NOT_DIFFERENTIABLE, define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# -- views -------------------------------------------------------------------------------------------------------------


def _as_real(self: Any) -> Any:
    if self.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    parts = self.real  # the imaginary part lies behind each
    return np.lib.stride_tricks.as_strided(
        parts, (*parts.shape, 2), (*parts.strides, parts.itemsize)
    )


def _as_complex(self: Any) -> Any:
    if self.dtype.kind != "f":
        raise RuntimeError("view_as_complex is only supported for floating point tensors")
    if self.ndim == 0 or self.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if self.size and self.strides[-1] != self.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    return self.view(np.promote_types(self.dtype, np.complex64))[..., 0]


def _pairs(ct: Any) -> Any:
    """A complex cotangent as pairs."""
    return OPS["view_as_real"](ct) if isinstance(ct, Tensor) else _as_real(np.asarray(ct))


def _joined(ct: Any) -> Any:
    """A cotangent of pairs as complex numbers."""
    if isinstance(ct, Tensor):
        return OPS["complex"](OPS["select"](ct, -1, 0), OPS["select"](ct, -1, 1))
    return _as_complex(np.ascontiguousarray(ct))


view_as_real = define_op(
    "view_as_real",
    node="ViewAsRealBackward0",
    forward=_as_real,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct: _joined(ct)},
    jvp="linear",
)
view_as_complex = define_op(
    "view_as_complex",
    node="ViewAsComplexBackward0",
    forward=_as_complex,
    inputs=("self",),
    view=True,
    vjp={"self": lambda ct: _pairs(ct)},
    jvp="linear",
)


def real_part(self: Tensor) -> Any:
    """The real parts, as a view; a real tensor itself."""
    return OPS["select"](view_as_real(self), -1, 0) if is_complex(self) else self


def imag_part(self: Tensor) -> Any:
    """The imaginary parts, as a view."""
    if not is_complex(self):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return OPS["select"](view_as_real(self), -1, 1)


define_function("real", real_part, method=False)
define_function("imag", imag_part, method=False)
Tensor.real = property(real_part, lambda self, value: real_part(self).copy_(value))  # type: ignore[attr-defined]
Tensor.imag = property(imag_part, lambda self, value: imag_part(self).copy_(value))  # type: ignore[attr-defined]


def _other_kind(self: Any, dtype: Any) -> Any:
    kind = dtypes.to_numpy(dtype)
    if kind != self.dtype and DTYPE in (kind, self.dtype):
        raise UnsupportedError(
            "a view of bfloat16 memory as another dtype: it keeps bfloat16 as float32 (four bytes, not two)"
        )
    return self.view(kind)


view_dtype = define_op(
    "view.dtype",
    forward=_other_kind,
    inputs=("self",),
    view=True,
    vjp=NOT_DIFFERENTIABLE,
    jvp=None,
    method=False,
)

# -- conjugates --------------------------------------------------------------------------------------------------------

# torch conjugates lazily, in a view; here it is a copy, which nobody sees who does not write to it.
conj_op = define_op(
    "conj.complex",
    node="ConjBackward0",
    forward=np.conjugate,
    inputs=("self",),
    vjp={"self": lambda ct: conj(ct)},
    jvp=lambda self_t: conj(self_t),
    inplace=False,
    method=False,
)
conj_physical_op = define_op(
    "conj_physical.complex",
    node="ConjPhysicalBackward0",
    forward=np.conjugate,
    inputs=("self",),
    vjp={"self": lambda ct: conj(ct)},
    jvp=lambda self_t: conj(self_t),
    method=False,
)
define_function(
    "conj", lambda self: conj_op(self) if is_complex(self) else self, aliases=("conjugate",)
)
define_function("conj_physical", lambda self: conj_physical_op(self) if is_complex(self) else self)
define_function(
    "conj_physical_", lambda self: OPS["conj_physical.complex_"](self) if is_complex(self) else self
)
define_function("resolve_conj", lambda self: self)
define_function("resolve_neg", lambda self: self)

# -- from parts --------------------------------------------------------------------------------------------------------


def _from_parts(real: Any, imag: Any) -> Any:
    if real.dtype != imag.dtype or real.dtype.kind != "f":
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors of one dtype "
            f"but got {real.dtype} and {imag.dtype}"
        )
    made = np.empty(
        np.broadcast_shapes(real.shape, imag.shape), np.promote_types(real.dtype, np.complex64)
    )
    made.real, made.imag = real, imag
    return made


complex_op = define_op(
    "complex",
    node="ComplexBackward0",
    forward=_from_parts,
    inputs=("real", "imag"),
    pointwise=True,
    promote=None,
    vjp={"real": lambda ct: real(ct), "imag": lambda ct: imag(ct)},
    jvp="linear",
    inplace=False,
    method=False,
)
# z = r e^(i a): dz = e^(i a) dr + i z da, and the cotangent of a real input is the real part of ct * conj(derivative).
polar_op = define_op(
    "polar",
    node="PolarBackward0",
    forward=lambda abs, angle: _from_parts(abs * np.cos(angle), abs * np.sin(angle)),
    inputs=("abs", "angle"),
    pointwise=True,
    promote=None,
    vjp={
        "abs": lambda ct, angle: real(ct) * cos(angle) + imag(ct) * sin(angle),
        "angle": lambda ct, result: real(ct * conj(result * 1j)),
    },
    jvp=lambda angle, result, abs_t, angle_t: (
        complex_op(abs_t * cos(angle), abs_t * sin(angle)) + result * angle_t * 1j
    ),
    inplace=False,
    method=False,
)

# -- direction ---------------------------------------------------------------------------------------------------------


def _angle(self: Any) -> Any:
    if self.dtype.kind == "c":
        return np.angle(self)
    x = self if self.dtype.kind == "f" else np.asarray(self).astype(dtypes.default_numpy())
    return np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0.0)).astype(x.dtype)


def _angle_slope(self: Any) -> Any:
    """i z / |z|^2: the direction in which the angle grows, and how fast; 0 at 0."""
    size = absolute(self)
    origin = array_of(size) == 0
    return where(origin, 0.0, 1j * self / where(origin, 1.0, size * size))


angle_op = define_op(
    "angle",
    node="AngleBackward0",
    forward=_angle,
    inputs=("self",),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self: ct * _angle_slope(self) if is_complex(self) else zeros_like(ct)},
    jvp=lambda self, self_t: (
        real(conj(_angle_slope(self)) * self_t) if is_complex(self) else zeros_like(self_t)
    ),
    inplace=False,
)
