"""The forward-mode derivative of cholesky_inverse is wrong for a factor that is not diagonal.

With L = [[1, 0], [a, 1]] the result (L L^T)^-1 is [[1 + a^2, -a], [-a, 1]], so that its derivative by a at a = 1 is
[[2, -1], [-1, 0]]. Reverse mode is right.
"""

import sys

import torch

factor = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
along = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
_, tangent = torch.func.jvp(torch.cholesky_inverse, (factor,), (along,))
got, want = tangent.tolist(), [[2.0, -1.0], [-1.0, 0.0]]
print(f"tangent: got {got}, want {want}")
sys.exit(not torch.allclose(tangent, torch.tensor(want, dtype=torch.float64)))
