"""The reference as an implementation: its namespace for behaviour tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy

import reference_impl
from reference_impl import kinds, registry
from suites.harness.implementation import TorchSpelling
from suites.harness.left_as_found import left_as_found
from suites.harness.subject import Subject

VERSION = f"NumPy {numpy.__version__}"


def implementation(subject: Subject) -> TorchSpelling:
    """The reference, as cases and programs drive it."""
    return TorchSpelling(reference_impl, subject, registry.lookup)


@contextmanager
def namespace(subject: Subject, *, seed: int = 0) -> Iterator[Any]:
    """The reference, which has torch's spelling, seeded; its modes are left as they were found."""
    if not subject.is_reference:
        raise ValueError(f"the reference is no driver for {subject}")
    reference_impl.manual_seed(seed)
    try:
        with left_as_found(reference_impl):
            yield reference_impl
    finally:
        kinds.forget()


def why_lacking(error: BaseException) -> tuple[str, str] | None:
    """The outcome and reason where ``error`` says that the reference has no such thing; None for any other error."""
    owner = getattr(error, "obj", None)
    is_ours = getattr(owner, "__name__", type(owner).__module__).startswith("reference_impl")
    missing = isinstance(error, AttributeError) and owner is not None and is_ours
    refused = isinstance(error, NotImplementedError) and str(error).startswith(
        "the reference has no"
    )
    return ("reference-lacks", str(error)) if missing or refused else None
