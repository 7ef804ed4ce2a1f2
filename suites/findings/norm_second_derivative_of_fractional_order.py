"""Double backward of a norm of an order between 0 and 3, other than 1 and 2, is NaN at an element that is 0.

The gradient of (sum |x|^p)^(1/p) is sgn(x) |x|^(p-1) / norm^(p-1). At an element 0 of a vector that is not zero its
slope is (p-1) |x|^(p-2) / norm^(p-1): 0 for p above 2, and infinity below. For p below 1 the gradient itself is
infinite there, and torch takes 0 by convention: forward mode over it gives 0. NaN is infinity times the sign of 0.
"""

import math
import sys

import torch

failed = False
for order, want in ((2.5, 0.0), (1.5, math.inf), (0.5, 0.0)):
    x = torch.tensor([0.0, 2.0], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(torch.linalg.vector_norm(x, order), x, create_graph=True)
    (second,) = torch.autograd.grad(first[0], x)
    failed |= second[0].item() != want
    print(f"order {order}: second derivative by the 0: got {second[0].item()}, want {want}")
sys.exit(failed)
