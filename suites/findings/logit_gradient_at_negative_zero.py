"""The gradient of logit at -0.0 depends on the element's place in the tensor."""

import sys

import torch

x = torch.full((67,), -0.0, dtype=torch.float64, requires_grad=True)
torch.logit(x).backward(torch.ones_like(x))
print(f"gradient of the first element {x.grad[0].item()}, of the last {x.grad[-1].item()}")
sys.exit(x.grad[0].item() != x.grad[-1].item())
