"""Reverse mode over forward mode raises for binary_cross_entropy where its target alone is differentiated.

The loss is linear in the target y: its tangent is y' (log(1 - x) - log x), whose derivative by y is 0.
"""

import sys

import torch
from torch.autograd import forward_ad

probability = torch.tensor([0.25, 0.5], dtype=torch.float64)
target = torch.tensor([0.25, 0.75], dtype=torch.float64, requires_grad=True)
with forward_ad.dual_level():
    dual = forward_ad.make_dual(target, torch.tensor([1.0, 2.0], dtype=torch.float64))
    try:
        loss = torch.nn.functional.binary_cross_entropy(probability, dual)
        tangent = forward_ad.unpack_dual(loss).tangent
        if tangent.requires_grad:
            tangent.backward()
    except RuntimeError as error:
        print(f"the tangent, or backward of it, raised: {error}")
        sys.exit(1)
got = [0.0, 0.0] if target.grad is None else target.grad.tolist()
print(f"derivative of the tangent: got {got}, want [0.0, 0.0]")
sys.exit(got != [0.0, 0.0])
