"""The gradients of special.i0e and special.i1e lose their digits far out: at 3e6 in float32 they are 14 % off.

They are I1e - sign(x) I0e, and I0e - I1e (sign(x) + 1 / x), differences of numbers that are equal up to 1 / (2 x) of
them; by the asymptotic series (Abramowitz and Stegun, 9.7.1) the derivative of both falls off as the derivative of
1 / sqrt(2 pi |x|), which is -1 / (2 |x|) of it. In float64 at 3e6 nine digits are left.
"""

import math
import sys

import torch

wrong = False
for name, sign in (("i0e", 1.0), ("i1e", 1.0)):
    for dtype, bound in ((torch.float32, 1e-2), (torch.float64, 1e-12)):
        x = torch.tensor(3e6, dtype=dtype, requires_grad=True)
        getattr(torch.special, name)(x).backward()
        # The next terms of the series: 3 / (8 x) and -9 / (8 x) of it, and less than 1e-12.
        more = 3 / 8 if name == "i0e" else -9 / 8
        want = -sign / (2 * 3e6 * math.sqrt(2 * math.pi * 3e6)) * (1 + more / 3e6)
        got = x.grad.item()
        print(f"gradient of {name} at 3e6 in {dtype}: {got!r}, want {want!r}")
        wrong |= abs(got / want - 1) > bound
sys.exit(wrong)
