"""The second derivative of det of a real singular matrix is NaN, or wrong, where two of its singular values are equal.

det diag(1 + s, 1 + t, u) = (1 + s) (1 + t) u has by u the derivative (1 + s) (1 + t), and of that the derivatives by s
and by t are 1 at 0. The first derivative is right.
"""

import sys

import torch

a = torch.diag(torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)).requires_grad_()
(first,) = torch.autograd.grad(torch.linalg.det(a), a, create_graph=True)
(second,) = torch.autograd.grad(first[2, 2], a)
want = torch.diag(torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64))
print(f"first: {first[2, 2].item()}; second: got {second.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(second, want))
