"""masked.norm of a negative order is 0 as soon as an element is masked out, and its gradient with it.

Elements that are masked out are documented to be left out. For these orders they count as 0, whose power is
infinite; for order -inf they are taken as inf, which is right.
"""

import sys

import torch

x = torch.tensor([1.0, 2.0, 4.0])
found = torch.masked.norm(x, -1.0, dim=0, mask=torch.tensor([True, True, False]))
wanted = torch.linalg.vector_norm(x[:2], -1.0)
print(f"masked norm of order -1: {found.item()}, of what is not masked out: {wanted.item()}")
sys.exit(not torch.isclose(found, wanted))
