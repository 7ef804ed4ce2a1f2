"""How fast the Taylor remainder shrinks: with the square of the step where the slope is right, else with the step."""

from __future__ import annotations

import math

import numpy as np

from reference_impl.probing import Probe

_STEPS = tuple(2.0**-k for k in range(3, 12))
_ROUNDING = 1e2


def remainder_orders(probe: Probe, claimed: float, numeric: float) -> tuple[float, float]:
    """Orders of ``f(h) - f(0) - h * slope`` in ``h``, for the slope that is claimed and for that of the differences.

    Only steps whose remainder stands out of rounding count; nan where there are too few.
    """
    here = float(np.dot(probe.ct, probe.problem.here))
    values = [float(np.dot(probe.ct, probe.line_or_nan(h))) for h in _STEPS]
    noise = _ROUNDING * probe.problem.eps * float(np.abs(probe.ct * probe.problem.here).sum())
    return _order(values, here, claimed, noise), _order(values, here, numeric, noise)


def _order(values: list[float], here: float, slope: float, noise: float) -> float:
    remainders = [abs(v - here - h * slope) for h, v in zip(_STEPS, values, strict=True)]
    points = [
        (math.log(h), math.log(r))
        for h, r in zip(_STEPS, remainders, strict=True)
        if math.isfinite(r) and r > noise
    ]
    # The finer half: long steps still feel the third order.
    points = points[len(points) // 2 :]
    if len(points) < 2:  # noqa: PLR2004 - a line needs two points
        return math.nan
    steps, sizes = zip(*points, strict=True)
    return float(np.polyfit(steps, sizes, 1)[0])
