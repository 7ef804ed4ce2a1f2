"""Forward mode of triangular_solve uses the triangle that the solve never reads.

The solution does not depend on the lower triangle of an upper triangular system; reverse mode gives it a gradient of
zero, forward mode a tangent that is not zero.
"""

import sys

import torch

b = torch.tensor([[1.0], [1.0]], dtype=torch.float64)
a = torch.tensor([[2.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
along = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
_, tangent = torch.func.jvp(lambda x: torch.triangular_solve(b, x).solution, (a,), (along,))
got, want = tangent.tolist(), [[0.0], [0.0]]
print(f"tangent along the unread triangle: got {got}, want {want}")
sys.exit(not torch.allclose(tangent, torch.tensor(want, dtype=torch.float64)))
