"""The gradient of copysign at an infinite magnitude is NaN, where it is 1 or -1.

It is formed as the result divided by the magnitude: infinity over infinity.
"""

import sys

import torch

x = torch.tensor([float("inf"), 2.0], requires_grad=True)
(found,) = torch.autograd.grad(torch.copysign(x, torch.tensor(-1.0)).sum(), x)
print(f"gradient of copysign([inf, 2], -1): {found.tolist()}, want [-1.0, -1.0]")
sys.exit(found.tolist() != [-1.0, -1.0])
