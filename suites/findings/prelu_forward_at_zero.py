"""At 0 forward mode of prelu takes the slope 1, reverse mode the weight."""

import sys

import torch

x, weight = torch.zeros(1, dtype=torch.float64), torch.tensor([0.25], dtype=torch.float64)
leaf = x.clone().requires_grad_()
torch.nn.functional.prelu(leaf, weight).backward()
_, tangent = torch.func.jvp(
    lambda x: torch.nn.functional.prelu(x, weight), (x,), (torch.ones_like(x),)
)
print(f"slope at 0: reverse {leaf.grad.item()}, forward {tangent.item()}")
sys.exit(leaf.grad.item() != tangent.item())
