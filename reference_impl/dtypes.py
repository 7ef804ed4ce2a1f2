"""dtypes under torch's names, and type promotion."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import kinds
from reference_impl.bfloat16_array import DTYPE as BFLOAT16
from reference_impl.bfloat16_array import Limits


class dtype:  # noqa: N801 - torch's name
    """One element type; ``np`` is NumPy's. See Note [A dtype that NumPy lacks]."""

    __slots__ = ("is_complex", "is_floating_point", "is_signed", "itemsize", "name", "np", "short")

    def __init__(self, name: str, np_dtype: Any, short: str) -> None:
        self.name = name
        self.np: np.dtype[Any] = np.dtype(np_dtype)
        kind = self.np.kind
        self.is_floating_point = kind == "f"
        self.is_complex = kind == "c"
        self.is_signed = kind in "fci"
        self.itemsize = 2 if self.np == BFLOAT16 else self.np.itemsize
        self.short = short

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name

    def to_complex(self) -> dtype:
        """The complex type whose parts have this type."""
        return (
            self
            if self.is_complex
            else {"float64": complex128, "longdouble": clongdouble}.get(self.name, complex64)
        )

    def to_real(self) -> dtype:
        """The type of this type's parts."""
        return {"complex64": float32, "complex128": float64, "clongdouble": longdouble}.get(
            self.name, self
        )


float16 = dtype("float16", np.float16, "Half")
float32 = dtype("float32", np.float32, "Float")
float64 = dtype("float64", np.float64, "Double")
bfloat16 = dtype("bfloat16", BFLOAT16, "BFloat16")
complex64 = dtype("complex64", np.complex64, "ComplexFloat")
complex128 = dtype("complex128", np.complex128, "ComplexDouble")
uint8 = dtype("uint8", np.uint8, "Byte")
int8 = dtype("int8", np.int8, "Char")
int16 = dtype("int16", np.int16, "Short")
int32 = dtype("int32", np.int32, "Int")
int64 = dtype("int64", np.int64, "Long")
bool_ = dtype("bool", np.bool_, "Bool")

ALL = (
    float16,
    float32,
    float64,
    bfloat16,
    complex64,
    complex128,
    uint8,
    int8,
    int16,
    int32,
    int64,
    bool_,
)
# torch has no such dtypes, and `torch.longdouble` is not there either: arrays that hold more digits than float64 may
# become tensors, so that the reference can be asked what it would say with fewer roundings.
longdouble = dtype("longdouble", np.longdouble, "LongDouble")
clongdouble = dtype("clongdouble", np.clongdouble, "ComplexLongDouble")
OF_NUMPY: dict[Any, dtype] = {d.np: d for d in (longdouble, clongdouble, *ALL)}

# The default dtype is process-wide, as in torch.
_DEFAULT = [float32]


def get_default_dtype() -> dtype:
    """The dtype of a float literal."""
    return _DEFAULT[0]


def set_default_dtype(d: dtype) -> None:
    """Make ``d`` the dtype of float literals.

    Raises:
        TypeError: ``d`` is not a floating-point dtype.
    """
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _DEFAULT[0] = d


def default_numpy() -> np.dtype[Any]:
    """NumPy's dtype for a float literal."""
    return to_numpy(_DEFAULT[0])


def of_array(x: Any) -> dtype:
    """torch's name for the dtype of an array or NumPy scalar.

    Raises:
        TypeError: torch has no such dtype.
    """
    found = OF_NUMPY.get(x.dtype)
    if found is None:
        raise TypeError(
            _UNKNOWN.format(x.dtype, ", ".join(d.name for d in ALL if d is not bfloat16))
        )
    return found


_UNKNOWN = "can't convert np.ndarray of type numpy.{}. The only supported types are: {}."


def refuse_unknown(x: Any) -> None:
    """Nothing, where torch has a name for the dtype of an array that a user gives.

    Raises:
        TypeError: torch has no such dtype, though ours may compute in it.
    """
    if of_array(x) in {longdouble, clongdouble}:
        raise TypeError(
            _UNKNOWN.format(x.dtype, ", ".join(d.name for d in ALL if d is not bfloat16))
        )


def to_numpy(d: Any) -> np.dtype[Any]:
    """NumPy's dtype for torch's ``d``.

    Raises:
        TypeError: ``d`` is not a dtype.
    """
    if isinstance(d, dtype):
        if d is bfloat16:
            kinds.note("bfloat16")
        return d.np
    if d in (float, int, bool, complex):
        return {float: default_numpy(), int: np.dtype(np.int64), bool: np.dtype(np.bool_)}.get(
            d, np.promote_types(default_numpy(), np.complex64)
        )
    raise TypeError(f"expected a dtype such as torch.float32, got {d!r}")


_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def promote_types(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The smallest dtype that holds both: a float meets an integer as the float it is."""
    ra, rb = _RANK[a.kind], _RANK[b.kind]
    if ra != rb and max(ra, rb) >= 2 and min(ra, rb) <= 1:  # noqa: PLR2004 - ranks of the table above
        return a if ra > rb else b
    return a if a == b else np.promote_types(a, b)  # bfloat16 and float16 meet as float32


def of_number(x: Any) -> np.dtype[Any]:
    """The dtype a Python number has as a tensor."""
    if isinstance(x, bool):
        return np.dtype(np.bool_)
    if isinstance(x, int):
        return np.dtype(np.int64)
    if isinstance(x, float):
        return default_numpy()
    return np.promote_types(default_numpy(), np.complex64)


def result_dtype(arrays: tuple[Any, ...]) -> np.dtype[Any]:
    """The dtype of an operation on arrays and Python numbers.

    Tensors with dimensions decide; a 0-d tensor, and after it a number, raises the category (bool, integer, float,
    complex) but never the width within one.

    Source: tensor_attributes, Type Promotion.
    """
    groups: list[Any] = [None, None, None]
    for x in arrays:
        if x is None:
            continue
        if hasattr(x, "dtype"):
            place, found = (0 if x.ndim else 1), x.dtype
        else:
            place, found = 2, of_number(x)
        held = groups[place]
        groups[place] = found if held is None else promote_types(held, found)
    result = None
    for lower in groups:
        result = _raise_category(result, lower)
    assert result is not None  # noqa: S101 - an operation has at least one operand
    return result


def _raise_category(
    higher: np.dtype[Any] | None, lower: np.dtype[Any] | None
) -> np.dtype[Any] | None:
    """``higher`` unless ``lower`` is of a category above it."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    if _RANK[lower.kind] <= _RANK[higher.kind]:
        return higher
    if lower.kind == "c" and higher.kind == "f":
        return (
            np.promote_types(higher, np.complex64)
            if higher.itemsize > np.dtype(np.float32).itemsize
            else np.dtype(np.complex64)
        )
    return lower


def finfo(d: dtype | None = None) -> Any:
    """Limits of a floating-point dtype."""
    found = to_numpy(d or get_default_dtype())
    return Limits() if found == BFLOAT16 else np.finfo(found)


def iinfo(d: dtype) -> Any:
    """Limits of an integer dtype."""
    return np.iinfo(to_numpy(d))
