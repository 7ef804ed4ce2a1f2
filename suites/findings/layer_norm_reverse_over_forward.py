"""Reverse mode over forward mode is silently wrong for layer_norm and batch_norm.

The forward-mode formula uses the saved mean and deviation as if they were constants. Here the mixed second derivative
is compared with central differences of the tangent.
"""

import sys

import torch


def tangent_at(x):
    along = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    return torch.func.jvp(lambda x: torch.nn.functional.layer_norm(x, (3,)), (x,), (along,))[1][
        0, 0
    ]


x = torch.tensor([[0.5, 1.5, -1.0]], dtype=torch.float64)
got = torch.func.grad(tangent_at)(x)[0, 0].item()
h = torch.tensor([[1e-5, 0.0, 0.0]], dtype=torch.float64)
want = ((tangent_at(x + h) - tangent_at(x - h)) / 2e-5).item()
print(f"derivative of the tangent: got {got:.8f}, differences say {want:.8f}")
sys.exit(abs(got - want) > 1e-6)
