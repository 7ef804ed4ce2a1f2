"""Double backward of atan2 is NaN at the origin, where the gradients are 0.

There is no derivative at the origin, and reverse mode says 0 by convention. The zeros are put in the place of 0 times
an infinity, which is differentiated all the same. Of a tensor that is broadcast the NaN takes the second derivative
with it that the other elements have.
"""

import sys

import torch

y = torch.tensor([0.0], dtype=torch.float64, requires_grad=True)
x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.atan2(y, x).sum(), y, create_graph=True)
found = torch.autograd.grad(first.sum(), (y, x))
print(f"gradient by y {first.tolist()}, and of that by y and x: {[g.tolist() for g in found]}")
print("want [0.0] and [0.0, -1.0]")
sys.exit(any(bool(g.isnan().any()) for g in found))
