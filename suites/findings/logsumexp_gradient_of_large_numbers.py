"""The gradient of logsumexp loses the digits that its inputs have before the point.

The gradient is softmax(x), which depends on differences alone. torch forms exp(x - result) with the rounded result:
at [1e6, 1e6 + 0.5] in float32 the weights are 0.368 and 0.607, whose sum is 0.974. torch.softmax is right there. Of
complex numbers the imaginary parts count as well, so that no weight is right where they are large.
"""

import sys

import torch

x = torch.tensor([1e6, 1e6 + 0.5], requires_grad=True)
torch.logsumexp(x, 0).backward()
want = torch.softmax(x.detach(), 0)
print(f"gradient: got {x.grad.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(x.grad, want, rtol=1e-4))
