"""Double backward of sinc is NaN at 0, where the second derivative is -pi^2 / 3.

sinc(x) = sin(pi x) / (pi x) is 1 - pi^2 x^2 / 6 + ... The first derivative has its limit 0 in the place of 0 / 0, and
the quotient is differentiated all the same.
"""

import math
import sys

import torch

x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.sinc(x), x, create_graph=True)
(second,) = torch.autograd.grad(first, x)
want = -(math.pi**2) / 3
print(f"second derivative at 0: got {second.item()}, want {want}")
sys.exit(not math.isclose(second.item(), want, rel_tol=1e-9))
