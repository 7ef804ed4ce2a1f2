"""special.ndtr has no correct digit in the left tail: 0.0 at -6 in float32, 2 % too small at -8 in float64.

The area left of x is erfc(-x / sqrt(2)) / 2. torch takes 1/2 + erf(x / sqrt(2)) / 2, of which nothing is left there.
"""

import math
import sys

import torch

wrong = False
for x, dtype in ((-6.0, torch.float32), (-8.0, torch.float64)):
    want = math.erfc(-x / math.sqrt(2)) / 2
    got = torch.special.ndtr(torch.tensor(x, dtype=dtype)).item()
    print(f"ndtr({x}) in {dtype}: got {got!r}, want {want!r}")
    wrong = wrong or abs(got / want - 1) > 1e-3
sys.exit(wrong)
