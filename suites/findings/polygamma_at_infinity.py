"""polygamma(n, inf) is NaN for n of 2 and more, where it is 0; and with it the gradient of polygamma(1, x).

The zeta function that it is made of is infinite minus infinite there. digamma and trigamma have their limits, inf
and 0.
"""

import sys

import torch

found = [torch.special.polygamma(n, torch.tensor(float("inf"))).item() for n in (2, 3)]
print(f"polygamma of orders 2 and 3 at infinity: {found}, want 0")
sys.exit(any(value != 0 for value in found))
