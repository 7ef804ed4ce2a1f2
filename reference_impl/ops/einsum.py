"""einsum: sums of products written with letters."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.ops.lang import op
from reference_impl.ops.rule import define_function
from reference_impl.tensor import Tensor

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _parse(equation: str, operands: list[Tensor]) -> tuple[list[list[Any]], list[Any]]:
    """The labels of each operand and of the result; numbers stand for the axes of an ellipsis."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(
            f"einsum(): {'fewer' if len(terms) > len(operands) else 'more'} operands were provided "
            "than specified in the equation"
        )
    widths = [
        x.ndim - len(t.replace("...", ""))
        for t, x in zip(terms, operands, strict=True)
        if "..." in t
    ]
    wide = max(widths, default=0)
    inputs = [_labels(t, x.ndim, wide) for t, x in zip(terms, operands, strict=True)]
    if arrow:
        known = {n for term in inputs for n in term}
        missing = next((n for n in right.replace("...", "") if n not in known), None)
        if missing is not None:
            raise RuntimeError(
                f"einsum(): output subscript {missing} does not appear in the equation for any input operand"
            )
        return inputs, _labels(
            right, len(right.replace("...", "")) + (wide if "..." in right else 0), wide
        )
    counts: dict[Any, int] = {}
    for label in (n for term in inputs for n in term):
        counts[label] = counts.get(label, 0) + 1
    return inputs, [
        *range(wide),
        *sorted(n for n, c in counts.items() if c == 1 and isinstance(n, str)),
    ]


def _labels(term: str, ndim: int, wide: int) -> list[Any]:
    """One label per axis."""
    before, dots, after = term.partition("...")
    here = ndim - len(before) - len(after)
    if here < 0 or (not dots and here):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(before) + len(after)}) does "
            "not match the number of "
            f"dimensions ({ndim}) for an operand and no ellipsis was given"
        )
    return [*before, *range(wide - here, wide), *after]


def _with_diagonals(x: Tensor, labels: list[Any]) -> tuple[Tensor, list[Any]]:
    """A label that stands twice means a diagonal."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            if x.shape[i] != x.shape[j]:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand 0 but the sizes don't match, "
                    f"{x.shape[j]} != {x.shape[i]}"
                )
            x = op("diagonal", x, 0, i, j)
            labels = [n for k, n in enumerate(labels) if k not in (i, j)] + [label]
    return x, labels


def _arranged(x: Tensor, labels: list[Any], wanted: list[Any]) -> Tensor:
    """Axes in the order ``wanted``, with axes of one where ``x`` has none."""
    order = tuple(labels.index(n) for n in wanted if n in labels)
    if order != tuple(range(x.ndim)):
        x = op("permute", x, order)
    for i, n in enumerate(wanted):
        if n not in labels:
            x = op("unsqueeze", x, i)
    return x


def _summed(x: Tensor, labels: list[Any], keep: set[Any]) -> tuple[Tensor, list[Any]]:
    gone = [i for i, n in enumerate(labels) if n not in keep]
    return (op("sum", x, gone), [n for n in labels if n in keep]) if gone else (x, labels)


def _pair(
    x: Tensor, xl: list[Any], y: Tensor, yl: list[Any], keep: set[Any]
) -> tuple[Tensor, list[Any]]:
    """Two operands made one by a batched matrix product over the labels that are no longer needed."""
    x, xl = _summed(x, xl, keep | set(yl))
    y, yl = _summed(y, yl, keep | set(xl))
    x, y = _stretched(x, xl, y, yl)
    batch = [n for n in xl if n in yl and n in keep]
    inner = [n for n in xl if n in yl and n not in keep]
    rows = [n for n in xl if n not in yl]
    columns = [n for n in yl if n not in xl]
    if not inner:
        labels = [*batch, *rows, *columns]
        return _arranged(x, xl, labels) * _arranged(y, yl, labels), labels
    sizes = dict(zip(xl, x.shape, strict=True)) | dict(zip(yl, y.shape, strict=True))

    def fold(groups: list[list[Any]]) -> tuple[int, ...]:
        return tuple(math.prod(sizes[n] for n in group) for group in groups)

    a = op(
        "reshape",
        op("permute", x, tuple(xl.index(n) for n in [*batch, *rows, *inner])),
        fold([batch, rows, inner]),
    )
    b = op(
        "reshape",
        op("permute", y, tuple(yl.index(n) for n in [*batch, *inner, *columns])),
        fold([batch, inner, columns]),
    )
    made = op("bmm", a, b)
    labels = [*batch, *rows, *columns]
    return op("view", made, tuple(sizes[n] for n in labels)), labels


def _stretched(x: Tensor, xl: list[Any], y: Tensor, yl: list[Any]) -> tuple[Tensor, Tensor]:
    """Axes of one broadcast against the other operand's."""
    big = {n: max(x.shape[xl.index(n)], y.shape[yl.index(n)]) for n in xl if n in yl}
    for n in big:
        a, b = x.shape[xl.index(n)], y.shape[yl.index(n)]
        if a != b and 1 not in (a, b):
            raise RuntimeError(
                f"einsum(): subscript {n} has size {b} for operand 1 which does not broadcast with "
                f"previously seen size {a}"
            )
        big[n] = b if a == 1 else a
    x = op("expand", x, tuple(big.get(n, s) for n, s in zip(xl, x.shape, strict=True)))
    return x, op("expand", y, tuple(big.get(n, s) for n, s in zip(yl, y.shape, strict=True)))


def einsum(equation: Any, *operands: Any) -> Any:
    """Sum of products, as the equation's letters tell; operands are joined from left to right."""
    if isinstance(equation, Tensor):
        return _from_lists(equation, *operands)
    if not isinstance(equation, str):  # op_db's samples have the operands first
        return einsum(operands[0], *equation)
    parts = (
        list(operands[0])
        if len(operands) == 1 and not isinstance(operands[0], Tensor)
        else list(operands)
    )
    inputs, output = _parse(equation, parts)
    parts, inputs = map(
        list, zip(*[_with_diagonals(x, n) for x, n in zip(parts, inputs, strict=True)], strict=True)
    )
    x, labels = parts[0], inputs[0]
    for i in range(1, len(parts)):
        later = {n for term in inputs[i + 1 :] for n in term} | set(output)
        x, labels = _pair(x, labels, parts[i], inputs[i], later)
    x, labels = _summed(x, labels, set(output))
    return _arranged(x, labels, output)


def _from_lists(*args: Any) -> Any:
    """The form einsum(x, [0, 1], y, [1, 2], [0, 2])."""
    operands, lists = list(args[0 : len(args) // 2 * 2 : 2]), list(args[1 : len(args) // 2 * 2 : 2])
    text = ",".join(_letters(n) for n in lists)
    if len(args) % 2:
        text += "->" + _letters(args[-1])
    return einsum(text, *operands)


def _letters(labels: Any) -> str:
    return "".join("..." if n is Ellipsis else LETTERS[int(n)] for n in labels)


define_function("einsum", einsum, method=False)
