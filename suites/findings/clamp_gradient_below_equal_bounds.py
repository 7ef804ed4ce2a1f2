"""Below two equal bounds nobody gets the gradient of clamp.

Moving both bounds by t moves the result by t, so their gradients add up to 1. Forward mode gives the lower bound 1.
"""

import sys

import torch

x = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
low = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
high = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
torch.clamp(x, low, high).backward()
got, want = (x.grad + low.grad + high.grad).item(), 1.0
print(f"sum of the gradients: got {got!r}, want {want!r}")
sys.exit(got != want)
