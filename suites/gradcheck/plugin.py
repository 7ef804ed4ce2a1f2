"""A pytest plugin: the fixture ``check_gradients`` and the marker ``gradcheck`` that sets its options.

In a project of one's own, ``pytest_plugins = ["suites.gradcheck.plugin"]`` in ``conftest.py``, and then

    @pytest.mark.gradcheck(order=2, relations=("batched",))
    def test_my_op(check_gradients):
        check_gradients(my_op, (x, y))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reference_impl.findings import CheckResult
from suites.gradcheck.checking import check

MARKER = (
    "gradcheck(modes=, order=, relations=, settings=): what the fixture check_gradients is to check"
)
_OPTIONS = ("modes", "order", "relations", "settings")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def check_gradients(request: pytest.FixtureRequest) -> Callable[..., CheckResult]:
    """``check`` with the options of the test's marker ``gradcheck``; those given in the call come first."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("gradcheck"))):
        unknown = [name for name in marker.kwargs if name not in _OPTIONS]
        if unknown or marker.args:
            raise pytest.UsageError(
                f"the marker gradcheck takes {', '.join(_OPTIONS)} by name; found {[*marker.args, *unknown]}"
            )
        options.update(marker.kwargs)
    return partial(check, **options)
