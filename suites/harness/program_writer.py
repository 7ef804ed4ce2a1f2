"""A program while it is written: the choices behind it, its lines, and what is known of its variables."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

T = TypeVar("T")
EITHER = (True, False)
_VIEW = re.compile(r"(v\d+)(?:\[|\.data|\.(?:view|t|unsqueeze|unbind|narrow|expand|detach)\()")
NINE_IN_TEN = (True,) * 9 + (False,)


class Source(Protocol):
    """Random choices; Hypothesis' shrink towards the first of a list and towards small numbers."""

    def pick(self, values: Sequence[T], /) -> T:
        """One of the values."""

    def number(self) -> float:
        """A number of two digits between -3 and 3, never 0."""


class RandomSource:
    """Choices of a seeded generator, where nothing has to shrink."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - programs, not secrets

    def pick(self, values: Sequence[T], /) -> T:
        return self._random.choice(values)

    def number(self) -> float:
        return self._random.choice((-1, 1)) * self._random.randint(1, 30) / 10


@dataclass(slots=True)
class Writer:
    """A program that is being written: its lines, and the shape of each variable."""

    source: Source
    lines: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    tracked: set[str] = field(default_factory=set)  # variables that probably require grad
    leaves: set[str] = field(default_factory=set)  # those of them that no operation made
    expanded: set[str] = field(default_factory=set)  # variables whose elements may share memory
    memory: dict[str, str] = field(default_factory=dict)  # views, and of which variable

    def define(self, text: str, shape: tuple[int, ...]) -> str:
        """Add a line that makes a new variable of ``shape``, and return its name."""
        name = f"v{len(self.shapes)}"
        self.shapes[name] = shape
        self.add(f"{name} = {text}")
        if view := _VIEW.match(text):
            self.memory[name] = self.memory.get(view[1], view[1])
        if ".expand(" in text or any(f"{n}." in text or f"{n}[" in text for n in self.expanded):
            self.expanded.add(name)
        if "requires_grad=True" in text:
            self.leaves.add(name)
        cut = ".detach()" in text or ".data" in text or self.lines[-1].startswith("with")
        if "requires_grad=True" in text or (
            not cut and any(n in self.tracked for n in re.findall(r"\bv\d+", text))
        ):
            self.tracked.add(name)
        return name

    def often(self) -> bool:
        """True nine times in ten."""
        return self.source.pick(NINE_IN_TEN)

    def either(self) -> bool:
        """True every other time."""
        return self.source.pick(EITHER)

    def root(self) -> str | None:
        """A variable to start backward from: nine times in ten one that probably requires grad."""
        names = [n for n in self.shapes if n in self.tracked][::-1]
        return self.source.pick((*names, *names[:2])) if names and self.often() else self.any()

    def add(self, text: str) -> None:
        """Add a line, now and then inside no_grad."""
        quiet = not self.often() and "backward" not in text
        self.lines.append(f"with torch.no_grad(): {text}" if quiet else text)

    def any(self, like: Callable[[tuple[int, ...]], bool] = lambda _shape: True) -> str | None:
        """A variable whose shape is as wanted; None if there is none. Late variables are likelier."""
        names = [n for n, s in self.shapes.items() if like(s)]
        return self.source.pick((*names[::-1], *names[-3:])) if names else None

    def writable(self) -> str | None:
        """A variable to write to: nine times in ten none that is a leaf and requires grad."""
        names = [n for n in self.shapes if n not in self.leaves][::-1]
        return self.source.pick(names) if names and self.often() else self.any()

    def are_of_one_memory(self, x: str, y: str) -> bool:
        """Whether one of two variables is a view of the other, or both are of a third."""
        return self.memory.get(x, x) == self.memory.get(y, y)

    def literal(self, shape: tuple[int, ...]) -> str:
        """Numbers of a shape as a tensor; cotangents and values are never uniform."""
        values = np.array(
            [self.source.number() for _ in range(int(np.prod(shape, dtype=int)))]
        ).reshape(shape)
        return f"torch.tensor({values.tolist()}, dtype=torch.float64)"
