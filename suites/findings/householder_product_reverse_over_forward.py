"""Reverse mode over forward mode is silently wrong for householder_product.

It is wrong for every product of more than one reflection. Compared with central differences of the tangent.
"""

import sys

import torch

torch.manual_seed(0)
v = torch.tensor([[1.0, 0.0], [0.5, 1.0], [-0.3, 0.7]], dtype=torch.float64)
tau = torch.tensor([0.8, 0.6], dtype=torch.float64)
along = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, -1.0]], dtype=torch.float64)
weights = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.3, 1.7]], dtype=torch.float64)


def tangent_at(v):
    return (
        torch.func.jvp(lambda v: torch.linalg.householder_product(v, tau), (v,), (along,))[1]
        * weights
    ).sum()


got = torch.func.grad(tangent_at)(v)[1, 0].item()
h = torch.zeros(3, 2, dtype=torch.float64)
h[1, 0] = 1e-5
want = ((tangent_at(v + h) - tangent_at(v - h)) / 2e-5).item()
print(f"derivative of the tangent: got {got:.8f}, differences say {want:.8f}")
sys.exit(abs(got - want) > 1e-6)
