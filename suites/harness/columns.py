"""The columns of a run: the reference, and each device, dtype and mode under test, with their drivers."""

import importlib
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from suites.harness.naming import did_you_mean
from suites.harness.options import Options
from suites.harness.subject import REFERENCE_SUBJECT, Subject

_ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Column:
    """A subject with the driver that runs it, or the reason why nothing can run on it."""

    subject: Subject
    driver: Any
    lacks: str | None = None

    @property
    def label(self) -> str:
        return self.subject.label

    def namespace(self, seed: int) -> AbstractContextManager[Any]:
        """The module that a behaviour test gets as ``torch``."""
        entered: AbstractContextManager[Any] = self.driver.namespace(self.subject, seed=seed)
        return entered

    @property
    def torch_version(self) -> str | None:
        """The version of torch under test, by which clauses are selected; None for anything but torch."""
        found: str | None = getattr(self.driver, "TORCH_VERSION", None)
        return found

    def why_hidden(self, clause: str, kind: str) -> str | None:
        """Why this column's mode cannot show a clause; None where it can."""
        ask = getattr(self.driver, "why_hidden", None)
        found: str | None = ask(self.subject.mode, clause, kind) if ask else None
        return found


def make_columns(options: Options) -> list[Column]:
    """The columns that the options ask for, the reference first.

    Raises:
        pytest.UsageError: a module, driver or device that cannot be loaded.
    """
    columns = []
    if options.only != "subject":
        columns.append(Column(REFERENCE_SUBJECT, load_reference()))
    if options.only != "reference":
        driver = load_subject(options)
        columns += [
            _column(driver, Subject(device, dtype, mode))
            for device in options.devices
            for dtype in options.dtypes
            for mode in options.modes
        ]
    return columns


def load_reference() -> ModuleType:
    """The driver of the reference.

    Raises:
        pytest.UsageError: the reference cannot be imported.
    """
    try:
        return importlib.import_module("suites.harness.reference_driver")
    except ImportError as error:
        raise pytest.UsageError(f"the reference cannot be imported: {error}") from error


def load_subject(options: Options) -> Any:
    """The driver of what is under test: torch with the ``--load`` modules imported, or the one ``--impl`` names."""
    if options.impl is not None:
        return _load_driver(options.impl)
    try:
        driver = importlib.import_module("suites.harness.torch_driver")
    except ImportError as error:
        raise pytest.UsageError(
            f"torch cannot be imported: {error}; install torch, or run the reference alone with --only reference"
        ) from error
    for module in options.load:
        _load_module(module)
    for device in options.devices:
        if not driver.is_device_name(device):
            names = driver.device_names()
            raise pytest.UsageError(
                f"--device '{device}' is no device of this torch{did_you_mean(device, names)}"
                f" (known: {', '.join(names)}; a backend of your own is imported with --load MODULE)"
            )
    return driver


def _column(driver: Any, subject: Subject) -> Column:
    return Column(subject, driver, driver.why_unsupported(subject.device, subject.dtype))


def _load_module(name: str) -> ModuleType:
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise pytest.UsageError(
            f"--load: the module '{name}' cannot be imported: {error}"
        ) from error


def _load_driver(spec: str) -> Any:
    module, _, name = spec.partition(":")
    if not name:
        raise pytest.UsageError(f"--impl is '{spec}', wanted package.module:Driver")
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise pytest.UsageError(
            f"--impl: the module '{module}' cannot be imported: {error}"
        ) from error
    if not hasattr(found, name):
        raise pytest.UsageError(
            f"--impl: '{module}' has no '{name}'{did_you_mean(name, dir(found))}"
        )
    driver = getattr(found, name)
    return driver() if isinstance(driver, type) else driver
