"""lu_solve takes the wrong matrix where factors with a new dimension are broadcast, as in lu_solve(LU[:, None], ...).

lu_factor lays matrices out column by column. Where a dimension of size 1 comes in between, by indexing, unsqueeze or
vmap, each right-hand side meets another matrix than its own. The same factors in contiguous memory give the solution.
"""

import sys

import torch

generator = torch.Generator().manual_seed(0)
a = torch.rand(2, 3, 3, dtype=torch.float64, generator=generator) + 3 * torch.eye(3)
b = torch.rand(2, 2, 3, 2, dtype=torch.float64, generator=generator)
factors, pivots = torch.linalg.lu_factor(a)
for name, given in (
    ("contiguous", factors[:, None].contiguous()),
    ("as factored", factors[:, None]),
):
    x = torch.linalg.lu_solve(given, pivots[:, None], b)
    print(f"{name}: A x is off b by {(a[:, None] @ x - b).abs().max().item()}")
sys.exit(not torch.allclose(a[:, None] @ x, b))
