"""Reverse mode over forward mode is NaN for std of equal numbers, and for norms of order 3 and more of zero vectors.

The gradient there is 0, a subgradient that torch documents for the norm (Autograd mechanics, "Gradients for
non-differentiable functions"). Its derivatives in forward mode over reverse mode, and in double backward, are 0 too.
"""

import sys

import torch
from torch.func import grad, jvp

ops = {
    "std": (torch.std, torch.tensor([2.0, 2.0, 2.0], dtype=torch.float64)),
    "norm of order 3": (lambda x: torch.norm(x, 3), torch.zeros(3, dtype=torch.float64)),
    "vector_norm of order 6": (
        lambda x: torch.linalg.vector_norm(x, 6),
        torch.zeros(3, dtype=torch.float64),
    ),
}
along = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
is_wrong = False
for name, (op, x) in ops.items():
    got = grad(lambda x, op=op: jvp(op, (x,), (along,))[1])(x)
    other = jvp(grad(op), (x,), (along,))[1]
    print(f"{name}: reverse over forward {got.tolist()}, forward over reverse {other.tolist()}")
    is_wrong |= not torch.equal(got, torch.zeros_like(x))
sys.exit(is_wrong)
