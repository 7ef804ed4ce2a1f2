"""vmap of linalg.solve pairs matrices with the right-hand sides of other examples, where one has fewer dimensions.

Each example solves a batch of two systems for one matrix of right-hand sides. With two examples their dimension meets
that of the batch, and vmap answers wrongly without a word; with three it raises.
"""

import sys

import torch

generator = torch.Generator().manual_seed(0)
a = torch.rand(2, 2, 3, 3, dtype=torch.float64, generator=generator) + 3 * torch.eye(3)
b = torch.rand(2, 3, 2, dtype=torch.float64, generator=generator)
got = torch.func.vmap(torch.linalg.solve)(a, b)
want = torch.stack([torch.linalg.solve(*pair) for pair in zip(a, b, strict=True)])
print(f"off by {(got - want).abs().max().item()}")
print(f"rest of the solution wanted {(a @ want - b[:, None]).abs().max().item()}")
sys.exit(not torch.allclose(got, want))
