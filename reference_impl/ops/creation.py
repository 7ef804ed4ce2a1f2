"""Factories: tensors from numbers, arrays and other tensors; conversions of dtype and memory."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl import dtypes, errors
from reference_impl.bfloat16_array import DTYPE, cast, round_to
from reference_impl.devices import CPU, resolve, sparse_coo
from reference_impl.grad_mode import MODE
from reference_impl.kinds import Unreadable
from reference_impl.meta_array import NO_DATA, Meta, device_of, empty, placed
from reference_impl.ops.lang import array_of
from reference_impl.ops.rule import define_function, define_op
from reference_impl.publishing import guarded
from reference_impl.registry import OPS, register
from reference_impl.size import Size
from reference_impl.sparse_array import Sparse
from reference_impl.tensor import Tensor, make


def _finish(data: Any, *, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A leaf over ``data``; a 0-d array becomes a NumPy scalar, which is faster to compute with."""
    data = data if isinstance(data, Sparse) else placed(data, device)
    if not isinstance(data, Sparse) and data.dtype == DTYPE and not isinstance(data, Meta):
        data = round_to(data)
    made = make(data[()] if type(data) is np.ndarray and data.ndim == 0 else data)
    if MODE.inference:
        made._autograd().inference = True
    if requires_grad:
        made._set_requires_grad(True)
    return made


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf with a copy of ``data``: numbers, nested sequences, an array, a tensor.

    Raises:
        RuntimeError: ``requires_grad`` with a dtype that is neither floating point nor complex.
    """
    _ = pin_memory
    errors.check_flag(requires_grad, "tensor", "requires_grad", None)
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if data is None:
        raise RuntimeError("Could not infer dtype of NoneType")
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
        data = data._data
    try:
        array = _to_array(data, dtype)
    except OverflowError as error:
        raise RuntimeError(
            f"value cannot be converted to type {dtype} without overflow: {error}"
        ) from error
    return _finish(array, requires_grad=requires_grad, device=device)


def _to_array(data: Any, dtype: Any) -> Any:
    wanted = None if dtype is None else dtypes.to_numpy(dtype)
    if isinstance(data, np.ndarray | np.generic):
        _check_order(data)
        dtypes.refuse_unknown(data)
        return np.array(data, dtype=wanted)
    plain = _without_tensors(data)
    if wanted is not None:
        return np.array(plain, dtype=wanted)
    array = np.array(plain)
    if array.dtype.kind in "fc" and not _holds_arrays(plain):
        return array.astype(
            dtypes.default_numpy() if array.dtype.kind == "f" else dtypes.of_number(1j)
        )
    if array.size == 0 and array.dtype.kind == "f":
        return array.astype(dtypes.default_numpy())
    return array


def _check_order(array: Any) -> None:
    if not array.dtype.isnative and not isinstance(array, Unreadable):
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders "
            "is currently not supported."
        )


def _without_tensors(data: Any) -> Any:
    if isinstance(data, Tensor):
        return data._data
    if isinstance(data, list | tuple | range):
        return [_without_tensors(x) for x in data]
    return data


def _holds_arrays(data: Any) -> bool:
    while isinstance(data, list) and data:
        data = data[0]
    return isinstance(data, np.ndarray | np.generic)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` itself if it is a tensor of the dtype, a view of an array, a copy of anything else."""
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else to(data, dtype)
    if isinstance(data, np.ndarray) and dtype is None:
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares memory with the array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    _check_order(array)
    dtypes.refuse_unknown(array)
    return make(array)


