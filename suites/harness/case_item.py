"""Tests over many thousand cases: pytest items that hold one case each and know nothing of fixtures.

A parametrized test function would say the same. But what pytest makes of each of its parameters (a call spec, the
closure of its fixtures, its place among those that share one) takes longer than all that the suites do to find 68,000
cases, and none of them has a fixture. See docs/decisions/0012-cases-are-items.md.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pytest

from suites.harness.identity import CaseKey

_CASES = "gradstone_cases"
Body = Callable[..., None]


class Given(NamedTuple):
    """One case of a test: how its pytest id ends, which case it is, and what the test is called with."""

    label: str
    case_key: CaseKey
    args: tuple[Any, ...]


Source = Callable[[pytest.Config], Iterable[Given]]


def over_cases(cases: Source) -> Callable[[Body], Body]:
    """Makes a test function one test for each case; it is called with the case's ``args`` and pytest's config.

    Args:
        cases: the cases of a run, by its config. Asked once, when the file of the test is collected.
    """

    def mark(body: Body) -> Body:
        body.__dict__[_CASES] = cases
        return body

    return mark


class CaseItem(pytest.Item):
    """One case of a test function that ``over_cases`` marked."""

    def __init__(self, *, body: Body, given: Given, **of_node: Any) -> None:
        super().__init__(**of_node)
        self.body = body
        self.case_key, self.args = given.case_key, given.args
        self.own_markers.extend(getattr(body, "pytestmark", ()))

    def runtest(self) -> None:
        """Calls the test function."""
        self.body(*self.args, self.config)

    def reportinfo(self) -> tuple[Any, int, str]:
        """Where the test function stands, its line counted from 0."""
        return self.path, self.body.__code__.co_firstlineno - 1, self.name


def items_of(collector: pytest.Collector, name: str, body: Any) -> Iterator[CaseItem] | None:
    """The items of a test function that ``over_cases`` marked; None for anything else."""
    cases: Source | None = getattr(body, "__dict__", {}).get(_CASES)
    if cases is None:
        return None
    return (
        CaseItem.from_parent(collector, name=f"{name}[{given.label}]", body=body, given=given)
        for given in cases(collector.config)
    )
