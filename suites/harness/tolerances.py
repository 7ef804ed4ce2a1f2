"""How far two right answers may lie apart: per dtype, and per op where a reason stands beside it."""

from dataclasses import dataclass

# Unit roundoff steps of the dtypes torch computes in; NumPy knows neither bfloat16 nor the 8-bit floats.
EPS = {
    "float64": 2.0**-52,
    "complex128": 2.0**-52,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "float16": 2.0**-10,
    "complex32": 2.0**-10,
    "bfloat16": 2.0**-7,
}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The bound ``atol + rtol * |expected|``, and the spacing of the dtype's numbers around 1."""

    rtol: float
    atol: float
    eps: float

    @property
    def is_exact(self) -> bool:
        return self.rtol == 0 and self.atol == 0


EXACT = Tolerance(rtol=0.0, atol=0.0, eps=0.0)

# Values worked out by hand pass through a few ops: some tens of ulps where an ulp is small, a few where it is coarse.
_VALUE_BOUND = {
    "float64": 1e-12,
    "complex128": 1e-12,
    "float32": 4e-6,
    "complex64": 4e-6,
    "float16": 4e-3,
    "complex32": 4e-3,
    "bfloat16": 3.2e-2,
}


def dtype_name(dtype: object) -> str:
    """``torch.float32``, a NumPy dtype or a name, as the bare name ``float32``."""
    return str(getattr(dtype, "name", dtype)).rpartition(".")[2]


def value_tolerance(dtype: object, *, rtol: float | None = None) -> Tolerance:
    """The tolerance for a value worked out by hand; exact for integers and booleans.

    Args:
        dtype: of the actual value, of either implementation or NumPy, or its name.
        rtol: wider, where the expected number was rounded when it was printed.
    """
    name = dtype_name(dtype)
    bound = _VALUE_BOUND.get(name, 0.0)
    if rtol is not None:
        return Tolerance(rtol=rtol, atol=max(bound, rtol * 1e-3), eps=EPS.get(name, 0.0))
    return Tolerance(rtol=bound, atol=bound, eps=EPS.get(name, 0.0))
