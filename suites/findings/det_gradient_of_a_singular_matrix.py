"""The gradient of det is 0 at a matrix of rank n - 1, where it is the adjugate.

det [[a, b], [c, d]] = a d - b c has the gradient [[d, -c], [-b, a]], whatever the rank.
"""

import sys

import torch

a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.float64, requires_grad=True)
torch.linalg.det(a).backward()
got, want = a.grad.tolist(), [[4.0, -2.0], [-2.0, 1.0]]
print(f"gradient: got {got}, want {want}")
sys.exit(not torch.allclose(a.grad, torch.tensor(want, dtype=torch.float64)))
