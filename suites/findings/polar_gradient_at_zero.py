"""The gradient of polar by abs is lost where abs is 0.

polar(r, a) = r e^(i a), so that its real part has the derivative cos(a) by r, at r = 0 too.
"""

import sys

import torch

r = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
torch.polar(r, torch.tensor(0.0, dtype=torch.float64)).real.backward()
got, want = r.grad.item(), 1.0
print(f"gradient by abs: got {got}, want {want}")
sys.exit(got != want)
