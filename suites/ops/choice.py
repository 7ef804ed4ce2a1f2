"""Which samples a tier takes: few that show between them every option, kind of argument and rank that all show."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from suites.ops.opinfo_source import Sample

Feature = tuple[str, Any]
_SINGLE = (
    1000  # a feature that no chosen sample has counts more than any number of pairs that none has
)
_MANY = 24  # rows, from where on kernels may take another way
_COUNTED = 3  # whole numbers up to this are told apart


def ranked(samples: Sequence[Sample], most: int) -> tuple[tuple[Sample, ...], int]:
    """The samples, those first that show what the ones before them lack, and how many show between them all there is.

    Args:
        samples: the first of which that holds a number comes first.
        most: how many are kept.
    """
    if len(samples) <= 1:
        return tuple(samples), len(samples)
    has, worth = _table(samples)
    order, enough = [next((i for i, s in enumerate(samples) if not is_empty(s)), 0)], 1
    worth[has[order[0]]] = 0
    while len(order) < min(most, len(samples)):
        gains = has @ worth
        gains[order] = -1
        best = int(np.argmax(gains))
        order.append(best)
        enough = len(order) if gains[best] >= _SINGLE else enough
        worth[has[best]] = 0
    return tuple(samples[i] for i in order), enough


def _table(samples: Sequence[Sample]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Which sample has which feature, and what each is worth."""
    found = [dict.fromkeys(_features(sample)) for sample in samples]
    numbers: dict[Any, int] = {}
    for features in found:
        for feature in features:
            numbers.setdefault(feature, len(numbers))
    has = np.zeros((len(found), len(numbers)), bool)
    for i, features in enumerate(found):
        has[i, [numbers[f] for f in features]] = True
    return has, np.array([_SINGLE if isinstance(f[0], str) else 1 for f in numbers], dtype=float)


def is_empty(sample: Sample) -> bool:
    """Whether one of the tensors has no element: most often then there is nothing to differentiate."""
    return any(array.size == 0 for array in sample.case.arrays())


def _features(sample: Sample) -> Iterator[Any]:
    """What the arguments are like, each for itself and in pairs of two arguments; or which of them are empty."""
    case = sample.case
    if is_empty(sample):
        yield "empty", tuple(array.size == 0 for array in case.arrays())
        return
    items = [*((str(i), value) for i, value in enumerate(case.args)), *case.kwargs.items()]
    kinds = dict.fromkeys((key, kind) for key, value in items for kind in _kinds(value))
    yield from kinds
    yield "by", case.differentiable
    yield from _sizes(case.arrays())
    for one, other in combinations(kinds, 2):
        if one[0] != other[0]:
            are_options = _is_option(one) and _is_option(other)
            yield (f"{one[0]} with {other[0]}", one, other) if are_options else (one, other)


def _is_option(feature: Any) -> bool:
    """Whether an argument is given by name, and is a switch or a name of a way: two of these meet in branches."""
    key, kind = feature
    return not key.isdecimal() and kind[0] in {"bool", "str"}


def _sizes(arrays: Sequence[np.ndarray[Any, Any]]) -> Iterator[Feature]:
    """How tensors stand to the first one: as large, fewer dimensions, broadcast."""
    for i, array in enumerate(arrays[1:], 1):
        first = arrays[0]
        yield f"size of {i}", (np.sign(array.ndim - first.ndim), np.sign(array.size - first.size))


def _kinds(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray):
        yield "rank", value.ndim
        yield "kind", value.dtype.kind
        yield "empty", 0 in value.shape
        yield "one", 1 in value.shape
        yield "many", any(size > _MANY for size in value.shape)
    elif isinstance(value, (tuple, list)):
        yield "length", len(value)
        for item in value[:_COUNTED]:
            yield from _kinds(item)
    elif isinstance(value, Mapping):
        yield from _kinds(list(value.values()))
    else:
        yield _sort(value)


def _sort(value: Any) -> Any:
    """A number by its sort: whole numbers up to three by themselves."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return type(value).__name__, str(value)
    if not np.isfinite(value):
        return type(value).__name__, str(value)
    if isinstance(value, int):
        return "int", int(np.clip(value, -_COUNTED, _COUNTED))
    return "float", float(np.sign(value)), value in {0.0, 0.5, 1.0, 1.5, 2.0}, abs(value) < 1
