"""The slope of hardsigmoid is a float32 number in float64.

The slope is 1/6; the float64 gradient is 1/6 rounded to float32, 3e-8 too large, relatively.
"""

import sys

import torch

x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
torch.nn.functional.hardsigmoid(x).backward()
got, want = x.grad.item(), 1.0 / 6.0
print(f"gradient: got {got!r}, want {want!r}")
sys.exit(abs(got - want) > 1e-15)
