"""At the origin forward mode of atan2 is NaN, reverse mode 0."""

import sys

import torch

zero, one = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
y = zero.clone().requires_grad_()
torch.atan2(y, zero).backward()
_, tangent = torch.func.jvp(torch.atan2, (zero, zero), (one, zero))
print(
    f"derivative by the first argument at the origin: reverse {y.grad.item()}, forward {tangent.item()}"
)
sys.exit(y.grad.item() != tangent.item())
