"""The gradient of prelu at 0 is the weight, but its own gradient by the weight is 0, and not 1.

Whichever slope is taken at the kink, the gradient by the input is a function of the weight there, and reverse mode
returns the weight itself.
"""

import sys

import torch

x = torch.tensor([0.0], dtype=torch.float64, requires_grad=True)
weight = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.nn.functional.prelu(x, weight), x, create_graph=True)
(got,) = torch.autograd.grad(first, weight)
moved = torch.nn.functional.prelu(x, weight.detach() + 1)
(there,) = torch.autograd.grad(moved, x)
want = there - first.detach()
print(f"gradient {first.item()}, of that by the weight: got {got.item()}, want {want.item()}")
sys.exit(got.item() != want.item())
