"""polygamma(1, x) in float64 is good to nine digits only.

The trigamma function at 1 is pi^2 / 6.
"""

import math
import sys

import torch

got, want = torch.polygamma(1, torch.tensor(1.0, dtype=torch.float64)).item(), math.pi**2 / 6
print(f"trigamma(1): got {got!r}, want {want!r}")
sys.exit(abs(got - want) > 1e-13)
