"""Switches of torch that programs set and ask for, and that change nothing here."""

from __future__ import annotations

import warnings


class Settings:
    """What was set last."""

    def __init__(self) -> None:
        self.deterministic = False
        self.warn_only = False
        self.precision = "highest"
        self.threads = 1


_SETTINGS = Settings()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for algorithms that give the same result each time; all of the reference do."""
    _SETTINGS.deterministic, _SETTINGS.warn_only = mode, warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` last said."""
    return _SETTINGS.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether the last call asked for warnings only."""
    return _SETTINGS.warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """Say how exact products of float32 matrices must be; those of the reference are always exact."""
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', and 'medium'; the current setting is unchanged.",
            UserWarning,
            stacklevel=2,
        )
        return
    _SETTINGS.precision = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` last said."""
    return _SETTINGS.precision


def set_num_threads(n: int) -> None:
    """Say how many threads an operation may use."""
    if n <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _SETTINGS.threads = n


def get_num_threads() -> int:
    """What ``set_num_threads`` last said."""
    return _SETTINGS.threads
