"""Where programs come from: random choices, steered so that documented errors are reached and not only sums."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from suites.harness.program import Program, Step

T = TypeVar("T")
EITHER = (True, False)
NINE_IN_TEN = (True,) * 9 + (False,)
SHAPES = ((), (3,), (2, 3), (2, 1), (1,))


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

    def define(self, text: str, shape: tuple[int, ...]) -> str:
        """Add a line that makes a new variable of ``shape``, and return its name."""
        name = f"v{len(self.shapes)}"
        self.shapes[name] = shape
        self.add(f"{name} = {text}")
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

    def literal(self, shape: tuple[int, ...]) -> str:
        """Numbers of a shape as a tensor; cotangents and values are never uniform."""
        values = np.array(
            [self.source.number() for _ in range(int(np.prod(shape, dtype=int)))]
        ).reshape(shape)
        return f"torch.tensor({values.tolist()}, dtype=torch.float64)"


def write_program(source: Source, *, most_steps: int = 14) -> Program:
    """A program of at most about ``most_steps`` lines that ends in a backward pass."""
    w = Writer(source)
    for _ in range(source.pick((1, 2, 2, 3))):
        _leaf(w)
    while len(w.lines) < most_steps - 2:
        source.pick(STEPS)(w)
        if source.pick((False,) * 8 + (True,)):
            source.pick(MOTIFS)(w)
        if source.pick((False, False, False, True)) and len(w.lines) > 4:  # noqa: PLR2004 - not before there is a graph
            break
    _backward(w)
    if source.pick((False, False, True)):
        _backward(w)
    return Program(tuple(Step.parse(line) for line in w.lines))


# -- single steps ------------------------------------------------------------------------


def _leaf(w: Writer) -> None:
    shape = w.source.pick(SHAPES)
    flag = w.source.pick((", requires_grad=True", ", requires_grad=True", ""))
    w.define(w.literal(shape)[:-1] + f"{flag})", shape)


def _unary(w: Writer) -> None:
    x = w.any()
    fn = w.source.pick(
        (
            "sin()",
            "exp()",
            "tanh()",
            "sigmoid()",
            "clone()",
            "neg()",
            "square()",
            "abs()",
            "relu()",
            "cos()",
        )
    )
    if x is not None:
        w.define(f"{x}.{fn}", w.shapes[x])


def _with_number(w: Writer) -> None:
    x = w.any()
    number = w.source.number()
    text = w.source.pick(
        (
            f"{x} * {number}",
            f"{x} + {number}",
            f"{number} - {x}",
            f"{x} / {number}",
            f"{x} ** 2",
            f"{x} ** 3",
        )
    )
    if x is not None:
        w.define(text, w.shapes[x])


def _binary(w: Writer) -> None:
    x = w.any()
    y = w.any()
    if x is None or y is None:
        return
    try:
        shape = np.broadcast_shapes(w.shapes[x], w.shapes[y])
    except ValueError:
        return
    w.define(f"{x} {w.source.pick(('+', '*', '-', '*'))} {y}", tuple(shape))


def _reduce(w: Writer) -> None:
    x = w.any()
    if x is None:
        return
    shape = w.shapes[x]
    if shape and w.either():
        w.define(f"{x}.{w.source.pick(('sum', 'mean'))}(0)", shape[1:])
    else:
        w.define(f"{x}.{w.source.pick(('sum', 'mean', 'prod', 'max'))}()", ())


def _view(w: Writer) -> None:
    x = w.any(lambda s: len(s) > 0)
    if x is None:
        return
    shape = w.shapes[x]
    choices: list[tuple[str, tuple[int, ...]]] = [
        (f"{x}[0]", shape[1:]),
        (f"{x}[{min(1, shape[0] - 1)}:]", (shape[0] - min(1, shape[0] - 1), *shape[1:])),
        (f"{x}.view(-1)", (int(np.prod(shape)),)),
        (f"{x}.unsqueeze(0)", (1, *shape)),
        (f"{x}.unbind()[0]", shape[1:]),
        (f"{x}.narrow(0, 0, 1)", (1, *shape[1:])),
    ]
    if len(shape) == 2:  # noqa: PLR2004 - a matrix
        choices.append((f"{x}.t()", shape[::-1]))
    if shape[0] == 1:
        choices.append((f"{x}.expand({', '.join(map(str, (2, *shape[1:])))})", (2, *shape[1:])))
    text, made = w.source.pick(choices)
    w.define(text, made)


def _cut(w: Writer) -> None:
    x = w.any()
    if x is not None:
        w.define(w.source.pick((f"{x}.detach()", f"{x}.data", f"{x}.detach()")), w.shapes[x])


def _write(w: Writer) -> None:
    x = w.writable()
    if x is None:
        return
    y = w.any(lambda s: s in (w.shapes[x], ()))
    number = w.source.number()
    if x in w.expanded:
        # torch accepts zero_() and fill_() there, and cannot run backward through them: see docs/findings.md.
        w.add(f"{x}.mul_({number})")
        return
    texts = [
        f"{x}.mul_({number})",
        f"{x}.add_({number})",
        f"{x}.zero_()",
        f"{x}.exp_()",
        f"{x}.sin_()",
        f"{x}.fill_({number})",
    ]
    texts += [f"{x}.neg_()", f"{x}.tanh_()", f"{x}.relu_()"]
    if y is not None:
        texts += [f"{x}.mul_({y})", f"{x}.add_({y})", f"{x}.copy_({y})", f"{x}.sub_({y})"]
    if w.shapes[x]:
        part = w.any(lambda s: s == w.shapes[x][1:])
        texts += [f"{x}[0] = {number}"] + ([f"{x}[0] = {part}"] if part else [])
    w.add(w.source.pick(texts))


def _flag(w: Writer) -> None:
    x = w.root()
    if x is not None:
        w.add(
            w.source.pick(
                (
                    f"{x}.requires_grad_()",
                    f"{x}.retain_grad()",
                    f"{x}.detach_()",
                    f"{x}.requires_grad_(False)",
                )
            )
        )


def _hook(w: Writer) -> None:
    x = w.root()
    if x is not None:
        w.add(f"{x}.register_hook(lambda ct: ct * {w.source.number()})")


def _backward(w: Writer) -> None:
    x = w.root()
    if x is None:
        return
    keep = w.source.pick(("", ", retain_graph=True", ", retain_graph=True"))
    if w.shapes[x] == () and w.either():
        w.add(f"{x}.backward({keep[2:]})")
    else:
        w.add(f"{x}.backward({w.literal(w.shapes[x])}{keep})")


def _gradient(w: Writer) -> None:
    y, x = w.root(), w.root()
    if x is None or y is None:
        return
    graph = w.source.pick((", create_graph=True", ", create_graph=True", ", retain_graph=True", ""))
    w.define(f"torch.autograd.grad({y}, {x}, {w.literal(w.shapes[y])}{graph})[0]", w.shapes[x])


STEPS: tuple[Callable[[Writer], Any], ...] = (
    _unary, _unary, _with_number, _with_number, _binary, _binary, _binary, _reduce, _view, _view, _cut, _write, _write,
    _write, _flag, _hook, _backward, _gradient, _leaf,
)  # fmt: skip

# -- motifs: a few steps that lead to a documented error, or to its nearest limit -----------


def _saved_then_written(w: Writer) -> None:
    x = w.root()
    if x is None:
        return
    y = w.define(
        f"{x}.{w.source.pick(('exp()', 'tanh()', 'sigmoid()', 'sin()', 'clone()'))}", w.shapes[x]
    )
    z = w.define(f"{y} {w.source.pick(('* 2.0', '+ 1.0'))}", w.shapes[x])
    w.add(
        f"{w.source.pick((y, f'{y}.detach()', f'{y}.data'))}.{w.source.pick(('add_(1.0)', 'zero_()'))}"
    )
    w.add(f"{z}.backward({w.literal(w.shapes[x])})")


def _twice(w: Writer) -> None:
    x = w.root()
    if x is None:
        return
    y = w.define(f"{x} {w.source.pick(('* 2.0', '* ' + x, '+ 1.0'))}", w.shapes[x])
    for _ in range(2):
        w.add(
            f"{y}.backward({w.literal(w.shapes[x])}{w.source.pick(('', '', ', retain_graph=True'))})"
        )


def _implicit(w: Writer) -> None:
    x = w.any(lambda s: s not in ((), (1,), (1, 1))) or w.any()
    if x is not None:
        w.add(f"{x}.backward()")


def _wrong_cotangent(w: Writer) -> None:
    x = w.root()
    if x is not None:
        w.add(f"{x}.backward({w.literal(w.source.pick(SHAPES))})")


def _leaf_write(w: Writer) -> None:
    shape = w.source.pick(SHAPES[1:])
    x = w.define(w.literal(shape)[:-1] + ", requires_grad=True)", shape)
    target = w.source.pick((x, f"{x}[0]", f"{x}.detach()", f"{x}.data", f"{x}.view(-1)"))
    w.add(f"{target}.{w.source.pick(('mul_(2.0)', 'add_(1.0)', 'zero_()'))}")


def _forbidden_view(w: Writer) -> None:
    x = w.any(lambda s: len(s) > 0)
    if x is None:
        return
    y = w.define(f"{x} * 2.0", w.shapes[x])
    shape = w.shapes[x]
    if w.either():
        part = w.define(f"{y}.unbind()[0]", shape[1:])
    else:
        part = f"v{len(w.shapes)}"
        w.shapes[part] = shape[1:]
        w.lines.append(f"with torch.no_grad(): {part} = {y}[0]")
    w.add(f"{part}.mul_(2.0)")


def _overlapping(w: Writer) -> None:
    x = w.any(lambda s: s[:1] == (1,))
    if x is not None:
        y = w.define(
            f"{x}.expand({', '.join(map(str, (2, *w.shapes[x][1:])))})", (2, *w.shapes[x][1:])
        )
        w.add(f"{y}.add_(1.0)")


def _clear_flag(w: Writer) -> None:
    x = w.root()
    if x is not None:
        y = w.define(f"{x} * 3.0", w.shapes[x])
        w.add(f"{y}.requires_grad_(False)")


def _unused(w: Writer) -> None:
    x = w.define("torch.tensor(1.5, dtype=torch.float64, requires_grad=True)", ())
    y = w.any()
    if y is not None and y != x:
        w.define(f"torch.autograd.grad({y}, {x}, {w.literal(w.shapes[y])})[0]", ())


def _view_then_base_write(w: Writer) -> None:
    x = w.any(lambda s: len(s) > 0)
    if x is None:
        return
    base = w.define(f"{x} * 2.0", w.shapes[x])
    part = w.define(f"{base}[0]", w.shapes[x][1:])
    w.add(f"{w.source.pick((base, part))}.{w.source.pick(('mul_(3.0)', 'sin_()', 'add_(1.0)'))}")
    w.add(f"{part if w.either() else base}.sum().backward()")


def _detach_view(w: Writer) -> None:
    x = w.any(lambda s: len(s) > 0)
    if x is not None:
        w.add(f"{x}[0].detach_()")


MOTIFS: tuple[Callable[[Writer], Any], ...] = (
    _saved_then_written, _saved_then_written, _twice, _twice, _implicit, _wrong_cotangent, _leaf_write, _forbidden_view,
    _overlapping, _clear_flag, _unused, _view_then_base_write, _view_then_base_write, _detach_view,
)  # fmt: skip
