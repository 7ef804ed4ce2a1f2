"""The tangent of masked.logsumexp is NaN where a slice is masked out entirely.

The gradient there is 0, and so is the derivative.
"""

import sys

import torch

x, t = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
mask = torch.tensor([False, False])
_, tangent = torch.func.jvp(lambda x: torch.masked.logsumexp(x, 0, mask=mask), (x,), (t,))
got = tangent.item()
print(f"tangent: got {got}, want 0.0")
sys.exit(got != 0.0)
