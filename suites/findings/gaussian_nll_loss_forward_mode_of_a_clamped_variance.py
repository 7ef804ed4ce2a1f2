"""Forward mode of gaussian_nll_loss drops the tangent of a variance below eps.

The variance is clamped under no_grad, which is documented to leave gradients unaffected. Reverse mode keeps to that;
no_grad does not stop forward mode, and the clamp gives a tangent of 0.
"""

import sys

import torch

one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
loss = torch.nn.functional.gaussian_nll_loss
variance = zero.clone().requires_grad_()
loss(one, zero, variance, eps=0.01).backward()
with torch.autograd.forward_ad.dual_level():
    dual = torch.autograd.forward_ad.make_dual(zero, one)
    tangent = torch.autograd.forward_ad.unpack_dual(loss(one, zero, dual, eps=0.01)).tangent
got, want = tangent.item(), variance.grad.item()
print(f"derivative by the variance: forward mode {got!r}, reverse mode {want!r}")
sys.exit(abs(got - want) > 1e-9 * abs(want))
