"""Double backward of a norm of a higher order overflows in float32, from vectors of 1e-5 on for the order 6.

The second derivatives of the p-norm n are (p-1) / n at most. They become infinite where the power n^(2p-2) has no
reciprocal in the dtype, long before that.
"""

import sys

import torch

found = []
for dtype in (torch.float32, torch.float64):
    x = torch.tensor([1e-5, 2e-5], dtype=dtype, requires_grad=True)
    (first,) = torch.autograd.grad(torch.linalg.vector_norm(x, 6), x, create_graph=True)
    (second,) = torch.autograd.grad(first[0], x)
    found.append(second)
    print(f"{dtype}: {second.tolist()}")
sys.exit(not torch.allclose(found[0].double(), found[1], rtol=1e-3))
