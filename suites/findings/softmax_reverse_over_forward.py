"""Reverse mode over forward mode raises for log_softmax, softmax and logsumexp.

The forward-mode formula writes in place to a tensor that it has saved for its own backward. The same derivative
through torch.func works.
"""

import sys

import torch
from torch.autograd import forward_ad

x = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
with forward_ad.dual_level():
    dual = forward_ad.make_dual(x, torch.tensor([1.0, 2.0], dtype=torch.float64))
    tangent = forward_ad.unpack_dual(torch.log_softmax(dual, 0)).tangent
    try:
        tangent.sum().backward()
    except RuntimeError as error:
        print(f"backward of the tangent raised: {error}")
        sys.exit(1)
print(f"second derivative: {x.grad.tolist()}")
