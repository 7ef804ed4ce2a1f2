"""Inputs by which torch's derivatives are known to be wrong, where those by the other inputs are right."""

import numpy as np

from suites.harness.case import Case
from suites.ops.apart import Apart


def _is_by_first(case: Case) -> bool:
    return 0 in case.differentiable


def _is_by_second(case: Case) -> bool:
    return 1 in case.differentiable


def _is_by_second_alone(case: Case) -> bool:
    return case.differentiable == (1,)


def _is_mean_by_one(case: Case) -> bool:
    """Whether one tensor alone is what the mean is differentiated by."""
    return len(case.differentiable) == 1 and case.kwargs.get("reduction", "mean") == "mean"


def _has_no_length(case: Case) -> bool:
    """Whether a complex number is made of the length 0, and differentiated by it."""
    return _is_by_first(case) and bool(np.any(case.args[0] == 0))


def _takes_own_statistics(case: Case) -> bool:
    """Whether a batch is normalised by its own mean and deviation, and differentiated by what it holds."""
    given = [a for a in case.args[1:] if isinstance(a, bool)]
    flag = case.kwargs.get("training", case.kwargs.get("use_input_stats", *given[:1] or (True,)))
    return bool(flag) and _is_by_first(case) and case.args[0].size > 0


_BATCH_NORMS = (
    "native_batch_norm", "_native_batch_norm_legit", "nn.functional.batch_norm", "nn.functional.instance_norm",
)  # fmt: skip
_BY_OWN_ALONE = ("native_layer_norm", "nn.functional.layer_norm", "_batch_norm_with_update")
_SOLVES = ("linalg.solve", "linalg.solve_ex", "linalg.tensorsolve")
_UNDER_REVERSE = ("reverse-over-forward-edges",)
_OVER_REVERSE = ("forward-over-reverse-edges",)

BY_INPUT_APART: tuple[Apart, ...] = (
    Apart(("as_strided_scatter",), ("vjp-edges",), "by-self", _is_by_first),
    Apart(("polar",), ("vjp", "vjp-edges"), "at-zero", _has_no_length),
    Apart(_BATCH_NORMS, ("reverse-over-forward",), "own-statistics", _takes_own_statistics),
    Apart(_BY_OWN_ALONE, _UNDER_REVERSE, "own-statistics", _is_by_first),
    Apart(_SOLVES, _UNDER_REVERSE, "by-matrix", _is_by_first),
    Apart(
        ("triangular_solve",),
        ("jvp-edges", *_UNDER_REVERSE, *_OVER_REVERSE),
        "by-matrix",
        _is_by_second,
    ),
    Apart(
        ("nn.functional.binary_cross_entropy",), _UNDER_REVERSE, "by-target", _is_by_second_alone
    ),
    Apart(
        ("nn.functional.mse_loss",),
        ("forward-over-reverse", *_OVER_REVERSE),
        "by-one",
        _is_mean_by_one,
    ),
)
