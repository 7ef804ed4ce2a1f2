"""The one place where torch enters the harness: its namespace, its modes, its devices."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from suites.harness.subject import DEFAULT_DTYPE, Subject

NAME = "torch"
VERSION = torch.__version__

# A warning given once in a process would make the order of tests matter.
torch.set_warn_always(True)


def _compiled(fn: Callable[..., Any]) -> Callable[..., Any]:
    compiled: Callable[..., Any] = torch.compile(fn, backend="aot_eager")
    return compiled


def _as_it_is(fn: Callable[..., Any]) -> Callable[..., Any]:
    return fn


# How a function is run in each mode, and what the mode cannot show.
MODES: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "eager": _as_it_is,
    "aot_eager": _compiled,
}
HIDDEN_BY_MODE: dict[str, frozenset[str]] = {
    "eager": frozenset(),
    "aot_eager": frozenset({"graph"}),
}


@contextmanager
def namespace(subject: Subject, *, seed: int = 0) -> Iterator[Any]:
    """The module ``torch`` with the subject's device and dtype as defaults, left as it was found."""
    grad_mode, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    anomaly = torch.is_anomaly_enabled()
    torch.manual_seed(seed)
    if subject.dtype != DEFAULT_DTYPE:
        torch.set_default_dtype(getattr(torch, subject.dtype))
    if subject.device != "cpu":
        torch.set_default_device(subject.device)
    try:
        yield torch
    finally:
        if subject.device != "cpu":
            torch.set_default_device(None)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad_mode)
        torch.autograd.set_detect_anomaly(anomaly)


def wrap(fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """``fn``, run in that mode."""
    return MODES[mode](fn)


def is_device_name(device: str) -> bool:
    """Whether torch can parse this as a device, present or not."""
    try:
        torch.device(device)
    except RuntimeError:
        return False
    return True


def device_names() -> list[str]:
    """The device types this torch knows by name, for the hint after a misspelt one."""
    names = ["cpu", "cuda", "mps", "xpu", "xla", "meta", "hpu", "npu"]
    return [name for name in names if is_device_name(name)]


@functools.cache
def why_unsupported(device: str, dtype: str) -> str | None:
    """Why nothing can run on this device or in this dtype, or None where a small sum works."""
    kind = None if dtype == DEFAULT_DTYPE else getattr(torch, dtype)
    try:
        torch.ones(2, device=device, dtype=kind).add(1).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        return f"{device} cannot compute in {dtype}: {str(error).splitlines()[0]}"
    return None
