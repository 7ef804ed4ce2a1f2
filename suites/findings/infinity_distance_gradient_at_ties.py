"""With p = inf, cdist and pdist give each of several tied coordinates the whole gradient.

Moving both coordinates by t moves the distance by t. pairwise_distance and vector_norm share the gradient out.
"""

import sys

import torch

one = torch.tensor([[0.0, 0.0]], dtype=torch.float64)
other = torch.tensor([[1.0, 1.0]], dtype=torch.float64, requires_grad=True)
torch.cdist(one, other, p=float("inf")).sum().backward()
points = torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64, requires_grad=True)
torch.pdist(points, p=float("inf")).sum().backward()
got, want = (other.grad.sum().item(), points.grad[1].sum().item()), (1.0, 1.0)
print(f"derivative along (1, 1), of cdist and pdist: got {got}, want {want}")
sys.exit(got != want)
