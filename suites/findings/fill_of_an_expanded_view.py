"""zero_() and fill_() of an expanded view are accepted, and break backward.

The write is recorded; backward then raises from inside, where it writes the view's part of the gradient. The gradient
exists: it is 0. Either the write should be refused or backward should work.
"""

import sys

import torch

x = torch.ones(1, dtype=torch.float64, requires_grad=True)
base = x * 1.0
base.expand(3).zero_()
try:
    base.sum().backward()
except RuntimeError as error:
    print(f"backward raised: {error}")
    sys.exit(1)
print(f"gradient: got {x.grad.item()}, want 0.0")
sys.exit(x.grad.item() != 0.0)
