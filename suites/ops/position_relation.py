"""A relation of elementwise operators: what an element's place in the tensor is does not matter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Arrays, Case
from suites.harness.observation import array_of
from suites.ops.relations import Asked, Pair, called, gradients

# Kernels handle the last elements, those that fill no vector register, by other code than the rest.
LENGTH = 67
PLACES = (0, 33, LENGTH - 1)
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1e-3, 20.0, -20.0, 1e3, np.inf, -np.inf, np.nan)


def positions(asked: Asked) -> Iterator[Pair]:
    """A number gives the same value and gradient at the front, in the middle and at the end of a long tensor."""
    for number in (*_drawn(asked.case), *SPECIAL):
        at = asked.on(_filled(asked.case, number))
        call = called(at)
        if any(y.is_complex() for y in call.outputs):
            return  # the numbers that are looked at are real
        values = tuple(array_of(y.detach()) for y in call.outputs)
        yield f"values at {number}", _first(values), _others(values)
        found = gradients(call, at)
        yield f"gradients at {number}", _first(found), _others(found)


def _drawn(case: Case) -> list[float]:
    """Two of the sample's own numbers, which lie in the operator's domain."""
    numbers = case.inputs()[0].ravel()[:2] if case.inputs() else []
    return [float(np.real(x)) for x in numbers]


def _filled(case: Case, number: float) -> Case:
    """The case on long vectors: one number where it is looked at, others between, and the same cotangents there."""
    args, kwargs = case.rebuilt(lambda i, array: _vector(array, number, i))
    ct = np.ones(LENGTH)
    ct[list(PLACES)] = 0.75
    kwargs.pop("memory_format", None)  # a vector has only one
    return replace(case, args=args, kwargs=kwargs, cotangents=(ct,))


def _vector(array: NDArray[Any], number: float, place: int) -> NDArray[Any]:
    """A vector in place of a tensor; the second operand has other numbers, so that not everything is a tie."""
    with np.errstate(all="ignore"):
        made = np.linspace(0.25, 0.75, LENGTH).astype(array.dtype)
        made[list(PLACES)] = np.asarray(number if place == 0 else 0.5).astype(array.dtype)
    return made


def _first(arrays: Arrays) -> Arrays:
    return tuple(None if a is None else np.repeat(a[PLACES[0]], len(PLACES)) for a in arrays)


def _others(arrays: Arrays) -> Arrays:
    return tuple(None if a is None else a[list(PLACES)] for a in arrays)
