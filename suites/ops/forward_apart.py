"""Where torch's forward mode, over or under reverse mode or alone, is known to be wrong, and reverse mode is not."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart
from suites.ops.double_networks_apart import has_vector_of_norm_zero
from suites.ops.matrix_conditions import options

UNDER_REVERSE = ("reverse-over-forward",)
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


def _is_of_order_one(case: Case) -> bool:
    _, order = options(case, "ord" if case.op == "masked.normalize" else "p")
    return bool(order == 1)


def _rises_steeply(case: Case) -> bool:
    """Whether an element is larger than the one before it by so much that torch's scan has lost the first."""
    x, dim = case.args[:2]
    return bool(x.ndim and x.size and np.any(np.diff(x.real, axis=dim) > _STEEP))


_STEEP = 25.0  # exp(25) times what torch adds to a logarithm shows in each seed


def _has_window_of_zeros(case: Case) -> bool:
    """Whether some window of zeros may be pooled, wherever windows begin."""
    x, _, size = case.args[:3]
    axes = tuple(range(-1 if case.op.endswith("1d") else -2, 0))
    kernel = (size,) * len(axes) if isinstance(size, int) else tuple(size)
    seen = np.lib.stride_tricks.sliding_window_view(x != 0, kernel, axis=axes)
    return not bool(np.all(np.any(seen, axis=axes)))


def _clamps_variance(case: Case) -> bool:
    return bool(np.any(case.args[2] < case.kwargs.get("eps", _GAUSSIAN_EPS)))


_GAUSSIAN_EPS = 1e-6

FORWARD_APART: tuple[Apart, ...] = (
    Apart(
        ("nn.functional.normalize", "masked.normalize", "renorm"),
        UNDER_REVERSE,
        "one-norm",
        _is_of_order_one,
    ),
    Apart(("cumprod",), UNDER_REVERSE, "at-zero", _meets_zero),
    Apart(("logcumsumexp",), ("forward-over-reverse-edges",), "rising", _rises_steeply),
    Apart(
        ("nn.functional.gaussian_nll_loss",),
        ("jvp-edges", *AT_EDGES, "forward-over-reverse-edges"),
        "clamped-variance",
        _clamps_variance,
    ),
    Apart(
        ("nn.functional.lp_pool1d", "nn.functional.lp_pool2d"),
        ("jvp-edges",),
        "window-of-zeros",
        _has_window_of_zeros,
    ),
    Apart(
        ("linalg.vector_norm", "norm", "nn.functional.normalize"),
        AT_EDGES,
        "zero-vector",
        has_vector_of_norm_zero,
    ),
    Apart(("masked.cumprod", "linalg.vander"), AT_EDGES, "at-zero", _meets_zero),
    Apart(("std", "std_mean"), AT_EDGES, "without-deviation", _lacks_deviation),
)
