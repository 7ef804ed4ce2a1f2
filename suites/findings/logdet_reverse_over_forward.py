"""Reverse mode over forward mode is silently zero for logdet and slogdet.

The tangent is computed from the saved LU factors alone and is not recorded. Of log a the second derivative is -1/a^2.
"""

import sys

import torch


def tangent_at(a):
    return torch.func.jvp(torch.logdet, (a,), (torch.ones(1, 1, dtype=torch.float64),))[1]


got = torch.func.grad(tangent_at)(torch.tensor([[2.0]], dtype=torch.float64)).item()
want = -0.25
print(f"second derivative of log a at 2: got {got}, want {want}")
sys.exit(abs(got - want) > 1e-12)
