"""The gradient of polar by abs is lost where abs is 0, and its derivative loses digits near it.

polar(r, a) = r e^(i a), so that its real part has the derivative cos(a) by r, at r = 0 too. It is taken along the sign
of the result, the quotient of result and size: differentiated by r once more, 0 comes out as an ulp over r.
"""

import sys

import torch

r = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
torch.polar(r, torch.tensor(0.0, dtype=torch.float64)).real.backward()
got, want = r.grad.item(), 1.0
print(f"gradient by abs: got {got}, want {want}")

r = torch.tensor(1e-12, dtype=torch.float64, requires_grad=True)
part = torch.polar(r, torch.tensor(0.3, dtype=torch.float64)).real
(first,) = torch.autograd.grad(part, r, create_graph=True)
(second,) = torch.autograd.grad(first, r)
print(f"second derivative by abs at 1e-12: got {second.item()}, want 0.0")
sys.exit(got != want or second.item() != 0.0)
