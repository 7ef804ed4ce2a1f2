"""The gradient of sinc loses its digits close to zero: at 1e-3 in float32 it is off by some per cent.

It is formed as (y cos y - sin y) / (y x) with y = pi x, whose numerator is -y^3 / 3 for small y, a difference of two
numbers as large as y. The derivative is -pi^2 x / 3 (1 - y^2 / 10 + ...), which is easily exact.
"""

import math
import sys

import torch

worst = 0.0
for x in (2e-4, 5e-4, 1e-3, 2e-3):
    at = torch.tensor(x, requires_grad=True)
    torch.sinc(at).backward()
    y = math.pi * at.item()
    want = math.pi * (-y / 3 + y**3 / 30)
    print(f"gradient at {x}: got {at.grad.item()}, want {want}")
    worst = max(worst, abs(at.grad.item() / want - 1))
sys.exit(worst > 1e-3)
