"""special.i0 and special.i1 are infinite up to four units before they are beyond the largest number.

They are e^x times a number below 1 / sqrt(2 pi x), and computed so: from where e^x overflows, at 709.8 in float64 and
88.8 in float32, they are infinite, though I0(713.9) is still a double and I0(91.9) a float.
"""

import math
import sys

import torch

wrong = False
# The first two terms of the asymptotic series are good to 1e-5 there (Abramowitz and Stegun, 9.7.1).
for dtype, x in ((torch.float64, 711.0), (torch.float32, 90.0)):
    want = math.exp(x / 2) / math.sqrt(2 * math.pi * x) * math.exp(x / 2) * (1 + 1 / (8 * x))
    got = torch.special.i0(torch.tensor(x, dtype=dtype)).item()
    print(f"i0({x}) in {dtype}: got {got}, want {want}")
    wrong |= not abs(got / want - 1) < 1e-4
sys.exit(wrong)
