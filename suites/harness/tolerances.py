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


# Operators pass through kernels that sum in another order than NumPy does. The bound does not grow with the number of
# elements: a sum is compared at the size of its terms by the case, not here.
_OP_BOUND = {
    "float64": 1e-10,
    "complex128": 1e-10,
    "float32": 5e-5,
    "complex64": 5e-5,
    "float16": 2e-2,
    "complex32": 2e-2,
    "bfloat16": 1e-1,
}
_PER_ORDER = 10.0  # each order of differentiation multiplies conditions once more

# By op: a factor on the bound and the reason for it.
_LOOSER: dict[str, tuple[float, str]] = {}


def tolerance_for(op: str, dtype: object, order: int = 0) -> Tolerance:
    """The tolerance for an operator's values (order 0), first or second derivatives."""
    name = dtype_name(dtype)
    bound = _OP_BOUND.get(name, 0.0) * _PER_ORDER**order * _LOOSER.get(op, (1.0, ""))[0]
    return Tolerance(rtol=bound, atol=bound, eps=EPS.get(name, 0.0))
