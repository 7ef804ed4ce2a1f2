"""What a wrong gradient looks like, by name: a factor, a transpose, a conjugate, a sum that was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.locating import Sampled
from reference_impl.probing import Part, Problem

Vector = NDArray[Any]

_CLOSE = 1e-3
_FEW = 2
_FACTORS = {
    0.0: "it is zero (or None) where it should not be",
    -1.0: "the sign is wrong: it is -1 times the right value",
    2.0: "it is twice the right value",
    0.5: "it is half of the right value",
}


def likenesses(problem: Problem, sampled: Sampled, gradient: Vector | None) -> tuple[str, ...]:
    """Names for the mistake that fit every element looked at, the likeliest first; empty when none does.

    Args:
        problem: the function with its claims.
        sampled: elements of the input in question.
        gradient: the whole claimed gradient, where the mode gives one; exchanges of elements need it.
    """
    if not np.isfinite(sampled.claimed).all():
        return ("it is nan or inf where the difference is finite",)
    wrong = int(sampled.is_wrong.sum())
    if not wrong:
        return ()
    names = list(_factors(problem, sampled))
    if not names:
        if gradient is not None:
            names += _exchanges(problem, sampled, gradient)
        names += _left_out(problem, sampled)
    if not names and wrong < sampled.places.size:
        names.append(f"only {wrong} of {sampled.places.size} elements looked at are wrong")
    return tuple(names)


def _agree(claimed: Vector, wanted: Vector) -> bool:
    size = float(np.max(np.abs(wanted), initial=0.0))
    return size > 0 and bool(np.all(np.abs(claimed - wanted) <= _CLOSE * size))


def _factors(problem: Problem, sampled: Sampled) -> Iterator[str]:
    claimed, numeric = sampled.claimed, sampled.numeric
    there = np.abs(numeric) > 1e-6 * np.max(np.abs(numeric), initial=0.0)
    if not there.any():
        yield "it is not zero, though the function does not change along this input"
    elif not np.any(claimed[there]):
        yield _FACTORS[0.0]
    elif name := _conjugation(problem, sampled):
        yield name
    elif np.all(sampled.is_wrong[there]):
        factor = float(np.median(claimed[there] / numeric[there]))
        if _agree(claimed, factor * numeric):
            yield from _factor_names(problem, factor, int(there.sum()))


def _factor_names(problem: Problem, factor: float, count: int) -> Iterator[str]:
    for known, name in _FACTORS.items():
        if abs(factor - known) <= _CLOSE:
            yield name
            return
    if count >= _FEW:
        yield f"it is {factor:.6g} times the right value"
    for part in problem.outputs:
        sizes = {size for size in part.shape if size > 1 and abs(factor * size - 1) <= _CLOSE}
        yield from (
            f"it is the mean over {n} elements of {part.name} where the sum is due" for n in sizes
        )


def _conjugation(problem: Problem, sampled: Sampled) -> str:
    """A name when the result, or the Jacobian in it, has been conjugated or has not."""
    if not sampled.part.is_complex or sampled.places.size < _FEW:
        return ""
    claimed = sampled.claimed[0::2] + 1j * sampled.claimed[1::2]
    numeric = sampled.numeric[0::2] + 1j * sampled.numeric[1::2]
    size = float(np.max(np.abs(numeric)))
    if np.all(np.abs(claimed - numeric.conj()) <= _CLOSE * size):
        return "it is conjugated: the imaginary part has the wrong sign"
    if all(part.is_complex for part in problem.outputs):
        jacobian = sampled.columns[0::2, 0::2] + 1j * sampled.columns[0::2, 1::2]
        plain = jacobian @ (sampled.ct[0::2] + 1j * sampled.ct[1::2])
        if np.all(np.abs(claimed - plain) <= _CLOSE * size):
            return "the Jacobian in it is not conjugated: ct * J where ct * conj(J) is due"
    return ""


def _exchanges(problem: Problem, sampled: Sampled, gradient: Vector) -> Iterator[str]:
    """The right numbers in the wrong places: dimensions or inputs exchanged."""
    part = sampled.part
    here = sampled.places - part.start
    for name, order in _orders(part):
        if _agree(gradient[part.start + order[here]], sampled.numeric):
            yield name
    for other in problem.inputs:
        same = (other.shape, other.is_complex) == (part.shape, part.is_complex)
        if same and other != part and _agree(gradient[other.start + here], sampled.numeric):
            yield f"it is exchanged with the gradient of {other.name}"


def _orders(part: Part) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """For each way of mixing up places: where the right number of each place has gone."""
    halves = (2,) if part.is_complex else ()
    places = np.arange(part.stop - part.start).reshape(*part.shape, *halves)
    dims = len(part.shape)
    for first, second in combinations(range(dims), 2):
        turned = np.swapaxes(places, first, second)
        kind = "transposed" if {first, second} == {dims - 2, dims - 1} else "permuted"
        name = f"it is {kind}: dimensions {first} and {second} are exchanged"
        if turned.shape == places.shape:
            yield name, turned.ravel()
        else:
            # A transposed gradient that was then reshaped: its k-th number belongs to the k-th place of the turned one.
            gone = np.empty(places.size, dtype=np.intp)
            gone[turned.ravel()] = np.arange(places.size)
            yield name + ", then reshaped", gone
    for dim in range(dims):
        if part.shape[dim] > 1:
            yield f"it is reversed along dimension {dim}", np.flip(places, dim).ravel()


def _left_out(problem: Problem, sampled: Sampled) -> Iterator[str]:
    """Sums that were left out: the claim is that of one slice of the outputs, or of their mean."""
    for part in problem.outputs:
        shape = part.shape + ((2,) if part.is_complex else ())
        for dim, count in enumerate(part.shape):
            if count < _FEW:
                continue
            weights = (sampled.columns * sampled.ct)[:, part.start : part.stop]
            terms = np.moveaxis(weights.reshape(-1, *shape), dim + 1, 0)
            rest = sampled.numeric - weights.sum(axis=1)
            yield from _slices(sampled, terms, rest, f"dimension {dim} of {part.name}")


def _slices(sampled: Sampled, terms: Vector, rest: Vector, along: str) -> Iterator[str]:
    count = terms.shape[0]
    sums: Sequence[tuple[str, int]] = (("first", 0), ("last", count - 1))
    for which, i in sums:
        one = terms[i].reshape(sampled.places.size, -1).sum(axis=1)
        if _agree(sampled.claimed, one + rest):
            yield f"the sum over {along} is missing (broadcasting): only the {which} slice is there"
            return
    if _agree(sampled.claimed, sampled.numeric / count):
        yield f"it is the mean over {along} where the sum is due"
