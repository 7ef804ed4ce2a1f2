"""Where torch's second derivatives of norms, losses, activations and matrices are known to be wrong."""

from suites.ops.apart import Apart

DOUBLE_NETWORKS: tuple[Apart, ...] = ()
