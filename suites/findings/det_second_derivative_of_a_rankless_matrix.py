"""The second derivative of det is NaN at a matrix whose rank is n - 2 or less, in every mode.

det [[a, b], [c, d]] = a d - b c is a polynomial: along a direction [[p, q], [r, s]] its gradient [[d, -c], [-b, a]]
changes by [[s, -r], [-q, p]], at the zero matrix as everywhere else. At rank n - 1 torch is right.
"""

import sys

import torch

a = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
direction = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.float64)
want = torch.tensor([[5.0, -3.0], [-2.0, 1.0]], dtype=torch.float64)
(first,) = torch.autograd.grad(torch.linalg.det(a), a, create_graph=True)
(second,) = torch.autograd.grad(first, a, direction)
forward = torch.func.jvp(torch.func.grad(torch.linalg.det), (a.detach(),), (direction,))[1]
print(f"double backward: got {second.tolist()}, want {want.tolist()}")
print(f"forward over reverse: got {forward.tolist()}, want {want.tolist()}")
sys.exit(not (torch.allclose(second, want) and torch.allclose(forward, want)))
