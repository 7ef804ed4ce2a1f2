"""native_group_norm loses the gradient of its mean unless its deviation has one as well, and the other way round.

The three results are differentiable. Where only the mean, or the mean and the normalized tensor, are used, what
comes back through the mean is left out, without an error; where all three are used everything is right.
"""

import sys

import torch

x = torch.arange(12.0, dtype=torch.float64).reshape(1, 4, 3).square().requires_grad_()
_, mean, deviation = torch.native_group_norm(x, None, None, 1, 4, 3, 2, 1e-5)
(alone,) = torch.autograd.grad(mean.sum(), x, retain_graph=True, allow_unused=True)
(both,) = torch.autograd.grad([mean.sum(), 0 * deviation.sum()], x)
print(
    f"gradient of the mean alone: {alone}, with a deviation that counts 0 times: {both[0, 0].tolist()}"
)
sys.exit(alone is None or not torch.allclose(alone, both))
