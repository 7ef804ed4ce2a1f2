"""From a glance to a verdict: what one direction cannot settle is looked at again, and a mismatch is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_impl.ladder import Slope, slope_of, steps_for
from reference_impl.probing import (
    Look,
    Mode,
    PerturbedPointError,
    Probe,
    Problem,
    draw,
    faint,
    glance,
    is_coarse,
    length,
    refine,
    rounding_of,
    study,
    weigh,
)

Vector = NDArray[Any]

SPREAD = 1e-9
CONFIRMATIONS = 2
COARSE_LOOKS = 4
SPLITS = 5
WIDE_BARS = 10.0
KINKS_LOOKED_AT = 8
KINK_DIRECTIONS = 4
NEARBY = 24
NEARBY_RADIUS = 1e-4
NEARBY_SLACK = 1e-3
_JUMP = 1e-2
# Forward and reverse mode add up the same products in another order; nothing but rounding parts them.
ADJOINT = 1e-9
COMPLEX_STEP_ERROR = 1e-12
AT_KINK = "at a kink"


@dataclass(slots=True)
class Examined:
    """A verdict on one mode, and the probe that shows it."""

    look: Look
    probe: Probe


def examine(problem: Problem, modes: Sequence[Mode], *, seed: int) -> list[Examined]:
    """A verdict on each mode. Where the gradient is right and the function smooth, two evaluations are enough."""
    with np.errstate(all="ignore"):
        return _examine(problem, modes, seed)


def _examine(problem: Problem, modes: Sequence[Mode], seed: int) -> list[Examined]:
    probe = draw(problem, seed)
    found = [Examined(look, probe) for look in glance(probe, modes)]
    if is_coarse(problem):
        found = [_coarsest(one, seed) for one in found]
    found = [_settled(one, seed) if one.look.verdict != "right" else one for one in found]
    if "reverse" in modes and all(one.look.verdict == "right" for one in found):
        dim = faint(probe)
        if dim is not None:
            found = [_also(one, dim, seed) for one in found]
    return found


def adjoint_gap(probe: Probe) -> tuple[float, float, float]:
    """``<ct, jvp t>``, ``<vjp ct, t>`` and how far apart rounding may bring them; this holds at kinks as well."""
    reverse, forward = probe.terms("reverse"), probe.terms("forward")
    eps = max(ADJOINT, 64 * probe.problem.claim_eps)
    floor = rounding_of(probe)
    bar = eps * (length(reverse) + length(forward)) + floor + 1e-300
    return float(forward.sum()), float(reverse.sum()), bar


def _coarsest(one: Examined, seed: int) -> Examined:
    """Of several directions the one along which claim and difference lie furthest apart."""
    others = [draw(one.probe.problem, seed, round_) for round_ in range(1, COARSE_LOOKS)]
    all_ = [one, *(Examined(glance(other, [one.look.mode])[0], other) for other in others)]
    return max(all_, key=lambda it: it.look.gap / it.look.bar if it.look.bar > 0 else 0.0)


def _also(one: Examined, dim: Probe, seed: int) -> Examined:
    """The verdict along the faint inputs, where it is another one; too wide a bar there takes nothing back."""
    look = glance(dim, [one.look.mode])[0]
    if look.verdict == "right":
        return one
    look, _ = study(dim, one.look.mode)
    floor = 64 * dim.problem.claim_eps * one.look.size
    if look.verdict != "wrong" or look.gap <= look.bar + floor:
        return one
    found = _settled(Examined(look, dim), seed)
    return found if found.look.verdict == "wrong" else one


def _settled(one: Examined, seed: int) -> Examined:
    probe, mode = one.probe, one.look.mode
    closer = refine(probe, one.look)
    if closer.verdict == "right":
        return Examined(closer, probe)
    look, slope = study(probe, mode)
    size = float(np.abs(probe.problem.here).max(initial=0.0)) + 1e-300
    if look.spread > SPREAD * size:
        return Examined(replace(look, verdict="undecided", notes=("nondeterministic",)), probe)
    if _jumps(probe):
        return _without_jumps(one, seed)
    bent = slope.half > 0
    if look.verdict == "wrong" or bent.any():
        bent = bent | _not_additive(probe, slope)
    if bent.any():
        return _at_kinks(probe, mode, slope, bent)
    found = Examined(look, probe)
    return found if look.verdict == "right" else _without_verdict(found, slope, seed)


def _without_verdict(one: Examined, slope: Slope, seed: int) -> Examined:
    """What neither a glance nor many steps called right."""
    wrong = one.look.verdict == "wrong"
    return _doubted(one, seed) if wrong else _by_complex_step(one, slope)


def _by_complex_step(one: Examined, slope: Slope) -> Examined:
    """The verdict by a complex step, which has no cancellation, where differences are too rough to tell.

    Functions that are not analytic give something else there, so it can only show that a claim is right.
    """
    found = one.probe.problem.complex_slope(one.probe.t)
    if found is None or not np.isfinite(found).all():
        return one
    error = COMPLEX_STEP_ERROR * np.abs(found)
    exact = Slope(found, error, slope.half, slope.usable, slope.moved)
    look = weigh(one.probe, one.look.mode, exact)
    if look.verdict != "right":
        return one
    note = "decided by a complex step, since differences are too rough"
    return Examined(replace(look, notes=(note,)), one.probe)


def _doubted(one: Examined, seed: int) -> Examined:
    """The verdict ``wrong``, where other directions confirm it."""
    look, shown = one.look, _shown(one.probe, one.look.mode, seed)
    if shown == 0:
        # A wrong gradient shows in every direction: this bar was too narrow by accident.
        note = f"one direction was {look.gap:.2g} off at a bar of {look.bar:.2g}; {CONFIRMATIONS} others agree"
        return Examined(replace(look, verdict="right", notes=(note,)), one.probe)
    if shown < CONFIRMATIONS and not is_coarse(one.probe.problem):
        note = "some directions agree with the claim and some do not"
        return Examined(replace(look, verdict="undecided", notes=(note,)), one.probe)
    return one


def _jumps(probe: Probe) -> bool:
    """Whether the function changes as much for a step of 1e-9 as for one a million times as long."""
    here = probe.problem.here
    near, far = (np.abs(probe.line_or_nan(h) - here) for h in (1e-9, 1e-3))
    scale = max(float(np.abs(here).max(initial=0.0)), 1e-300)
    return bool(np.any((near > far / 2) & (near > _JUMP * scale)))


def _without_jumps(one: Examined, seed: int) -> Examined:
    """The verdict with those inputs held that make the function jump, as a label of 1 or -1 does."""
    probe, problem = one.probe, one.probe.problem
    t, held = probe.t, []
    for part in problem.inputs:
        alone = np.zeros(t.shape)
        alone[part.start : part.stop] = t[part.start : part.stop]
        if alone.any() and _jumps(Probe(problem, alone, probe.ct)):
            held.append(part.name)
            t = np.where(alone != 0.0, 0.0, t)
    note = f"the function jumps when {', '.join(held) or 'its inputs'} move: there is no derivative along them"
    if not held or not t.any():
        return Examined(replace(one.look, verdict="undecided", notes=(note,)), probe)
    rest = Probe(problem, t, probe.ct)
    found = Examined(glance(rest, [one.look.mode])[0], rest)
    if found.look.verdict != "right":
        found = _settled(found, seed)
    return Examined(replace(found.look, notes=(*found.look.notes, note)), found.probe)


def _shown(probe: Probe, mode: Mode, seed: int) -> int:
    """Of fresh directions over the same inputs, the number that show a mismatch too."""
    shown = 0
    for round_ in range(1, CONFIRMATIONS + 1):
        other = draw(probe.problem, seed, round_)
        other.t = np.where(probe.t == 0.0, 0.0, other.t)
        other.is_faint = probe.is_faint
        if glance(other, [mode])[0].verdict != "right":
            shown += study(other, mode)[0].verdict == "wrong"
    return shown


def _not_additive(probe: Probe, slope: Slope) -> NDArray[np.bool_]:
    """Outputs whose slope along a sum of directions is not the sum of the slopes: no derivative exists there."""
    problem = probe.problem
    rng = np.random.default_rng(problem.point.size)
    bent = np.zeros(problem.here.shape, dtype=bool)
    steps = steps_for(problem.eps)[2:6]
    for _ in range(SPLITS):
        share = rng.uniform(-1.0, 2.0, probe.t.size)
        parts = [Probe(problem, some * probe.t, probe.ct) for some in (share, 1.0 - share)]
        first, second = (
            slope_of(part.line_or_nan, problem.here, steps=steps, eps=problem.eps) for part in parts
        )
        gap = np.abs(first.value + second.value - slope.value)
        bar = WIDE_BARS * (first.error + second.error + slope.error)
        size = np.abs(first.value) + np.abs(second.value) + np.abs(slope.value)
        usable = first.usable & second.usable & slope.usable
        bent |= usable & (gap > bar + 1e-4 * size + 1e-12)
    return bent


def _at_kinks(probe: Probe, mode: Mode, slope: Slope, bent: NDArray[np.bool_]) -> Examined:
    """A verdict where some outputs have no derivative: the others as ever, these by what is claimed nearby."""
    smooth = probe.restricted(~bent)
    look = weigh(smooth, mode, slope)
    count = int(bent.sum())
    if look.verdict == "wrong":
        return Examined(replace(look, kinks=count), smooth)
    for place in np.flatnonzero(bent)[:KINKS_LOOKED_AT]:
        outside = _outside(probe, mode, int(place))
        if outside is not None:
            return outside
    note = f"{count} of {bent.size} outputs lie on a kink or a tie, where the claim is one of the slopes found nearby"
    return Examined(replace(look, kinks=count, verdict="right", notes=(note,)), probe)


def _outside(probe: Probe, mode: Mode, place: int) -> Examined | None:
    """A claim at a kink that is not among the slopes nearby, nor between them: no convention allows it."""
    problem = probe.problem
    ct = np.zeros(problem.here.shape)
    ct[place] = 1.0
    gradient = problem.vjp(ct) if mode == "reverse" else None
    for round_ in range(KINK_DIRECTIONS):
        one = Probe(problem, draw(problem, round_, 7).t, ct)
        one._gradient = gradient
        terms = one.terms(mode)
        claimed = float(terms.sum())
        low, high = _nearby(one, place, round_)
        slack = NEARBY_SLACK * (length(terms) + abs(low) + abs(high)) + 0.05 * (high - low)
        if not low - slack <= claimed <= high + slack:
            near = low if claimed < low else high
            notes = (AT_KINK, f"the slopes found nearby are {low:.6g} to {high:.6g}")
            size = length(terms)
            return Examined(Look(mode, "wrong", claimed, near, slack, size, 1, notes=notes), one)
    return None


def _nearby(probe: Probe, place: int, seed: int) -> tuple[float, float]:
    """Least and largest slope of one output at points around: the interval of its generalised (Clarke) derivatives."""
    problem = probe.problem
    rng = np.random.default_rng(seed)
    step = NEARBY_RADIUS / 100 if problem.eps < SPREAD else NEARBY_RADIUS * 10
    radius = 100 * step
    slopes = []
    for _ in range(NEARBY):
        there = problem.point + radius * rng.uniform(-1.0, 1.0, problem.point.shape)
        try:
            ahead, behind = (
                problem.value(there + step * probe.t),
                problem.value(there - step * probe.t),
            )
        except PerturbedPointError:
            continue
        slopes.append(float(ahead[place] - behind[place]) / (2 * step))
    finite = [s for s in slopes if np.isfinite(s)]
    return (min(finite), max(finite)) if finite else (-np.inf, np.inf)
