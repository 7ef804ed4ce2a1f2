"""What NumPy refuses, said as torch says it: by Python type, and where shapes do not match, by wording."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np

from reference_impl.tensor import Tensor

# How NumPy says that shapes do not fit each other. What an op itself refuses has other words and passes as it is.
_SHAPES = re.compile(
    r"could not be broadcast|shape mismatch|could not broadcast|cannot be broadcast|non-broadcastable"
)
_OTHERS = re.compile(
    r"cannot reshape array|negative dimensions|zip\(\) argument|not enough values to unpack|must match exactly"
    r"|must have the same number of dimensions|axes don't match|Axes must be different|len\(axes\)"
    r"|can't contain negative|inhomogeneous|mismatch in its core dimension|must have the same shape|need at least one"
    r"|list index out of range"
)


# What comes out of NumPy or Python where an argument is not what an op takes.
FOREIGN = (
    AttributeError, TypeError, ValueError, IndexError, KeyError, ZeroDivisionError, AssertionError,
    OverflowError,
    np.linalg.LinAlgError,
)  # fmt: skip
_NO_ATTRIBUTE = re.compile(
    r"^'([\w.]+)' object has no attribute|^'([\w.]+)' object is not (?:iterable|subscriptable)"
)
_OF_STRINGS = re.compile(
    r"invalid literal for int|could not convert string|malformed string|Invalid integer data type|string|'U'|<U"
    r"|dtype\('<?U|assignment destination is read-only"
)
_NO_LOOP = re.compile(
    r"ufunc|numpy boolean|not supported for the input types|[Cc]annot cast|Invalid integer data"
)

# What torch computes of two numbers, too.
_OF_NUMBERS = frozenset(
    {"add.plain", "sub.plain", "add.scaled", "sub.scaled", "mul", "true_divide"}
)


# Ops with inputs that may be left out.
_OPTIONAL = frozenset({"clamp.tensors", "binary_cross_entropy", "binary_cross_entropy_with_logits"})


def _same_if_none(x: Any) -> Any:
    """None for None, 0 for all else: tensors compare by element."""
    return None if x is None else 0


def check_tensors(rule: Any, inputs: list[Any]) -> None:
    """Refuse a number where the op takes tensors alone, and a call without any tensor.

    Raises:
        TypeError: with the argument's name, place and type.
    """
    numbers = [i for i, x in enumerate(inputs) if not isinstance(x, Tensor) and x is not None]
    wrong = any(type(inputs[i]) is str for i in numbers)
    if wrong or (
        len(inputs) - len(numbers)
        and None in map(_same_if_none, inputs)
        and rule.name not in _OPTIONAL
    ):
        got = ", ".join(type(x).__name__ for x in inputs)
        raise TypeError(f"{rule.name}() received an invalid combination of arguments - got ({got})")
    if rule.tensors_only and numbers:
        at = numbers[0]
        name = "input" if rule.inputs[at] == "self" else rule.inputs[at]
        found = type(inputs[at]).__name__
        raise TypeError(
            f"{rule.name}(): argument '{name}' (position {at + 1}) must be Tensor, not {found}"
        )
    if inputs and len(numbers) == len(inputs) and rule.name not in _OF_NUMBERS:
        got = ", ".join(type(x).__name__ for x in inputs)
        raise TypeError(f"{rule.name}() received an invalid combination of arguments - got ({got})")


def refused(name: str, inputs: list[Any], error: Exception) -> Exception:
    """The error that a user sees for ``error``, which came out of an op's forward on these inputs."""
    text = str(error)
    if isinstance(error, np.exceptions.AxisError):
        return IndexError(_axis(error))
    if _SHAPES.search(text):
        return RuntimeError(_mismatch([_shape(x) for x in inputs]) or f"{name}: {text}")
    if _OTHERS.search(text):
        return RuntimeError(f"{name}: {text}")
    return error


def explained(name: str, given: Any, error: Exception) -> Exception:
    """The error that a user sees for one that came out of an op called with ``given``; it itself if it is ours."""
    text, leaves = str(error), _leaves(given)
    if _is_about_kind(error, text, [x for x in leaves if not isinstance(x, Tensor)]):
        found = ", ".join(type(x).__name__ for x in leaves)
        return TypeError(f"{name}() received an invalid combination of arguments - got ({found})")
    if type(error) in _ALIKE:
        return _ALIKE[type(error)](f"{name}: {text}")
    if _NO_LOOP.search(text) and isinstance(error, TypeError | ValueError):
        return _without_loop(name, text)
    return refused(name, [x for x in leaves if isinstance(x, Tensor)], error)


def _without_loop(name: str, text: str) -> Exception:
    if "numpy boolean" in text:
        what = "Negation" if "negative" in text else "Subtraction"
        return RuntimeError(f"{what}, the `-` operator, on a bool tensor is not supported.")
    return NotImplementedError(f'"{name}" not implemented for this dtype: {text}')


# What Python and NumPy raise where torch has another type.
_ALIKE: dict[type, type[Exception]] = {
    np.linalg.LinAlgError: RuntimeError,
    ZeroDivisionError: RuntimeError,
    OverflowError: RuntimeError,
}


def _is_about_kind(error: Exception, text: str, others: list[Any]) -> bool:
    """Whether an error is about an argument of the wrong kind, told by its words."""
    found = _NO_ATTRIBUTE.match(text)
    if found is not None:
        return (found.group(1) or found.group(2)) in {type(x).__name__ for x in others}
    strings = any(isinstance(x, str) for x in others)
    return strings and not isinstance(error, AttributeError) and bool(_OF_STRINGS.search(text))


def _leaves(given: Any) -> list[Any]:
    if isinstance(given, dict):
        given = tuple(given.values())
    if not isinstance(given, tuple | list):
        return [given]
    return [leaf for x in given for leaf in _leaves(x)]


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(np.shape(getattr(x, "_data", x)))


def _axis(error: np.exceptions.AxisError) -> str:
    span = max(error.ndim or 0, 1)
    return f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {error.axis})"


def _mismatch(shapes: list[tuple[int, ...]]) -> str | None:
    """Names the first dimension, from the last on, along which two shapes cannot be broadcast."""
    for a, b in pairwise(shapes):
        ndim = max(len(a), len(b))
        for back in range(1, min(len(a), len(b)) + 1):
            if a[-back] != b[-back] and 1 not in {a[-back], b[-back]}:
                return (
                    f"The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) at "
                    f"non-singleton dimension {ndim - back}"
                )
    return None
