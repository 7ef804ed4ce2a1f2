"""The gradient of special.erfcx is what rounding leaves for large arguments, and NaN at infinity.

erfcx(x) = exp(x^2) erfc(x) falls like 1 / (sqrt(pi) x), so that its slope is -1 / (sqrt(pi) x^2) but for 1.5 / x^2
(Abramowitz and Stegun, 7.1.23). torch takes 2 / sqrt(pi) from 2 x erfcx(x), to which it is equal in all but a share of
1 / x^2: in float32 the slope has no correct digit from 3000 on, and in float64 none from 1e8 on.
"""

import math
import sys

import torch

wrong = False
for dtype, number in ((torch.float32, 3700.0), (torch.float64, 1e8), (torch.float64, math.inf)):
    x = torch.tensor(number, dtype=dtype, requires_grad=True)
    torch.special.erfcx(x).backward()
    want = -1 / (math.sqrt(math.pi) * number**2)
    print(f"slope at {number} in {dtype}: got {x.grad.item()}, want {want}")
    wrong |= not abs(x.grad.item() - want) <= 0.1 * abs(want)
sys.exit(wrong)
