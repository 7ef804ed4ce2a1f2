"""Anomaly mode: the forward traceback of a failing node, and NaN found where it arises."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl import errors
from reference_impl.grad_mode import MODE
from reference_impl.registry import register
from reference_impl.tensor import Tensor


def _set(mode: bool, check_nan: bool) -> None:
    MODE.anomaly, MODE.check_nan = mode, check_nan
    MODE.refresh()


class detect_anomaly:  # noqa: N801 - torch's name
    """Inside, nodes remember where they were recorded and backward checks for NaN."""

    def __init__(self, check_nan: bool = True) -> None:
        self.previous = (MODE.anomaly, MODE.check_nan)
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be "
            "enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.previous = (MODE.anomaly, MODE.check_nan)
        _set(True, self.check_nan)

    def __exit__(self, *exc_info: object) -> None:
        _set(*self.previous)


class set_detect_anomaly:  # noqa: N801 - torch's name
    """Switch anomaly mode; as a context it goes back afterwards."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        errors.check_flag(mode, "set_anomaly_enabled", "enabled")
        self.previous = (MODE.anomaly, MODE.check_nan)
        _set(mode, check_nan)

    def __enter__(self) -> None:
        """The mode was set when the object was made."""

    def __exit__(self, *exc_info: object) -> None:
        _set(*self.previous)


def is_anomaly_enabled() -> bool:
    """True while anomaly mode is on."""
    return MODE.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """True while backward checks for NaN in anomaly mode."""
    return MODE.check_nan


def check_nan(node: Any, grads: Any) -> None:
    """Refuse NaN among a node's results.

    Raises:
        RuntimeError: naming the node and the position.
    """
    for i, g in enumerate(grads):
        data = g._data if isinstance(g, Tensor) else g
        if data is not None and data.dtype.kind in "fc" and bool(np.isnan(data).any()):
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def show_trace(node: Any) -> None:
    """Warn with the traceback of the forward call that recorded a failing node."""
    trace = None if node.extra is None else node.extra.trace
    text = f"Error detected in {node.name()}. "
    if trace:
        text += f"Traceback of forward call that caused the error:\n{trace}"
    else:
        text += "No forward pass information available. Enable detect anomaly during forward pass for more information."
    warnings.warn(text, stacklevel=2)


register("autograd.check_nan", check_nan)
register("autograd.show_trace", show_trace)
