"""Reverse mode over forward mode is silently wrong for linalg.solve and linalg.det.

The forward-mode formula solves with the saved LU factors as if they were constants. For 1 / a the derivative is
-1 / a^2 and the second derivative 2 / a^3.
"""

import sys

import torch


def tangent_at(a):
    one = torch.ones(1, 1, dtype=torch.float64)
    return torch.func.jvp(lambda a: torch.linalg.solve(a, one), (a,), (one,))[1].sum()


got = torch.func.grad(tangent_at)(torch.tensor([[2.0]], dtype=torch.float64)).item()
want = 2.0 / 2.0**3
print(f"second derivative of 1 / a at 2: got {got}, want {want}")
sys.exit(abs(got - want) > 1e-12)
