"""``check``: whether the derivatives that you wrote for a function on NumPy arrays are right.

Nothing here knows a rule or the engine: the witness is differences of the function itself.

    check(np.sin, [x], vjp=lambda ct: ct * np.cos(x))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference_impl.examining import adjoint_gap, examine
from reference_impl.findings import (
    CheckResult,
    Finding,
    GradientError,
    InputError,
    NondeterministicError,
    UndecidedError,
    describe,
    name_of,
    named,
    result_of,
)
from reference_impl.probing import DOUBLE_EPS, Mode, Part, PerturbedPointError, Probe

__all__ = [
    "CheckResult",
    "Finding",
    "GradientError",
    "InputError",
    "NondeterministicError",
    "UndecidedError",
    "check",
    "inspect",
]

COMPLEX_STEP = 1e-30

Array = NDArray[Any]
Map = Callable[..., Any]


def check(
    fn: Map,
    inputs: ArrayLike | Sequence[ArrayLike],
    *,
    vjp: Map | None = None,
    jvp: Map | None = None,
    seed: int = 0,
) -> CheckResult:
    """The result, when the derivatives given for ``fn`` at ``inputs`` are right.

    Args:
        fn: from arrays to an array or a tuple of arrays, real or complex.
        inputs: a tuple or list of arrays, or one array.
        vjp: from one cotangent per output to one gradient per input (None for zero), at ``inputs``. A gradient of a
            complex input is ``dL/dRe + i dL/dIm``, as in torch.
        jvp: from one tangent per input to one tangent per output, at ``inputs``.
        seed: of the random directions.

    Raises:
        GradientError: a derivative is wrong; the message names output, input and element.
        UndecidedError: differences cannot tell.
        InputError: ``inputs`` or what ``fn`` gives cannot be checked.
    """
    result = inspect(fn, inputs, vjp=vjp, jvp=jvp, seed=seed)
    result.raise_if_not_right()
    return result


def inspect(
    fn: Map,
    inputs: ArrayLike | Sequence[ArrayLike],
    *,
    vjp: Map | None = None,
    jvp: Map | None = None,
    seed: int = 0,
) -> CheckResult:
    """The same, as a result that may be right, wrong or undecided.

    Raises:
        InputError: ``inputs`` or what ``fn`` gives cannot be checked.
    """
    problem = ArrayProblem(fn, inputs, vjp, jvp)
    modes = problem.modes
    examined = examine(problem, modes, seed=seed)
    findings = [describe(one, name_of(one.look.mode)) for one in examined]
    if len(modes) > 1 and not any(findings):
        findings.append(adjoint_finding(examined[0].probe))
    return result_of(named(findings), examined, problem.counts)


def adjoint_finding(probe: Probe) -> Finding | None:
    """A finding when forward and reverse mode do not say the same along one direction."""
    forward, reverse, bar = adjoint_gap(probe)
    if abs(forward - reverse) <= bar:
        return None
    says = f"<ct, jvp t> = {forward:.12g}, <vjp ct, t> = {reverse:.12g}, but they are one number by definition"
    return Finding("relation", "forward against reverse mode", says)


class ArrayProblem:
    """A function on arrays as one between flat real vectors."""

    def __init__(self, fn: Map, inputs: Any, vjp: Map | None, jvp: Map | None) -> None:
        if vjp is None and jvp is None:
            raise InputError("there is nothing to check: give vjp=, jvp= or both")
        self.fn, self._vjp, self._jvp = fn, vjp, jvp
        given = inputs if isinstance(inputs, tuple | list) else (inputs,)
        self._xs = [_checked(np.asarray(x), f"input {i}") for i, x in enumerate(given)]
        self.inputs = parts_of("input", self._xs)
        self.point = flat(self._xs)
        self.counts = {"values": 0, "vjps": 0, "jvps": 0}
        self.eps = max(_eps(x) for x in self._xs)
        ys = self._call(self._xs)
        self._shapes = [y.shape for y in ys]
        self.outputs = parts_of("output", [_checked(y, f"output {i}") for i, y in enumerate(ys)])
        self.here = flat(ys)
        self.eps = self.claim_eps = max([self.eps, *(_eps(y) for y in ys)])
        if not np.array_equal(flat(self._xs), self.point, equal_nan=True):
            raise InputError("the function changed its inputs; let it work on copies of them")
        bad = np.flatnonzero(~np.isfinite(self.here))
        if bad.size:
            raise InputError(_not_finite(self.outputs, self.here, int(bad[0]), bad.size))

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Those that were given."""
        told: tuple[tuple[Mode, Map | None], ...] = (
            ("reverse", self._vjp),
            ("forward", self._jvp),
        )
        return tuple(mode for mode, given in told if given is not None)

    def value(self, x: Array) -> Array:
        try:
            ys = self._call(unflat(x, self._xs))
        except Exception as error:
            raise PerturbedPointError(f"{type(error).__name__}: {error}") from error
        shapes = [y.shape for y in ys]
        if shapes != self._shapes:
            raise InputError(
                f"the function gave outputs of shapes {self._shapes} at the point itself and {shapes} beside it; there "
                "is no difference to take"
            )
        return flat(ys)

    def vjp(self, ct: Array) -> Array:
        self.counts["vjps"] += 1
        if self._vjp is None:
            raise InputError("no vjp was given")
        cts = unflat(ct, [np.empty(s, self._dtype(i)) for i, s in enumerate(self._shapes)])
        return _answers(self._vjp(*cts), self._xs, "vjp", "input")

    def jvp(self, t: Array) -> Array:
        self.counts["jvps"] += 1
        if self._jvp is None:
            raise InputError("no jvp was given")
        like = [np.empty(s, self._dtype(i)) for i, s in enumerate(self._shapes)]
        return _answers(self._jvp(*unflat(t, self._xs)), like, "jvp", "output")

    def complex_slope(self, t: Array) -> Array | None:
        """``Im f(x + i h t) / h`` for an h so small that nothing else is left of it."""
        if any(part.is_complex for part in (*self.inputs, *self.outputs)):
            return None
        steps = unflat(t, self._xs)
        try:
            ys = self._call(
                [x + COMPLEX_STEP * 1j * s for x, s in zip(self._xs, steps, strict=True)]
            )
        except Exception:  # noqa: BLE001 - a function that does not take complex numbers may say so in any way
            return None
        if [y.shape for y in ys] != self._shapes or any(y.dtype.kind != "c" for y in ys):
            return None
        return np.concatenate([y.imag.ravel() for y in ys]) / COMPLEX_STEP

    def _dtype(self, i: int) -> str:
        return "complex128" if self.outputs[i].is_complex else "float64"

    def _call(self, xs: Iterable[Array]) -> list[Array]:
        self.counts["values"] += 1
        ys = self.fn(*xs)
        return [np.asarray(y) for y in (ys if isinstance(ys, tuple | list) else (ys,))]


