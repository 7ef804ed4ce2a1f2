"""Each test of the reference starts on the short paths."""

from collections.abc import Iterator

import pytest

from reference_impl import kinds


@pytest.fixture(autouse=True)
def short_paths_again() -> Iterator[None]:
    """What a test makes of other kinds of arrays is gone when it is over."""
    yield
    kinds.forget()
