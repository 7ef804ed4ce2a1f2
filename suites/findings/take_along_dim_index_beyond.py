"""torch.take_along_dim accepts an index beyond its dimension; gather, which it calls, refuses it.

Indices are wrapped by the remainder, so that 5 in a dimension of 3 reads element 2.
"""

import sys

import torch

try:
    found = torch.take_along_dim(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5]), 0)
except (RuntimeError, IndexError, ValueError) as error:
    print(f"raised {type(error).__name__}")
    sys.exit(0)
print(f"got {found}, want an error")
sys.exit(1)
