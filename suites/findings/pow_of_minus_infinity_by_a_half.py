"""The powers 0.5 and -0.5 of -inf are NaN where the exponent is a number, and inf and 0 where it is a tensor.

IEEE 754 (9.2.1) and C99 (F.9.4.4) define pow(-inf, y) as inf for y > 0 that is no odd integer, and as 0 for y < 0.
Torch takes a square root instead.
"""

import sys

import torch

base = torch.tensor([-torch.inf], dtype=torch.float64)
wrong = 0
for exponent, want in ((0.5, torch.inf), (-0.5, 0.0), (1.5, torch.inf), (-1.5, 0.0)):
    by_number, by_tensor = base.pow(exponent).item(), base.pow(torch.tensor([exponent])).item()
    print(f"(-inf)^{exponent}: {by_number} by a number, {by_tensor} by a tensor, want {want}")
    wrong += by_number != want
sys.exit(wrong > 0)
