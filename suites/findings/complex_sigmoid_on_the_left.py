"""sigmoid of a complex number with a large negative real part is NaN, where it is all but zero.

1 / (1 + exp(-z)) tends to 0 as Re z falls. exp(-z) overflows below -89 in complex64 and below -710 in complex128, and
one over a complex infinity is NaN. The sigmoid of real numbers is 0 there.
"""

import math
import sys

import torch

wrong = False
for dtype, place in ((torch.complex64, -100.0), (torch.complex128, -800.0)):
    got = torch.sigmoid(torch.tensor([place + 1j], dtype=dtype)).item()
    print(f"sigmoid({place} + i) in {dtype}: got {got!r}, want 0")
    wrong = wrong or math.isnan(got.real)
sys.exit(wrong)
