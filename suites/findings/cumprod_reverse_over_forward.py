"""Reverse mode over forward mode is NaN for cumprod where the input holds a zero.

The last product of (0, b) is 0 * b; its derivative along (1, 0) is b, and the derivative of that by b is 1.
"""

import sys

import torch


def tangent_at(x):
    along = torch.tensor([1.0, 0.0], dtype=torch.float64)
    return torch.func.jvp(lambda x: torch.cumprod(x, 0), (x,), (along,))[1][-1]


got = torch.func.grad(tangent_at)(torch.tensor([0.0, 3.0], dtype=torch.float64)).tolist()
want = [0.0, 1.0]
print(f"derivative of the tangent: got {got}, want {want}")
sys.exit(got != want)
