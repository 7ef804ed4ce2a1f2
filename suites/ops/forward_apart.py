"""Where torch's forward mode, over or under reverse mode or alone, is known to be wrong, and reverse mode is not."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart
from suites.ops.double_networks_apart import has_vector_of_norm_zero

AT_EDGES = ("reverse-over-forward-edges",)


def _meets_zero(case: Case) -> bool:
    """Whether some factor that no mask leaves out is 0."""
    mask = case.kwargs.get("mask")
    return bool(np.any((case.args[0] == 0) & (True if mask is None else mask)))


def _lacks_deviation(case: Case) -> bool:
    """Whether all numbers of some group are equal."""
    x = case.args[0]
    dim = case.args[1] if len(case.args) > 1 else case.kwargs.get("dim")
    axes = tuple(dim) if isinstance(dim, list) else dim
    return bool(x.size and np.any(np.ptp(x, axis=axes) == 0))


def _is_by_target(case: Case) -> bool:
    """Whether the second tensor alone is what the loss is differentiated by."""
    return case.differentiable == (1,)


def _is_mean_by_one(case: Case) -> bool:
    """Whether one tensor alone is what the mean is differentiated by."""
    return len(case.differentiable) == 1 and case.kwargs.get("reduction", "mean") == "mean"


def _clamps_variance(case: Case) -> bool:
    return bool(np.any(case.args[2] < case.kwargs.get("eps", _GAUSSIAN_EPS)))


_GAUSSIAN_EPS = 1e-6

FORWARD_APART: tuple[Apart, ...] = (
    Apart(
        ("nn.functional.gaussian_nll_loss",),
        ("jvp-edges", *AT_EDGES, "forward-over-reverse-edges"),
        "clamped-variance",
        _clamps_variance,
    ),
    Apart(("linalg.vector_norm", "norm"), AT_EDGES, "zero-vector", has_vector_of_norm_zero),
    Apart(("masked.cumprod", "linalg.vander"), AT_EDGES, "at-zero", _meets_zero),
    Apart(("std", "std_mean"), AT_EDGES, "without-deviation", _lacks_deviation),
    Apart(("nn.functional.binary_cross_entropy",), AT_EDGES, "by-target", _is_by_target),
    Apart(
        ("nn.functional.mse_loss",),
        ("forward-over-reverse", "forward-over-reverse-edges"),
        "by-one",
        _is_mean_by_one,
    ),
)
