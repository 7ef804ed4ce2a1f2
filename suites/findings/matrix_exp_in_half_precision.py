"""matrix_exp in bfloat16 and float16 is garbage.

The exponential of half the identity is e^0.5 = 1.6487 times the identity.
"""

import math
import sys

import torch

want, wrong = math.exp(0.5), False
for dtype in (torch.bfloat16, torch.float16):
    got = torch.matrix_exp(torch.eye(2, dtype=dtype) / 2)[0, 0].item()
    print(f"{dtype}: got {got}, want {want}")
    wrong |= not abs(got - want) < 0.05
sys.exit(wrong)
