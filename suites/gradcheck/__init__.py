"""Checks gradients of any torch function: ``from suites.gradcheck import check``."""

from reference_impl.findings import (
    CheckResult,
    Finding,
    GradientError,
    InputError,
    NondeterministicError,
    UndecidedError,
)
from suites.gradcheck.checking import Settings, check, inspect
from suites.gradcheck.relations import RELATIONS

__all__ = [
    "RELATIONS",
    "CheckResult",
    "Finding",
    "GradientError",
    "InputError",
    "NondeterministicError",
    "Settings",
    "UndecidedError",
    "check",
    "inspect",
]
