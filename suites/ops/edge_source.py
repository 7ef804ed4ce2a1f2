"""Inputs of our own: samples of op_db overwritten with what breaks operators - zeros, ties, tails, single gradients."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.conventions import is_edge_defined
from suites.ops.opinfo_source import Sample

Array = NDArray[Any]


def _every_second(array: Array) -> Array:
    """True at every second element, counted along the flattened array."""
    return (np.arange(array.size) % 2 == 0).reshape(array.shape)


def _zeros(array: Array) -> Array:
    return np.where(_every_second(array), np.zeros((), array.dtype), array)


def _ties(array: Array) -> Array:
    """Pairs of neighbours that are equal."""
    flat = array.ravel().copy()
    flat[1::2] = flat[: 2 * (flat.size // 2) : 2]
    return flat.reshape(array.shape)


def _scaled(factor: float) -> Callable[[Array], Array]:
    return lambda array: np.asarray(array * factor)


def _wholes(array: Array) -> Array:
    """Whole numbers, where rounding operators and many thresholds have their kinks."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.round(array.real).astype(array.dtype))


# What is done to every floating input that is differentiated.
MUTATIONS: Mapping[str, Callable[[Array], Array]] = {
    "zeros": _zeros,
    "ties": _ties,
    "wholes": _wholes,
    "large": _scaled(1e3),
    "small": _scaled(1e-3),
}


def edges(samples: Sequence[Sample]) -> list[Sample]:
    """Each mutation of each sample, and each sample with a gradient for one of its inputs alone."""
    return [edge for sample in samples for edge in _edges(sample)]


def _edges(sample: Sample) -> Iterator[Sample]:
    for name, mutate in MUTATIONS.items():
        case = mutated(sample.case, mutate)
        if case is not None and is_edge_defined(case.op, name):
            yield Sample(f"{name} of {sample.name}", case)
    by = sample.case.differentiable
    for i in by if len(by) > 1 else ():
        yield Sample(f"by {i} alone of {sample.name}", replace(sample.case, differentiable=(i,)))


def mutated(case: Case, mutate: Callable[[Array], Array]) -> Case | None:
    """The case with its differentiable inputs overwritten; None where that changes nothing."""
    by = set(case.differentiable)
    args, kwargs = case.rebuilt(lambda i, array: mutate(array) if i in by else array)
    changed = replace(case, args=args, kwargs=kwargs)
    pairs = zip(case.arrays(), changed.arrays(), strict=True)
    return None if all(np.array_equal(a, b, equal_nan=True) for a, b in pairs) else changed
