"""Forward mode of logcumsumexp is wrong where the input rises.

The first entry of the result is the first of the input, so that its tangent is the input's: 1. Where a later entry is
60 larger, forward mode gives 9e-14; where it is 10 larger, the error is 1e-6. Reverse mode is right.
"""

import sys

import torch

x = torch.tensor([-30.0, 30.0], dtype=torch.float64)
_, tangent = torch.func.jvp(lambda x: torch.logcumsumexp(x, 0), (x,), (torch.ones_like(x),))
got, want = tangent.tolist(), [1.0, 1.0]
print(f"tangent: got {got}, want {want}")
sys.exit(abs(got[0] - 1.0) > 1e-12)
