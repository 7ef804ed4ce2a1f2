"""The second derivative of copysign is rounding left over, divided by the magnitude: 4e186 at 1e-200, where it is 0.

copysign(x, y) is x or -x on either side of 0. Its gradient is the quotient of result and x, which is differentiated to
(1 - x / x) / x in effect, with roundings in between: of a random gradient something is left at every fourth element,
an ulp over x.
"""

import sys

import torch

x = torch.full((64,), 1.1e-100, dtype=torch.float64, requires_grad=True)
weight = torch.arange(1.0, 65.0, dtype=torch.float64) / 7
(first,) = torch.autograd.grad(torch.copysign(x, -2.0), x, weight, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print(f"largest second derivative at 1.1e-100: got {second.abs().max().item():.3g}, want 0")
sys.exit(bool((second != 0).any()))
