"""pytest hooks: options, columns, the fixture ``torch``."""

from collections.abc import Iterator
from typing import Any

import pytest

from suites.harness import options as run_options
from suites.harness.columns import Column, make_columns
from suites.harness.notes import CURRENT_NOTES, CaseNotes
from suites.harness.options import Options

OPTIONS = pytest.StashKey[Options]()
COLUMNS = pytest.StashKey[list[Column]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the options of the suites."""
    run_options.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Validates the options."""
    config.stash[OPTIONS] = run_options.read(config)


def columns_of(config: pytest.Config) -> list[Column]:
    """The columns of this run; made when a test first needs one, since that imports what is under test."""
    if COLUMNS not in config.stash:
        config.stash[COLUMNS] = make_columns(config.stash[OPTIONS])
    return config.stash[COLUMNS]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes ``torch`` once for each column."""
    if "torch" in metafunc.fixturenames:
        columns = columns_of(metafunc.config)
        metafunc.parametrize("torch", columns, ids=[c.label for c in columns], indirect=True)


@pytest.fixture
def torch(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The module under test: real torch with the device set, or the reference, which has its spelling."""
    column: Column = request.param
    if column.lacks is not None:
        pytest.skip(column.lacks)
    token = CURRENT_NOTES.set(CaseNotes())
    with column.namespace(request.config.stash[OPTIONS].seed) as module:
        yield module
    CURRENT_NOTES.reset(token)
