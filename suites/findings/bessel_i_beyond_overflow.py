"""special.i0 and special.i1 are NaN at infinity, and the slope of i1 is NaN where it is beyond the largest number.

I0 and I1 grow without bound: at 800 torch says so, infinity. The slope of i1 is I0(x) - I1(x) / x, which grows with
them; torch takes one infinity from the other.
"""

import math
import sys

import torch

x = torch.tensor([800.0, math.inf], dtype=torch.float64, requires_grad=True)
i0, i1 = torch.special.i0(x), torch.special.i1(x)
(slope,) = torch.autograd.grad(i1, x, torch.ones_like(i1))
got = {"i0": i0, "i1": i1, "the slope of i1": slope}
for name, numbers in got.items():
    print(f"{name} at [800, inf]: got {numbers.tolist()}, want [inf, inf]")
sys.exit(not all(bool((numbers == math.inf).all()) for numbers in got.values()))
