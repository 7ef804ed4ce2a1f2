"""The float16 gradient of vector_norm overflows where neither the norm nor the gradient does.

The p-norm of a single number is its absolute value, whose derivative is its sign: at 0.05 with p = 6 the gradient is
infinite.
"""

import sys

import torch

x = torch.tensor(0.05, dtype=torch.float16, requires_grad=True)
torch.linalg.vector_norm(x, 6).backward()
got, want = x.grad.item(), 1.0
print(f"gradient: got {got}, want {want}")
sys.exit(abs(got - want) > 0.01)
