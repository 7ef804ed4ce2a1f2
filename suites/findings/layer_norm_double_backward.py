"""Double backward of layer_norm with a bias but no weight fails from inside."""

import sys

import torch

x = torch.tensor([[0.5, 1.5, -1.0]], dtype=torch.float64, requires_grad=True)
bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
y = torch.nn.functional.layer_norm(x, (3,), None, bias)
ct = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
first = torch.autograd.grad(y, (x, bias), ct, create_graph=True)
try:
    torch.autograd.grad(first, (x, bias), (ct, ct[0]), allow_unused=True)
except RuntimeError as error:
    print(f"double backward raised: {error}")
    sys.exit(1)
print("double backward works")
