"""soft_margin_loss is infinite, and its gradient NaN, for large arguments.

log(1 + exp(-y x)) is -y x + log(1 + exp(y x)), which is 1000 at y x = -1000 with the slope -y.
"""

import sys

import torch

x = torch.tensor(-1000.0, dtype=torch.float64, requires_grad=True)
loss = torch.nn.functional.soft_margin_loss(x, torch.tensor(1.0, dtype=torch.float64))
loss.backward()
got, want = (loss.item(), x.grad.item()), (1000.0, -1.0)
print(f"loss and gradient: got {got}, want {want}")
sys.exit(got != want)
