"""A column of the matrix: what is under test, or the reference itself."""

from dataclasses import dataclass

REFERENCE = "reference"
DEFAULT_DTYPE = "default"
EAGER = "eager"
# The dtype of the parts of a complex number: a complex dtype cannot be torch's default, its parts' can.
PARTS = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}
COUNTED = ("int64", "int32", "int16", "int8", "uint8", "bool")


@dataclass(frozen=True, slots=True)
class Subject:
    """Device, dtype and mode of what is under test; the device ``reference`` is ours."""

    device: str
    dtype: str = DEFAULT_DTYPE
    mode: str = EAGER

    @property
    def is_reference(self) -> bool:
        return self.device == REFERENCE

    @property
    def label(self) -> str:
        """Short and readable, as it stands in a pytest id: ``cpu``, ``cuda-bfloat16``, ``cpu-aot_eager``."""
        parts = [self.device]
        if self.dtype != DEFAULT_DTYPE:
            parts.append(self.dtype)
        if self.mode != EAGER:
            parts.append(self.mode)
        return "-".join(parts)

    def case_id(self, name: str) -> str:
        """The id of the case ``name`` on this subject, as records and expectations spell it."""
        return f"{name}::{self.device}::{self.dtype}::{self.mode}"


REFERENCE_SUBJECT = Subject(REFERENCE)
