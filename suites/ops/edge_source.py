"""Inputs of our own: samples of op_db changed into what breaks operators - zeros, ties, tails, wide rows, dims."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case
from suites.ops.choice import is_empty
from suites.ops.conventions import is_edge_defined
from suites.ops.dims import turned
from suites.ops.opinfo_source import Sample, elementwise
from suites.ops.sizes import widened

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
    "tails": _scaled(10),
    "large": _scaled(1e3),
    "small": _scaled(1e-3),
}


Pick = Callable[[Sequence[Sample], int], list[Sample]]


def edges(samples: Sequence[Sample], most: int, pick: Pick) -> list[Sample]:
    """Changes of at most ``most`` samples for each sort of change: those with several elements, if there are any."""
    if not most:
        return []
    samples = [s for s in samples if not is_empty(s)] or samples
    several = [s for s in samples if all(x.size > 1 for x in s.case.inputs())]
    chosen = pick(several or samples, most)
    found = [edge for sample in chosen for edge in _overwritten(sample)]
    for name, change in CHANGES.items():
        changed = [
            Sample(f"{name} of {sample.name}", case)
            for sample in samples
            if is_edge_defined(sample.case.op, name) and (case := change(sample.case)) is not None
        ]
        found += pick(changed, max(most, _AT_LEAST.get(name, 0)))
    return found


def spread(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many of the samples, evenly from first to last."""
    places = np.linspace(0, len(samples) - 1, max(min(len(samples), most), 0))
    return [samples[int(i)] for i in places]


def _overwritten(sample: Sample) -> Iterator[Sample]:
    """Each mutation of all differentiated inputs, zeros in each of them alone, and each with a gradient of its own."""
    for name, mutate in MUTATIONS.items():
        case = mutated(sample.case, mutate, sample.case.differentiable)
        if case is not None and is_edge_defined(case.op, name):
            yield Sample(f"{name} of {sample.name}", case)
    by = sample.case.differentiable
    for i in by if len(by) > 1 else ():
        yield Sample(f"by {i} alone of {sample.name}", replace(sample.case, differentiable=(i,)))
        case = mutated(sample.case, _zeros, (i,))
        if case is not None and is_edge_defined(case.op, "zeros"):
            yield Sample(f"zeros in {i} of {sample.name}", case)


def _marked(case: Case) -> Case | None:
    """The numbers at which elementwise operators have kinks: small whole ones, and those among their options."""
    return _cycled(case, (*_MARKS, *_numbers_in((case.args, dict(case.kwargs)))))


def _not_finite(case: Case) -> Case | None:
    """Infinities among other numbers; none beside complex ones.

    A complex infinity has no direction, and what is added to it or multiplied by it is NaN in one part, in both or in
    none, by the order of the formula; source: C99, annex G.5.1.
    """
    if any(x.dtype.kind == "c" for x in case.arrays()):
        return None
    return _cycled(case, _NOT_FINITE)


_MARKS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0)
_NOT_FINITE = (np.inf, 0.5, -np.inf, -1.5)


def _cycled(case: Case, numbers: Sequence[float]) -> Case | None:
    """Every tensor that is differentiated filled with the numbers over and over, from another one on in each."""
    if case.op not in elementwise() or case.differentiable == ():
        return None
    by = case.differentiable
    args, kwargs = case.rebuilt(
        lambda i, x: np.resize(np.roll(np.asarray(numbers, x.dtype), i), x.shape) if i in by else x
    )
    return replace(case, args=args, kwargs=kwargs)


def _numbers_in(value: Any) -> Iterator[float]:
    """The numbers among the arguments, and their negatives."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _numbers_in(item)
    elif isinstance(value, Mapping):
        yield from _numbers_in(tuple(value.values()))
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value):
        yield from (value, -value)


# Whole calls in another form, and of how many samples at least.
CHANGES: Mapping[str, Callable[[Case], Case | None]] = {
    "wide": widened, "turned": turned, "marks": _marked, "infinities": _not_finite,
}  # fmt: skip
_AT_LEAST = {"marks": 6, "infinities": 1}


def mutated(case: Case, mutate: Callable[[Array], Array], places: Sequence[int]) -> Case | None:
    """The case with some of its tensors overwritten; None where that changes nothing."""
    args, kwargs = case.rebuilt(lambda i, array: mutate(array) if i in places else array)
    changed = replace(case, args=args, kwargs=kwargs)
    pairs = zip(case.arrays(), changed.arrays(), strict=True)
    return None if all(np.array_equal(a, b, equal_nan=True) for a, b in pairs) else changed
