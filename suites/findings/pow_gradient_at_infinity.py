"""The gradients of pow are NaN at infinite bases and exponents where the power is 0, and its slopes with it.

x^y is 0 with y = -inf for every x above 1: the slope y x^(y-1) is 0 in the limit, since a power outgrows its exponent.
With x = inf it is 0 for every y below 0: the slope x^y log x is 0 in the limit, since a power outgrows a logarithm.
Both are formed as infinity times 0.
"""

import math
import sys

import torch

wrong = False
for base, exponent in ((2.0, -math.inf), (0.5, math.inf), (math.inf, -1.5)):
    x = torch.tensor(base, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(exponent, dtype=torch.float64, requires_grad=True)
    torch.pow(x, y).backward()
    got = [x.grad.item(), y.grad.item()]
    print(f"{base} ** {exponent}: got slopes {got}, want [0.0, 0.0]")
    wrong |= got != [0.0, 0.0]
sys.exit(wrong)
