"""torch.func.vjp of tensor_split by a tensor of indices fails."""

import sys

import torch

x = torch.zeros(4, dtype=torch.float64)
try:
    torch.func.vjp(lambda x: torch.tensor_split(x, torch.tensor([1, 2])), x)
except RuntimeError as error:
    print(f"raised: {error}")
    sys.exit(1)
print("torch.func.vjp works")
