"""Reverse mode over forward mode raises for the 1-norm.

The forward-mode formula writes in place to a tensor (the result of sgn) that it has saved for its own backward.
"""

import sys

import torch
from torch.autograd import forward_ad

x = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
with forward_ad.dual_level():
    dual = forward_ad.make_dual(
        x, torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    )
    tangent = forward_ad.unpack_dual(torch.linalg.vector_norm(dual, 1)).tangent
    try:
        tangent.sum().backward()
    except RuntimeError as error:
        print(f"backward of the tangent raised: {error}")
        sys.exit(1)
print("backward of the tangent works")
