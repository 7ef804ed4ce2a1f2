"""special.airy_ai in float64 is good to five or six digits on (-3, -2.1).

Ai(-2.5) = -0.11232506769..., computed here from the Maclaurin series (Abramowitz and Stegun, 10.4.2).
"""

import math
import sys

import torch


def airy_ai(x):
    f = term_f = 1.0
    g = term_g = x
    for k in range(1, 60):
        term_f *= x**3 / ((3 * k) * (3 * k - 1))
        term_g *= x**3 / ((3 * k + 1) * (3 * k))
        f, g = f + term_f, g + term_g
    return f / (3 ** (2 / 3) * math.gamma(2 / 3)) - g / (3 ** (1 / 3) * math.gamma(1 / 3))


points = [-2.9, -2.5, -2.2]
got = [torch.special.airy_ai(torch.tensor(x, dtype=torch.float64)).item() for x in points]
want = [airy_ai(x) for x in points]
print(f"at {points}: got {got}, want {want}")
sys.exit(max(abs(g - w) for g, w in zip(got, want, strict=True)) > 1e-10)
