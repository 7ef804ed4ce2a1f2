"""At ties forward mode of fmax and fmin follows the other argument than reverse mode.

The value is the same, but reverse mode gives the first argument the whole gradient and forward mode passes on the
tangent of the second: the two modes are derivatives of different functions.
"""

import sys

import torch

one, zero = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
x = one.clone().requires_grad_()
torch.fmax(x, one).backward()
_, tangent = torch.func.jvp(torch.fmax, (one, one), (one, zero))
print(
    f"derivative by the first argument at a tie: reverse {x.grad.item()}, forward {tangent.item()}"
)
sys.exit(x.grad.item() != tangent.item())
