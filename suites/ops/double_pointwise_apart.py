"""Inputs at which torch's second derivatives are known to be wrong: elementwise operators, powers and special functions."""

from suites.ops.apart import Apart

DOUBLE_POINTWISE: tuple[Apart, ...] = ()