def _size(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
    if "size" in kwargs:
        args = (kwargs.pop("size"),)
    if len(args) == 1 and not hasattr(args[0], "__index__"):
        args = tuple(args[0])
    return tuple(int(n) for n in args)


def _kind(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def _sparse(name: str, size: tuple[int, ...], kind: Any, *, requires_grad: bool) -> Tensor:
    if name == "ones":
        raise RuntimeError("full(...) is not implemented for sparse layout")
    none = np.zeros((len(size), 0), dtype=np.int64)
    return _finish(
        Sparse(none, np.zeros(0, kind), size, coalesced=True), requires_grad=requires_grad
    )


def _factory(name: str, fill: Any) -> None:
    def make_filled(
        *size: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        layout: Any = None,
        memory_format: Any = None,
        pin_memory: Any = None,
        **kwargs: Any,
    ) -> Tensor:
        _ = memory_format, pin_memory
        if layout is sparse_coo:
            return _sparse(name, _size(size, kwargs), _kind(dtype), requires_grad=requires_grad)
        filled = empty if resolve(device).type == "meta" else fill
        return _finish(
            filled(_size(size, kwargs), _kind(dtype)), requires_grad=requires_grad, device=device
        )

    make_filled.__doc__ = f"A leaf of the given size as NumPy's ``{name}`` makes it."
    define_function(name, make_filled, method=False)


_factory("zeros", lambda shape, kind: np.zeros(shape, dtype=kind))
_factory("ones", lambda shape, kind: np.ones(shape, dtype=kind))
_factory("empty", lambda shape, kind: np.zeros(shape, dtype=kind))


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A leaf with one value everywhere; its dtype is the value's unless given."""
    value = array_of(fill_value)
    kind = dtypes.to_numpy(dtype) if dtype is not None else dtypes.result_dtype((value,))
    meta = resolve(device).type == "meta"
    data = empty(size, kind) if meta else np.full(tuple(size), value, dtype=kind)
    return _finish(data, requires_grad=requires_grad, device=device)


def _like(name: str, fill: Any) -> None:
    def make_like(
        self: Tensor,
        *args: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
        layout: Any = None,
    ) -> Tensor:
        _ = memory_format, layout
        kind = self._data.dtype if dtype is None else dtypes.to_numpy(dtype)
        if isinstance(self._data, Sparse):
            return make(fill(self._data, kind, *args))
        device = device_of(self._data) if device is None else device
        source = np.asarray(self._data)
        if resolve(device).type == "meta":
            source = placed(self._data, device)
        return _finish(fill(source, kind, *args), requires_grad=requires_grad, device=device)

    make_like.__doc__ = (
        f"A leaf of the size and dtype of another tensor, as NumPy's ``{name}`` makes it."
    )
    define_function(name, make_like, method=False)


_like("zeros_like", lambda x, kind: np.zeros_like(x, dtype=kind))
_like("ones_like", lambda x, kind: np.ones_like(x, dtype=kind))
_like("empty_like", lambda x, kind: np.zeros_like(x, dtype=kind))
_like("full_like", lambda x, kind, value: np.full_like(x, array_of(value), dtype=kind))


def _new(name: str, base: str) -> None:
    def make_new(self: Tensor, *size: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        kwargs.setdefault("device", device_of(self._data))
        return OPS[base](*size, dtype=self.dtype if dtype is None else dtype, **kwargs)  # type: ignore[no-any-return]

    make_new.__doc__ = f"``{base}`` of this tensor's dtype."
    define_function(name, make_new)


_new("new_zeros", "zeros")
_new("new_ones", "ones")
_new("new_empty", "empty")
register("full", guarded("full", full))
define_function(
    "new_full",
    lambda self, size, fill_value, **kw: full(size, fill_value, **{**_kind_of(self), **kw}),
)
define_function("new_tensor", lambda self, data, **kw: tensor(data, **{**_kind_of(self), **kw}))


def _kind_of(x: Tensor) -> dict[str, Any]:
    return {"dtype": x.dtype, "device": device_of(x._data)}


def new(self: Tensor, *args: Any) -> Tensor:
    """The legacy constructor with this tensor's dtype: sizes, or data."""
    if args and all(isinstance(n, int) for n in args):
        return make(np.zeros(args, dtype=self._data.dtype))
    return make(np.array(_without_tensors(args[0]) if args else [], dtype=self._data.dtype))


define_function("new", new)


def arange(
    *args: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any
) -> Tensor:
    """Evenly spaced values in a half-open interval."""
    bounds = [array_of(a) for a in args] + [
        kwargs[k] for k in ("start", "end", "step") if k in kwargs
    ]
    kind = None if dtype is None else dtypes.to_numpy(dtype)
    if kind is None:
        kind = (
            np.dtype(np.int64)
            if all(isinstance(b, int | np.integer) for b in bounds)
            else dtypes.default_numpy()
        )
    return _finish(np.arange(*bounds).astype(kind), requires_grad=requires_grad, device=device)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` evenly spaced values from ``start`` to ``end``, both included."""
    data = np.linspace(float(start), float(end), steps).astype(_kind(dtype))
    return _finish(data, requires_grad=requires_grad, device=device)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the power of evenly spaced exponents."""
    return _finish(
        np.logspace(float(start), float(end), steps, base=base).astype(_kind(dtype)),
        requires_grad=requires_grad,
    )


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The identity matrix, (n, m)."""
    return _finish(np.eye(n, m, dtype=_kind(dtype)), requires_grad=requires_grad, device=device)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of a given size and stride (in elements)."""
    kind = _kind(dtype)
    span = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if all(size) else 0
    memory = np.zeros(span, dtype=kind)
    data = np.lib.stride_tricks.as_strided(
        memory, tuple(size), tuple(s * kind.itemsize for s in stride)
    )
    return _finish(data, requires_grad=requires_grad, device=device)


_NAMED: dict[str, Any] = {
    "tensor": tensor, "as_tensor": as_tensor, "from_numpy": from_numpy, "arange": arange, "linspace": linspace,
    "logspace": logspace, "eye": eye, "empty_strided": empty_strided,
}  # fmt: skip
for _name, _fn in _NAMED.items():
    register(_name, guarded(_name, _fn))

# -- conversions -------------------------------------------------------------------------------------------------------


def _astype(self: Any, kind: Any) -> Any:
    return cast(self.real if self.dtype.kind == "c" and kind.kind != "c" else self, kind)


def _back(ct: Any, self_dtype: Any) -> Any:
    if isinstance(ct, Tensor):
        return convert(ct, self_dtype) if ct._data.dtype != self_dtype else ct
    return _astype(ct, self_dtype)


convert = define_op(
    "_to_copy",
    node="ToCopyBackward0",
    forward=_astype,
    inputs=("self",),
    vjp={"self": lambda ct, self_dtype: _back(ct, self_dtype)},
    jvp="linear",
    method=False,
)


def _moved(self: Any, to: Any) -> Any:
    if isinstance(self, Meta):
        raise NotImplementedError(NO_DATA)
    return placed(self, to)


# What comes back has no values either, and the CPU cannot take it.
move = define_op(
    "_to_device",
    node="ToCopyBackward0",
    forward=_moved,
    inputs=("self",),
    vjp={"self": lambda ct: _moved(array_of(ct), CPU)},
    jvp="linear",
    method=False,
)


def to(
    self: Tensor,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    copy: bool = False,
    memory_format: Any = None,
    non_blocking: bool = False,
) -> Any:
    """In another dtype or memory format; the tensor itself if nothing changes and no copy is asked for."""
    _ = non_blocking
    flags = [a for a in args if isinstance(a, bool)]  # non_blocking, then copy
    copy = flags[1] if len(flags) > 1 else copy
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, dtypes.dtype) or a in (float, int, bool, complex):
            dtype = a
        elif not isinstance(a, bool) and a is not None:
            device = a
    made = self
    if device is not None and resolve(device) != device_of(self._data):
        made = move(self, resolve(device))
    if dtype is not None and self._data.dtype != dtypes.to_numpy(dtype):
        made = convert(made, dtypes.to_numpy(dtype))
    elif copy and made is self:
        made = OPS["clone"](self)
    if memory_format is None or getattr(memory_format, "name", "") == "preserve_format":
        return made
    return OPS["contiguous"](made, memory_format)


define_function("to", to)
define_function("type_as", lambda self, other: to(self, other.dtype))
define_function("double", lambda self: to(self, dtypes.float64))
define_function("float", lambda self: to(self, dtypes.float32))
define_function("half", lambda self: to(self, dtypes.float16))
define_function("bfloat16", lambda self: to(self, dtypes.bfloat16))
define_function("long", lambda self: to(self, dtypes.int64))
define_function("int", lambda self: to(self, dtypes.int32))
define_function("short", lambda self: to(self, dtypes.int16))
define_function("char", lambda self: to(self, dtypes.int8))
define_function("byte", lambda self: to(self, dtypes.uint8))
define_function("bool", lambda self: to(self, dtypes.bool_))
define_function("cfloat", lambda self: to(self, dtypes.complex64))
define_function("cdouble", lambda self: to(self, dtypes.complex128))
define_function("cpu", lambda self, **_kw: to(self, device=CPU))
define_function("numpy_dtype", lambda self: self._data.dtype)
register("dtype_of", lambda kind: dtypes.OF_NUMPY[np.dtype(kind)])


def legacy_type(name: str, kind: dtypes.dtype) -> Any:
    """A constructor such as torch.FloatTensor."""

    class Legacy(type(Tensor)):  # type: ignore[misc]
        def __instancecheck__(cls, x: object) -> bool:
            return isinstance(x, Tensor) and x.dtype is kind

    def construct(_cls: Any, *args: Any) -> Tensor:
        if (args and all(isinstance(n, int) for n in args)) or (
            len(args) == 1 and isinstance(args[0], Size)
        ):
            size = args[0] if isinstance(args[0], Size) else args
            return _finish(np.zeros(size, dtype=dtypes.to_numpy(kind)))
        return _finish(
            np.array(_without_tensors(args[0]) if args else [], dtype=dtypes.to_numpy(kind))
        )

    members = {"__new__": construct, "dtype": kind, "legacy_name": f"torch.{name}"}
    return Legacy(name, (), members)
