"""x.mul_(x) on a dual tensor gets the wrong tangent.

The tangent is overwritten before its second use: d(x^2) = 2 x t comes out as t x + (t x) x. The same product out of
place, or by a clone, is right.
"""

import sys

import torch

x, t = torch.tensor([3.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
with torch.autograd.forward_ad.dual_level():
    dual = torch.autograd.forward_ad.make_dual(x.clone(), t.clone())
    dual.mul_(dual)
    got = torch.autograd.forward_ad.unpack_dual(dual).tangent.item()
want = 6.0
print(f"tangent of x * x at 3 along 1: got {got}, want {want}")
sys.exit(got != want)
