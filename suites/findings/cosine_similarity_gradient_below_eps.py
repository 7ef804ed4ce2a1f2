"""The gradient of cosine_similarity goes through a norm that is clamped to eps.

It is documented as x . y / (max(|x|, eps) max(|y|, eps)). Below eps that is linear in x, so its gradient is
y / (eps max(|y|, eps)); torch takes off a part along x, as if the norm were not clamped.
"""

import sys

import torch

x = torch.tensor([0.1, 0.2], dtype=torch.float64, requires_grad=True)
y = torch.tensor([3.0, 4.0], dtype=torch.float64)
torch.nn.functional.cosine_similarity(x, y, dim=0, eps=0.5).backward()
want = y / (0.5 * 5.0)
print(f"gradient: got {x.grad.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(x.grad, want))
