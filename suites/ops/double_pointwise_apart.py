"""Where torch's second derivatives of elementwise operators and special functions are known to be wrong."""

from suites.ops.apart import Apart

DOUBLE_POINTWISE: tuple[Apart, ...] = ()
