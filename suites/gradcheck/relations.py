"""Relations that must hold of any function, whatever its gradient is: no difference is taken here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from reference_impl.findings import Finding
from reference_impl.probing import Probe, draw
from suites.gradcheck.problem import TorchProblem, flat, fresh, unflat

Vector = NDArray[Any]
Relation = Callable[[TorchProblem, Probe], Finding | None]

_ROUNDING = 1e3
_BATCH = 3


def create_graph(problem: TorchProblem, probe: Probe) -> Finding | None:
    """The gradient does not depend on ``create_graph``."""
    cts = problem.cotangents(probe.ct)
    with_graph = problem.gradient(cts, create_graph=True)
    return _same(problem, "with create_graph", with_graph, "without", problem.vjp(probe.ct))


def saved_hooks(problem: TorchProblem, probe: Probe) -> Finding | None:
    """The gradient survives hooks that replace every saved tensor by a copy."""
    xs = fresh(problem.xs)
    with torch.autograd.graph.saved_tensors_hooks(torch.clone, torch.clone):
        ys = problem.map.trace(xs)
    other = _gradient(ys, xs, problem.cotangents(probe.ct))
    return _same(problem, "with saved-tensor hooks", other, "without", problem.vjp(probe.ct))


def checkpointed(problem: TorchProblem, probe: Probe) -> Finding | None:
    """The gradient survives non-reentrant checkpointing, which runs the function again."""
    xs = fresh(problem.xs)
    ys = checkpoint(lambda *given: tuple(problem.map.trace(given)), *xs, use_reentrant=False)
    other = _gradient(list(ys), xs, problem.cotangents(probe.ct))
    return _same(problem, "under checkpoint", other, "without", problem.vjp(probe.ct))


def batched(problem: TorchProblem, probe: Probe) -> Finding | None:
    """Gradients for a batch of cotangents (vmap) are those of a loop over them."""
    rows = [draw(problem, 17 + i).ct for i in range(_BATCH)]
    cts = [problem.cotangents(row) for row in rows]
    kept = [i for i, y in enumerate(problem.ys) if y.requires_grad]
    if not kept:
        return None
    try:
        found = torch.autograd.grad(
            [problem.ys[i] for i in kept],
            problem.xs,
            [torch.stack([row[i] for row in cts]) for i in kept],
            retain_graph=True,
            allow_unused=True,
            is_grads_batched=True,
        )
    except RuntimeError as error:
        return Finding("relation", "batched cotangents", f"raised: {str(error).splitlines()[0]}")
    for i, row in enumerate(rows):
        one = _row([None if g is None else g[i] for g in found], problem.xs)
        different = _same(problem, "in a batch", one, "alone", problem.vjp(row))
        if different:
            return different
    _ = probe
    return None


def undefined(problem: TorchProblem, probe: Probe) -> Finding | None:
    """Gradients of the outputs one by one, with no cotangent for the others, add up to that of all."""
    cts = problem.cotangents(probe.ct)
    total = np.zeros(problem.point.shape)
    for y, ct in zip(problem.ys, cts, strict=True):
        if y.requires_grad:
            total += problem.gradient([ct], ys=[y])
    return _same(problem, "output by output", total, "at once", problem.vjp(probe.ct))


def subsets(problem: TorchProblem, probe: Probe) -> Finding | None:
    """The gradient by each input alone, where no other requires grad, is its part of the whole."""
    whole = problem.vjp(probe.ct)
    for i, part in enumerate(problem.inputs):
        xs = [x.detach() for x in problem.xs]
        xs[i].requires_grad_()
        ys = problem.map.trace(xs)
        alone = _gradient(ys, [xs[i]], problem.cotangents(probe.ct))
        different = _same(
            problem, f"{part.name} alone", alone, "with all", whole[part.start : part.stop]
        )
        if different:
            return different
    return None


def layout(problem: TorchProblem, probe: Probe) -> Finding | None:
    """The gradient does not depend on how the incoming cotangent lies in memory."""
    cts = [_spread(ct) for ct in problem.cotangents(probe.ct)]
    strided = problem.gradient(cts)
    return _same(problem, "for strided cotangents", strided, "contiguous", problem.vjp(probe.ct))


def unmodified(problem: TorchProblem, probe: Probe) -> Finding | None:
    """Backward leaves inputs and incoming cotangents as they were."""
    cts = problem.cotangents(probe.ct)
    problem.gradient(cts)
    before = [*problem.cotangents(probe.ct), *unflat(problem.point, problem.xs)]
    for after, was in zip([*cts, *problem.xs], before, strict=True):
        if not torch.equal(after.detach(), was):
            return Finding("relation", "unmodified", "backward changed an input or its cotangent")
    return None


def deterministic(problem: TorchProblem, probe: Probe) -> Finding | None:
    """Two calls give the same bits, of values and of gradients."""
    calls: dict[str, Callable[[], Vector]] = {
        "values": lambda: problem.value(problem.point),
        "gradients": lambda: problem.vjp(probe.ct),
    }
    for what, give in calls.items():
        first, second = give(), give()
        if not np.array_equal(first, second, equal_nan=True):
            apart = float(np.nanmax(np.abs(first - second)))
            says = f"two calls give {what} that differ by {apart:.3g}"
            return Finding("nondeterministic", "deterministic", says)
    return None


RELATIONS: dict[str, Relation] = {
    "create-graph": create_graph,
    "saved-hooks": saved_hooks,
    "checkpoint": checkpointed,
    "batched": batched,
    "undefined": undefined,
    "subsets": subsets,
    "layout": layout,
    "unmodified": unmodified,
    "deterministic": deterministic,
}


def _gradient(ys: list[Tensor], xs: list[Tensor], cts: list[Tensor]) -> Vector:
    pairs = [(y, ct) for y, ct in zip(ys, cts, strict=True) if y.requires_grad]
    if not pairs:
        return _row([None] * len(xs), xs)
    outputs, given = zip(*pairs, strict=True)
    return _row(torch.autograd.grad(outputs, xs, given, allow_unused=True), xs)


def _row(grads: Any, xs: list[Tensor]) -> Vector:
    return flat(torch.zeros_like(x) if g is None else g for g, x in zip(grads, xs, strict=True))


def _spread(ct: Tensor) -> Tensor:
    """The same numbers with gaps between them."""
    wide = torch.empty((*ct.shape, 2), dtype=ct.dtype, device=ct.device)
    wide[..., 0] = ct
    return wide[..., 0]


def _same(problem: TorchProblem, left: str, a: Vector, right: str, b: Vector) -> Finding | None:
    bar = _ROUNDING * problem.claim_eps * float(np.abs(b).max(initial=0.0)) + 1e-300
    gaps = np.abs(a - b)
    gaps = np.where(np.isnan(gaps) & np.isnan(a) & np.isnan(b), 0.0, gaps)
    place = int(np.argmax(np.nan_to_num(gaps, nan=np.inf))) if gaps.size else 0
    if not gaps.size or gaps[place] <= bar:
        return None
    says = f"the gradient {left} is {a[place]:.12g} and {right} it is {b[place]:.12g}, at place {place}"
    return Finding("relation", f"{left} against {right}", says)
