"""The vocabulary of behaviour tests: raises, warns, assert_values, assert_same."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from suites.harness.clauses import Clause, find_clause
from suites.harness.compare import Difference, compare, worst_error
from suites.harness.known_errors import python_type
from suites.harness.notes import Disagreement, current_notes
from suites.harness.observation import array_of, is_tensor
from suites.harness.tolerances import EXACT, dtype_name, value_tolerance

_SIGNED = "fc"


@dataclass(slots=True)
class Caught:
    """What ``raises`` or ``warns`` caught, once its block is left."""

    error: BaseException | None = None


@contextmanager
def raises(clause_id: str, index: int = 0) -> Iterator[Caught]:
    """Demands the documented error of a clause: its Python type and its message pattern.

    Args:
        clause_id: the clause whose ``exception`` and ``message`` say what must be raised.
        index: which of them, where the clause lists several.

    Raises:
        Disagreement: nothing was raised, or something else.
    """
    wanted = _wanted(clause_id, index)
    caught = Caught()
    try:
        yield caught
    except Exception as error:  # noqa: BLE001 - whatever was raised is compared with what is documented
        caught.error = error
    current_notes().count()
    if caught.error is None:
        raise Disagreement(f"wanted {wanted}, but nothing was raised", kind="missing-error")
    if not wanted.matches(caught.error):
        raise Disagreement(
            f"wanted {wanted}, found {_told(caught.error)}", kind="wrong-error"
        ) from caught.error


@contextmanager
def warns(clause_id: str, index: int = 0) -> Iterator[Caught]:
    """Demands the documented warning of a clause: its category and its message pattern.

    Raises:
        Disagreement: no warning of that kind was given.
    """
    wanted = _wanted(clause_id, index)
    caught = Caught()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield caught
    current_notes().count()
    given = [entry.message for entry in seen if isinstance(entry.message, Warning)]
    caught.error = next((warning for warning in given if wanted.matches(warning)), None)
    if caught.error is None:
        found = "; ".join(_told(warning) for warning in given) or "no warning"
        raise Disagreement(f"wanted {wanted}, found {found}", kind="missing-error")


def assert_values(actual: Any, expected: Any, *, rtol: float | None = None) -> None:
    """Demands that a tensor has these values, within the tolerance of its dtype.

    Args:
        actual: a tensor of either implementation.
        expected: a number, a nested list, a NumPy array or a tensor. The shapes must be equal.
        rtol: wider than the dtype's, where ``expected`` was rounded when it was printed.

    Raises:
        Disagreement: a shape or a value differs; the worst element is named.
    """
    if actual is None:
        raise Disagreement(
            f"wanted a tensor with the values {expected!r}, found None", kind="value"
        )
    got, want = array_of(actual), array_of(expected)
    tolerance = value_tolerance(getattr(actual, "dtype", got.dtype), rtol=rtol)
    current_notes().count(worst_error(want, got, tolerance))
    differences = compare(want, got, tolerance)
    if differences:
        raise Disagreement(
            _worst_told(differences),
            kind=differences[0].kind,
            differences=tuple(differences),
            arrays=(got, want),
        )


def assert_same(actual: Any, expected: Any) -> None:
    """Demands equality to the bit: shape, dtype where ``expected`` is a tensor, and every value.

    Where neither is a tensor, Python's ``==`` decides.
    """
    current_notes().count()
    if not is_tensor(actual) and not is_tensor(expected):
        if (
            not np.array_equal(actual, expected)
            if isinstance(expected, np.ndarray)
            else actual != expected
        ):
            raise Disagreement(f"wanted {expected!r}, found {actual!r}")
        return
    if actual is None or expected is None:
        raise Disagreement(f"wanted {expected!r}, found {actual!r}")
    if is_tensor(expected) and dtype_name(getattr(actual, "dtype", None)) != dtype_name(
        expected.dtype
    ):
        found = getattr(actual, "dtype", type(actual))
        raise Disagreement(f"wanted dtype {expected.dtype}, found {found}", kind="dtype")
    got, want = array_of(actual), array_of(expected)
    differences = compare(want, got, EXACT) or _zero_signs(want, got)
    if differences:
        raise Disagreement(
            _worst_told(differences),
            kind=differences[0].kind,
            differences=tuple(differences),
            arrays=(got, want),
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    clause: Clause
    exception: str
    pattern: str

    def matches(self, error: BaseException) -> bool:
        names = [name.strip() for name in self.exception.split(",")]
        known = {python_type(error).__name__, type(error).__name__}
        return (
            bool(known & set(names)) and re.search(self.pattern, str(error), re.DOTALL) is not None
        )

    def __str__(self) -> str:
        return f"{self.exception} matching {self.pattern!r} ({self.clause.id})"


def _wanted(clause_id: str, index: int) -> _Wanted:
    clause = find_clause(clause_id)
    if index >= len(clause.message):
        raise IndexError(
            f"clause '{clause_id}' documents {len(clause.message)} messages, wanted number {index}"
        )
    return _Wanted(clause, clause.exception[index], clause.message[index])


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:500]}"


def _worst_told(differences: list[Difference]) -> str:
    worst = differences[0]
    if worst.kind == "shape":
        return f"wanted {worst.expected}, found {worst.actual}"
    return (
        f"wanted {worst.expected}, found {worst.actual} for {worst.where}: "
        f"off by {worst.error:.3g}, allowed {worst.bound:.3g}"
    )


def _zero_signs(want: np.ndarray[Any, Any], got: np.ndarray[Any, Any]) -> list[Difference]:
    if want.dtype.kind not in _SIGNED or got.dtype.kind not in _SIGNED:
        return []
    signs = [
        (np.signbit(part(want)) != np.signbit(part(got))) & (part(want) == 0)
        for part in (np.real, np.imag)
    ]
    wrong = np.argwhere(signs[0] | signs[1])
    return [
        Difference(
            f"value at {tuple(map(int, i))}",
            repr(want[tuple(i)].item()),
            repr(got[tuple(i)].item()),
            0.0,
            0.0,
        )
        for i in wrong[:1]
    ]
