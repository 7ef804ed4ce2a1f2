"""Inputs at which torch's second derivatives are known to be wrong: norms, distances, losses, activations, indexing and linear algebra."""

from suites.ops.apart import Apart

DOUBLE_NETWORKS: tuple[Apart, ...] = ()