def flat(arrays: Iterable[Array]) -> Array:
    """Arrays as one vector of float64; complex numbers as pairs."""
    rows = [
        np.ascontiguousarray(a, dtype=np.complex128).view(np.float64).ravel()
        if a.dtype.kind == "c"
        else a.astype(np.float64).ravel()
        for a in arrays
    ]
    return np.concatenate(rows) if rows else np.empty(0)


def unflat(vector: Array, like: Sequence[Array]) -> list[Array]:
    """The inverse of ``flat``: copies, in the dtypes and shapes of ``like``."""
    found, start = [], 0
    for a in like:
        stop = start + a.size * (2 if a.dtype.kind == "c" else 1)
        row = vector[start:stop].copy()
        row = row.view(np.complex128) if a.dtype.kind == "c" else row
        found.append(row.astype(a.dtype, copy=False).reshape(a.shape))
        start = stop
    return found


def parts_of(kind: str, arrays: Sequence[Array]) -> tuple[Part, ...]:
    """Where each array lies in the flat vector; a single one has no number."""
    parts: list[Part] = []
    for i, a in enumerate(arrays):
        start = parts[-1].stop if parts else 0
        is_complex = a.dtype.kind == "c"
        name = kind if len(arrays) == 1 else f"{kind} {i}"
        parts.append(Part(name, a.shape, start, start + a.size * (1 + is_complex), is_complex))
    return tuple(parts)


def _answers(given: Any, like: Sequence[Array], who: str, kind: str) -> Array:
    answers = given if isinstance(given, tuple | list) else (given,)
    if len(answers) != len(like):
        raise InputError(
            f"{who} gave {len(answers)} arrays for {len(like)} {kind}s; one for each is wanted"
        )
    rows = []
    for i, (answer, a) in enumerate(zip(answers, like, strict=True)):
        row = np.zeros(a.shape) if answer is None else np.asarray(answer)
        if row.shape != a.shape:
            raise InputError(
                f"{who} gave shape {row.shape} for {kind} {i}, which has shape {a.shape}: a sum over a broadcast "
                "dimension may be missing"
            )
        rows.append(row.astype(np.complex128 if a.dtype.kind == "c" else np.float64))
    return flat(rows)


def _checked(a: Array, name: str) -> Array:
    if a.dtype.kind not in "fc":
        raise InputError(
            f"{name} has dtype {a.dtype}; differences need floating or complex numbers"
        )
    return a


def _eps(a: Array) -> float:
    return max(DOUBLE_EPS, float(np.finfo(a.dtype).eps))


def _not_finite(parts: Sequence[Part], here: Array, place: int, count: int) -> str:
    part = next(p for p in parts if p.start <= place < p.stop)
    return (
        f"{part.say(place)} is {here[place]} at the given point ({count} such elements): "
        "there is no derivative"
    )
