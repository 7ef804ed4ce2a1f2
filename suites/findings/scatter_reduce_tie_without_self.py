"""The gradient of scatter_reduce(amax, include_self=False) counts the excluded self in a tie.

With include_self=False the result does not depend on self; the whole gradient belongs to src.
"""

import sys

import torch

x = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
src = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
index = torch.tensor([0])
torch.scatter_reduce(x, 0, index, src, "amax", include_self=False).sum().backward()
got, want = (x.grad.tolist(), src.grad.tolist()), ([0.0], [1.0])
print(f"gradients by self and src: got {got}, want {want}")
sys.exit(got != want)
