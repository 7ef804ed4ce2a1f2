"""The one place where torch enters the harness: its namespace, its modes, its devices."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from suites.harness.implementation import TorchSpelling
from suites.harness.left_as_found import left_as_found
from suites.harness.subject import DEFAULT_DTYPE, Subject

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
    torch.manual_seed(seed)
    with left_as_found(torch):
        if subject.dtype != DEFAULT_DTYPE:
            torch.set_default_dtype(getattr(torch, subject.dtype))
        if subject.device == "cpu":
            yield torch
            return
        torch.set_default_device(subject.device)
        try:
            yield torch
        finally:
            torch.set_default_device(None)


def implementation(
    subject: Subject, ops: Mapping[str, Callable[..., Any]] | None = None
) -> TorchSpelling:
    """Torch, as cases and programs drive it.

    Args:
        subject: device, dtype and mode.
        ops: operators under names that are no path in torch's namespace.
    """
    offered = ops or {}

    def find_op(name: str) -> Callable[..., Any] | None:
        op = offered.get(name) or _by_path(name)
        return None if op is None else wrap(op, subject.mode)

    return TorchSpelling(torch, subject, find_op)


@functools.cache
def _by_path(name: str) -> Callable[..., Any] | None:
    """The function at ``name`` in torch's namespace, such as ``linalg.det``, or the method of tensors."""
    for root in (torch, torch.Tensor, torch.nn.functional):
        found: Any = root
        for part in name.split("."):
            found = getattr(found, part, None)
        if callable(found):
            function: Callable[..., Any] = found
            return function
    return None


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


# How torch's dispatcher says that a backend has no kernel for an operator or a dtype.
_LACKS = (
    re.compile(r"Could not run '[^']+' with arguments from the '[^']+' backend"),
    re.compile(r"\"[^\"]+\" not implemented for '[^']+'"),
    re.compile(r"is not currently implemented for the \w+ device"),
)


def why_lacking(error: BaseException) -> tuple[str, str] | None:
    """The outcome and reason where ``error`` says that the device has no such kernel; None for any other error."""
    text = str(error)
    if isinstance(error, RuntimeError) and any(pattern.search(text) for pattern in _LACKS):
        return "unsupported", text.splitlines()[0]
    return None


def device_driver() -> str | None:
    """The version of the accelerator's runtime, where there is one."""
    if not torch.cuda.is_available():
        return None
    name, version = torch.cuda.get_device_name(), torch.version.cuda or torch.version.hip
    return f"{name}, runtime {version}"
