"""torch.autograd under its own names; what is behind them lies in the files of the package above."""

from typing import Any

from reference_impl import gradients as _gradients
from reference_impl.autograd import (
    _functions,
    anomaly_mode,
    forward_ad,
    function,
    functional,
    grad_mode,
    graph,
    profiler,
    variable,
)
from reference_impl.autograd import (
    gradcheck as _gradcheck_module,
)
from reference_impl.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from reference_impl.autograd.function import Function, NestedIOFunction
from reference_impl.autograd.grad_mode import (
    enable_grad,
    enforce_grad_layout_policy,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from reference_impl.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from reference_impl.autograd.variable import Variable
from reference_impl.gradients import backward, grad
from reference_impl.missing import NotOfferedError
from reference_impl.private import force_original_view_tracking as _force_original_view_tracking
from reference_impl.private import is_view_replay_enabled
from reference_impl.private import preserve_version_counter as _unsafe_preserve_version_counter
from reference_impl.saved import PublicSavedTensor as SavedTensor

__all__ = [
    "Function",
    "GradcheckError",
    "NestedIOFunction",
    "SavedTensor",
    "Variable",
    "_force_original_view_tracking",
    "_functions",
    "_unsafe_preserve_version_counter",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "enforce_grad_layout_policy",
    "forward_ad",
    "function",
    "functional",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_multithreading_enabled",
    "is_view_replay_enabled",
    "no_grad",
    "profiler",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "variable",
]
del _gradients, _gradcheck_module
# The function hides the module of its name; programs look for the error behind it.
gradcheck.GradcheckError = GradcheckError  # type: ignore[attr-defined]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.autograd", name, __all__)
