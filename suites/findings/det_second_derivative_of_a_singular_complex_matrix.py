"""The second derivative of det of a singular complex matrix is wrong, where that of the same real one is right.

det [[a, b], [c, d]] = a d - b c is holomorphic, and its gradient is the cotangent times the conjugate of the
derivative, [[d, -c], [-b, a]]. That is linear in the matrix: weighed by [[p, q], [r, s]] its gradient is the cotangent
times the conjugate of [[s, -r], [-q, p]], whatever the matrix. The first gradient is right.
"""

import sys

import torch

a = torch.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=torch.complex128, requires_grad=True)
weights = torch.tensor([[1 + 2j, 3 - 1j], [-2 + 1j, 1j]], dtype=torch.complex128)
cotangent = torch.tensor(1 + 1j, dtype=torch.complex128)
(first,) = torch.autograd.grad(torch.linalg.det(a), a, cotangent, create_graph=True)
(second,) = torch.autograd.grad(first, a, weights)
(p, q), (r, s) = cotangent * weights.conj()
want = torch.stack([torch.stack([s, -r]), torch.stack([-q, p])])
print(f"gradient: {first.tolist()}")
print(f"second gradient: got {second.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(second, want))
