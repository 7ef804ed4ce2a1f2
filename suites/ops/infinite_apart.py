"""Where torch is known to answer NaN at infinities, or beyond the largest number, though there is a limit."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart


def _meets_infinity(case: Case) -> bool:
    return any(x.dtype.kind == "f" and bool(np.any(np.isinf(x))) for x in case.inputs())


def _overflows(case: Case) -> bool:
    """Whether the Bessel functions I0 and I1 are beyond the largest number of float64."""
    return bool(np.any(np.abs(case.args[0]) > _LARGEST_ARGUMENT))


_LARGEST_ARGUMENT = 713.9

FIRST = ("value-edges", "vjp-edges", "jvp-edges")
CURVES = tuple(f"nn.functional.{name}" for name in ("silu", "gelu", "mish", "softsign"))

INFINITE: tuple[Apart, ...] = (
    Apart((*CURVES, "i0"), (*FIRST, "double-edges"), "at-infinity", _meets_infinity),
    Apart(("nn.functional.hardswish",), ("value-edges",), "at-infinity", _meets_infinity),
    Apart(("hypot", "atan2"), (*FIRST[1:], "double-edges"), "at-infinity", _meets_infinity),
    Apart(("special.i1",), FIRST, "at-infinity", _meets_infinity),
    Apart(
        ("special.i1",),
        ("vjp-edges", "jvp-edges", "forward-over-reverse-edges"),
        "overflow",
        _overflows,
    ),
    Apart(("i0",), ("double-edges",), "overflow", _overflows),
)
