"""The gradient of as_strided_scatter by self is the wrong way round.

It is taken at the places that src overwrites, where self has no influence, and is zero everywhere else, where it
should be the incoming gradient.
"""

import sys

import torch

x = torch.zeros(4, dtype=torch.float64, requires_grad=True)
src = torch.zeros(2, dtype=torch.float64)
y = torch.as_strided_scatter(x, src, (2,), (1,), 1)
y.backward(torch.tensor([2.0, 3.0, 5.0, 7.0], dtype=torch.float64))
got, want = x.grad.tolist(), [2.0, 0.0, 0.0, 7.0]
print(f"gradient by self: got {got}, want {want}")
sys.exit(got != want)
