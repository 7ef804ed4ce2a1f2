"""A norm, or a distance, of a high order overflows where it is a small number: of order 10 in float32 from 7,000 on.

The sum of the powers is formed as it stands: 1e4 to the tenth power is beyond the largest number of float32. The norm
of (1e4, 0) is 1e4 for every order, and its gradient (1, 0); divided by the largest element first it would come out.
"""

import sys

import torch

x = torch.tensor([[0.0, 0.0], [1e4, 0.0]], requires_grad=True)
found = {
    "vector_norm": torch.linalg.vector_norm(x[1], 10),
    "pdist": torch.nn.functional.pdist(x, 10).sum(),
    "cdist": torch.cdist(x[:1], x[1:], 10).sum(),
}
gradients = {name: torch.autograd.grad(y, x)[0][1].tolist() for name, y in found.items()}
for name, y in found.items():
    print(f"{name}: got {y.item()}, want 10000.0; gradient: got {gradients[name]}, want [1.0, 0.0]")
is_right = all(abs(y.item() - 1e4) < 1 for y in found.values())
sys.exit(not (is_right and all(g == [1.0, 0.0] for g in gradients.values())))
