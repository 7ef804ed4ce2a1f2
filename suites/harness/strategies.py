"""Hypothesis strategies for programs: the same writer, with choices that shrink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from suites.harness.program import Program
from suites.harness.program_source import write_program

T = TypeVar("T")


class _DrawnSource:
    """Choices that Hypothesis makes, and shrinks."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def pick(self, values: Sequence[T]) -> T:
        return self._draw(st.sampled_from(values))

    def number(self) -> float:
        tenths = self._draw(st.integers(1, 30))
        return (tenths if self._draw(st.booleans()) else -tenths) / 10


@st.composite
def _drawn_programs(draw: DrawFn, most_steps: int) -> Program:
    return write_program(_DrawnSource(draw), most_steps=most_steps)


def programs(*, most_steps: int = 14) -> SearchStrategy[Program]:
    """Programs of at most about ``most_steps`` lines; they shrink to fewer and simpler ones."""
    return _drawn_programs(most_steps)
