"""Where programs come from: random choices, steered so that documented errors are reached and not only sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from suites.harness.program import Program, Step
from suites.harness.program_writer import Source, Writer

SHAPES = ((), (3,), (2, 3), (2, 1), (1,))


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
    if y in w.expanded and w.are_of_one_memory(x, y):
        # torch does not refuse an operand that repeats what is written; what it reads there hangs on the order.
        y = None
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
        if part in w.expanded and w.are_of_one_memory(x, part):
            part = None
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
