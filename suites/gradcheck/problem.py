"""A function of tensors as one between flat real vectors, which is what the probing engine examines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference_impl.findings import InputError
from reference_impl.probing import DOUBLE_EPS, Part, PerturbedPointError
from suites.gradcheck.maps import TensorMap, tracked

COMPLEX_STEP = 1e-30

Vector = NDArray[Any]


class BackwardError(RuntimeError):
    """Backward raised; the error it raised is the cause."""


class BackwardMissingError(RuntimeError):
    """There is no backward here, and torch says so."""


class TorchProblem:
    """Values, and the derivatives that torch claims, of a map at a point.

    Args:
        map_: the function under test.
        xs: leaves that require grad, never written to.
        wide: the same function for inputs in float64, which gives the values; None where ``map_`` has to do.
    """

    def __init__(
        self,
        map_: TensorMap,
        xs: Sequence[Tensor],
        names: Sequence[str],
        *,
        output_names: Sequence[str] = (),
        wide: TensorMap | None = None,
    ) -> None:
        self.map, self.wide, self.xs = map_, wide, list(xs)
        self._names, self._output_names = names, output_names
        self.counts = {"values": 0, "vjps": 0, "jvps": 0}
        self.point = flat(self.xs)
        versions = [x._version for x in self.xs]
        self.ys = _traced(map_, self.xs)
        if versions != [x._version for x in self.xs] or not _holds(self.xs, self.point):
            raise InputError(_CHANGED)
        self._shapes = [y.shape for y in self.ys]
        self.here = flat(self.ys)
        self.claim_eps = self.eps = max(_EPS[x.dtype] for x in (*self.xs, *self.ys))
        self._values = Buffers(self.xs, wide=wide is not None)
        self._value_map = map_ if wide is None else wide
        self._kept: NDArray[np.bool_] | None = None
        if wide is not None:
            self.eps = DOUBLE_EPS
            self.here = self.value(self.point)
        self.infinite = 0
        self._kept = self._judged()

    @cached_property
    def inputs(self) -> tuple[Part, ...]:
        """Where each input lies in the flat vector."""
        return parts_of(self._names, self.xs)

    @cached_property
    def outputs(self) -> tuple[Part, ...]:
        """Where each output lies in the flat vector."""
        several = len(self.ys) > 1
        names = [f"output {i}" if several else "output" for i in range(len(self.ys))]
        return parts_of(self._output_names or names, self.ys)

    def value(self, x: Vector) -> Vector:
        self.counts["values"] += 1
        try:
            ys = self._value_map.run(self._values.load(x))
        except InputError:
            raise
        except Exception as error:
            raise PerturbedPointError(f"{type(error).__name__}: {error}") from error
        shapes = [y.shape for y in ys]
        if shapes != self._shapes:
            raise InputError(
                f"the function gave outputs of shapes {_say(self._shapes)} at the point itself and {_say(shapes)} "
                "beside it; there is no difference to take"
            )
        values = flat(ys)
        return values if self._kept is None else np.where(self._kept, values, 0.0)

    def vjp(self, ct: Vector) -> Vector:
        self.counts["vjps"] += 1
        if self._kept is not None:
            ct = np.where(self._kept, ct, 0.0)
        found = self.gradient(self.cotangents(ct))
        # Where an infinite output gets the cotangent 0, 0 * inf is nobody's mistake.
        return np.where(np.isnan(found), 0.0, found) if self.infinite else found

    def cotangents(self, ct: Vector) -> list[Tensor]:
        """The flat cotangent as one tensor for each output."""
        return unflat(ct, self.ys)

    def gradient(
        self, cts: Sequence[Tensor], *, ys: Sequence[Tensor] = (), create_graph: bool = False
    ) -> Vector:
        """The gradient for cotangents of the outputs, of the graph of the problem or of another one."""
        pairs = [(y, ct) for y, ct in zip(ys or self.ys, cts, strict=True) if y.requires_grad]
        if not pairs:
            return np.zeros(self.point.shape)
        try:
            found = torch.autograd.grad(
                [y for y, _ in pairs],
                self.xs,
                [ct for _, ct in pairs],
                retain_graph=True,
                create_graph=create_graph,
                allow_unused=True,
            )
        except RuntimeError as error:
            says = str(error).strip().split("\n")[0]
            missing = "not implemented" in says or "not differentiable" in says
            raise (BackwardMissingError if missing else BackwardError)(says) from error
        if len(found) == 1 and found[0] is not None:
            return flat(found)
        return flat(
            torch.zeros_like(x) if g is None else g for g, x in zip(found, self.xs, strict=True)
        )

    def jvp(self, t: Vector) -> Vector:
        self.counts["jvps"] += 1
        with torch.no_grad():
            found = flat(self.map.tangents([x.detach() for x in self.xs], unflat(t, self.xs)))
        return found if self._kept is None else np.where(self._kept, found, 0.0)

    def complex_slope(self, t: Vector) -> Vector | None:
        """``Im f(x + i h t) / h`` for an h so small that nothing else is left of it."""
        if self.eps > DOUBLE_EPS or any(x.is_complex() for x in (*self.xs, *self.ys)):
            return None
        pairs = zip(self.xs, unflat(t, self.xs), strict=True)
        try:
            with torch.no_grad():
                ys = self.map.run([torch.complex(x.detach(), COMPLEX_STEP * s) for x, s in pairs])
        except (RuntimeError, TypeError, ValueError):
            return None
        if [y.shape for y in ys] != self._shapes or not all(y.is_complex() for y in ys):
            return None
        return flat(y.imag for y in ys) / COMPLEX_STEP

    def _judged(self) -> NDArray[np.bool_] | None:
        """Which output elements count; None when all do. Infinite ones have no derivative.

        An output that carries no gradient beside others that do has been declared not differentiable.
        """
        has_grad = [y.requires_grad for y in self.ys]
        # One sum tells whether anything may be infinite; it overflows now and then, which costs a second look.
        if math.isfinite(self.here.sum()) and all(has_grad):
            return None
        finite = np.isfinite(self.here)
        kept = finite.copy()
        if any(has_grad):
            for part, has in zip(self.outputs, has_grad, strict=True):
                kept[part.start : part.stop] &= has
        if kept.all():
            return None
        bad = ~finite if not finite.any() else np.isnan(self.here)
        if bad.any():
            place = int(np.flatnonzero(bad)[0])
            part = next(p for p in self.outputs if p.start <= place < p.stop)
            raise InputError(
                f"{part.say(place)} is {self.here[place]} at the given point ({int(bad.sum())} such elements): there "
                "is no derivative to check; give a point inside the domain"
            )
        self.infinite = int((~finite).sum())
        self.here = np.where(kept, self.here, 0.0)
        return kept


_CHANGED = (
    "the function changed its inputs; check lambda *xs: fn(*(x.clone() for x in xs)) in its place"
)


def _traced(map_: TensorMap, xs: Sequence[Tensor]) -> list[Tensor]:
    try:
        return map_.trace(xs)
    except RuntimeError as error:
        if "leaf Variable that requires grad" in str(error) and "in-place" in str(error):
            raise InputError(_CHANGED) from error
        raise


class Buffers:
    """The inputs at other points: filled in one go, seen as tensors of the right shapes and strides."""

    def __init__(self, xs: Sequence[Tensor], *, wide: bool) -> None:
        self._xs, self._wide = xs, wide
        only = xs[0]
        # One plain input needs no memory of its own: it is a view of the vector.
        self._shape = (
            only.shape
            if len(xs) == 1 and only.dtype is torch.float64 and only.is_cpu and only.is_contiguous()
            else None
        )
        self._tensors: list[Tensor] = []
        self._places: list[Vector | None] = []

    def load(self, x: Vector) -> list[Tensor]:
        """The tensors, holding the point ``x``, until the next call."""
        if self._shape is not None:
            return [torch.from_numpy(x.reshape(self._shape))]
        if not self._tensors:
            self._tensors = [_empty_like(x, wide=self._wide) for x in self._xs]
            self._places = [_flat_view(x) for x in self._tensors]
        start = 0
        for tensor, place in zip(self._tensors, self._places, strict=True):
            stop = start + tensor.numel() * (2 if tensor.is_complex() else 1)
            if place is not None:
                place[:] = x[start:stop]
            else:
                tensor.copy_(_tensor(x[start:stop], tensor))
            start = stop
        return self._tensors


def _empty_like(x: Tensor, *, wide: bool) -> Tensor:
    dtype = _wide(x.dtype) if wide else x.dtype
    return torch.empty_strided(x.shape, x.stride(), dtype=dtype, device=x.device)


def _flat_view(x: Tensor) -> Vector | None:
    """The memory of a contiguous float64 or complex128 tensor on the CPU as one NumPy vector."""
    wide = x.dtype in {torch.float64, torch.complex128}
    if not (wide and x.is_cpu and x.is_contiguous()):
        return None
    view: Vector = (torch.view_as_real(x) if x.is_complex() else x).view(-1).numpy()
    return view


def flat(tensors: Any) -> Vector:
    """Tensors as one vector of float64, complex numbers as pairs; a copy."""
    rows = [_row(x) for x in tensors]
    if len(rows) == 1:
        return np.array(rows[0])
    return np.concatenate(rows) if rows else np.empty(0)


def _row(x: Tensor) -> Vector:
    if x.requires_grad:
        x = x.detach()
    if x.dtype is not torch.float64 or not x.is_cpu:
        x = _plain(x)
    # Negation and zeros may be lazy.
    row: Vector = x.numpy(force=x.is_neg() or x._is_zerotensor()).reshape(-1)
    return row


def _plain(x: Tensor) -> Tensor:
    """Complex numbers as pairs, in float64 on the CPU."""
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj())
    return x.cpu().double()


def unflat(vector: Vector, like: Sequence[Tensor]) -> list[Tensor]:
    """The inverse of ``flat``: fresh tensors in the shapes, dtypes and devices of ``like``."""
    if len(like) == 1:
        return [_tensor(vector, like[0])]
    found, start = [], 0
    for x in like:
        stop = start + x.numel() * (2 if x.is_complex() else 1)
        found.append(_tensor(vector[start:stop], x))
        start = stop
    return found


def _tensor(vector: Vector, like: Tensor) -> Tensor:
    if like.is_complex():
        x = torch.from_numpy(vector.copy().view(np.complex128).reshape(like.shape))
    else:
        x = torch.from_numpy(vector.reshape(like.shape).copy())
    if x.dtype is not like.dtype or like.device.type != "cpu":
        # Devices without float64 cannot take it even for a moment.
        x = x.to(like.dtype).to(like.device)
    return x


def parts_of(names: Sequence[str], tensors: Sequence[Tensor]) -> tuple[Part, ...]:
    """Where each tensor lies in the flat vector."""
    parts, start = [], 0
    for name, x in zip(names, tensors, strict=True):
        is_complex = x.is_complex()
        stop = start + x.numel() * (1 + is_complex)
        parts.append(Part(name, tuple(x.shape), start, stop, is_complex))
        start = stop
    return tuple(parts)


def fresh(xs: Sequence[Tensor]) -> list[Tensor]:
    """Other leaves over the same numbers."""
    return [tracked(x) for x in xs]


def _wide(dtype: torch.dtype) -> torch.dtype:
    return torch.complex128 if dtype.is_complex else torch.float64


def _holds(xs: Sequence[Tensor], point: Vector) -> bool:
    """Whether the inputs still hold the numbers of the point; nan counts as itself."""
    same = (_row(xs[0]) if len(xs) == 1 else flat(xs)) == point
    return bool(same.all()) or bool((same | np.isnan(point)).all())


_EPS = {
    dtype: float(torch.finfo(dtype).eps)
    for dtype in (
        torch.float64, torch.complex128, torch.float32, torch.complex64, torch.float16, torch.bfloat16,
        torch.complex32,
    )
}  # fmt: skip


def _say(shapes: Sequence[Any]) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
