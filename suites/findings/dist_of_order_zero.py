"""Backward of dist with p = 0 fails from inside where one operand is broadcast.

The gradient of a count is 0, which torch leaves undefined, and then sums over the broadcast dimensions: "Expected a
proper Tensor but got None". Without broadcasting there is no gradient and no error.
"""

import sys

import torch

x = torch.ones(2, 3, requires_grad=True)
y = torch.zeros(3, requires_grad=True)
try:
    torch.dist(x, y, p=0).backward()
except RuntimeError as error:
    print(f"backward of dist(x, y, p=0): {error}")
    sys.exit(1)
sys.exit(0)
