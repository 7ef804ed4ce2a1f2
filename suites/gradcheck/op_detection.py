"""How many mistakes planted in the gradients of op_db's operators are found: each at a place drawn anew."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.examining import examine
from reference_impl.findings import InputError
from suites.gradcheck.arguments import arguments_of
from suites.gradcheck.maps import Function
from suites.gradcheck.op_samples import Sample, samples_of
from suites.gradcheck.problem import TorchProblem

Vector = NDArray[Any]
Spoil = Callable[[Vector, Vector], Vector]

# Entries below this are under the absolute tolerance of torch's slow mode, which nobody calls a detection.
LEAST = 1e-2
SIZES = (0.05, 0.005, 0.0005)


class Spoiled(TorchProblem):
    """A problem whose gradients are spoiled on the way out; ``spoil`` takes a gradient and its cotangent."""

    spoil: Spoil | None = None

    def vjp(self, ct: Vector) -> Vector:
        """The claimed gradient, spoiled."""
        right = super().vjp(ct)
        return right if self.spoil is None else self.spoil(right, ct)


@dataclass(slots=True)
class Tally:
    """Of each kind of mistake, how many were planted and found; and which were not."""

    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    right: int = 0
    rejected: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, *, was_found: bool) -> None:
        """One more of a kind."""
        self.planted[kind] = self.planted.get(kind, 0) + 1
        self.found[kind] = self.found.get(kind, 0) + was_found
        if not was_found:
            self.missed.append(f"{kind}: {name}")

    def __str__(self) -> str:
        lines = ["| mistake | planted | found | share |", "|---|---|---|---|"]
        for kind, count in self.planted.items():
            found = self.found[kind]
            lines.append(f"| {kind} | {count:,} | {found:,} | {100 * found / count:.2f} % |")
        lines += ["", f"Right samples: {self.right:,}, rejected: {len(self.rejected)}."]
        lines += [f"- rejected: {name}" for name in self.rejected]
        lines += [f"- missed: {name}" for name in self.missed]
        return "\n".join(lines)


def measure_ops(*, each: int, seeds: Sequence[int], names: Sequence[str] | None = None) -> Tally:
    """Plants every kind of mistake into every sample that is right, once for each seed."""
    tally = Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sample in samples_of(names, each=each):
            problem = _problem(sample)
            if problem is None:
                continue
            if not _is_right(problem, 0):
                tally.rejected.append(sample.name)
                continue
            tally.right += 1
            for seed in seeds:
                for kind, spoil in mistakes(problem, seed):
                    problem.spoil = spoil
                    tally.add(kind, sample.name, was_found=not _is_right(problem, seed))
                problem.spoil = None
    return tally


def _problem(sample: Sample) -> Spoiled | None:
    try:
        given = arguments_of(sample.fn, sample.inputs)
        return Spoiled(Function(given.call), given.tensors, given.names)
    except (InputError, RuntimeError):
        return None


def _is_right(problem: TorchProblem, seed: int) -> bool:
    return all(one.look.verdict == "right" for one in examine(problem, ["reverse"], seed=seed))


def mistakes(problem: TorchProblem, seed: int) -> Iterator[tuple[str, Spoil]]:
    """Mistakes at places drawn for the seed, in entries of the Jacobian that are large enough to matter."""
    rng = np.random.default_rng((seed, problem.point.size, problem.here.size))
    entry = _entry(problem, rng)
    if entry is None:
        return
    i, j, slope = entry
    for size in SIZES:
        yield f"one entry of the Jacobian, {100 * size:g} %", _adds(i, j, size * slope)
    gradient = problem.vjp(rng.uniform(0.5, 1.5, problem.here.shape))
    large = np.flatnonzero(np.abs(gradient) >= LEAST)
    if not large.size:
        return
    place = int(rng.choice(large))
    for size in SIZES:
        yield f"one element of the gradient, {100 * size:g} %", _scales(place, 1 + size)
    yield "all elements, 0.5 %", lambda g, _: 1.005 * g
    yield "sign of all", lambda g, _: -g
    yield "one element zero", _scales(place, 0.0)
    other = int(rng.choice(large))
    if abs(gradient[place] - gradient[other]) >= LEAST:
        yield "two elements exchanged", _exchanges(place, other)
        yield "one element more, one less", _moves(place, other)


def _entry(problem: TorchProblem, rng: np.random.Generator) -> tuple[int, int, float] | None:
    """An output, an input and the entry of the Jacobian between them."""
    for _ in range(5):
        ct = np.zeros(problem.here.shape)
        if not ct.size:
            return None
        i = int(rng.integers(ct.size))
        ct[i] = 1.0
        row = problem.vjp(ct)
        large = np.flatnonzero(np.abs(row) >= LEAST)
        if large.size and np.isfinite(row).all():
            j = int(rng.choice(large))
            return i, j, float(row[j])
    return None


def _adds(i: int, j: int, error: float) -> Spoil:
    def spoil(g: Vector, ct: Vector) -> Vector:
        wrong = g.copy()
        wrong[j] += error * ct[i]
        return wrong

    return spoil


def _scales(place: int, factor: float) -> Spoil:
    def spoil(g: Vector, _: Vector) -> Vector:
        wrong = g.copy()
        wrong[place] *= factor
        return wrong

    return spoil


def _exchanges(place: int, other: int) -> Spoil:
    def spoil(g: Vector, _: Vector) -> Vector:
        wrong = g.copy()
        wrong[place], wrong[other] = g[other], g[place]
        return wrong

    return spoil


def _moves(place: int, other: int) -> Spoil:
    def spoil(g: Vector, _: Vector) -> Vector:
        wrong = g.copy()
        wrong[place] += 0.05 * g[place]
        wrong[other] -= 0.05 * g[place]
        return wrong

    return spoil
