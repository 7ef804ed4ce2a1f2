"""The float64 gradient of special.log_ndtr loses digits for large negative arguments.

The derivative is -x (1 + 1 / x^2 - 2 / x^4 + ...), by the asymptotic series of Mills' ratio (Abramowitz and Stegun,
26.2.12). At -3000 the gradient is off by 1e-9, relatively.
"""

import sys

import torch

x = torch.tensor(-3000.0, dtype=torch.float64, requires_grad=True)
torch.special.log_ndtr(x).backward()
got, want = x.grad.item(), 3000.0 * (1 + 1 / 9e6 - 2 / 81e12)
print(f"gradient: got {got!r}, want {want!r}")
sys.exit(abs(got / want - 1) > 1e-13)
