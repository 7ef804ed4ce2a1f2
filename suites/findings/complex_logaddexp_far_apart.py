"""logaddexp of complex numbers far apart is NaN in complex64, and so is its gradient by the smaller one in any dtype.

log(exp(a) + exp(b)) = a + log(1 + exp(b - a)), and the second term is 1e-44 where the real parts lie 100 apart. The
gradient by b is 1 / (1 + exp(a - b)), which tends to 0; torch divides by a complex infinity once exp(a - b) overflows.
"""

import cmath
import sys

import torch

a, b = (torch.tensor([z], dtype=torch.complex64) for z in (1 + 1j, -100 + 0j))
value = torch.logaddexp(a, b).item()
print(f"logaddexp(1 + i, -100): got {value!r}, want (1+1j)")

a, b = (torch.tensor([z], dtype=torch.complex128) for z in (8000 - 3000j, -4000 + 500j))
b.requires_grad_()
(gradient,) = torch.autograd.grad(torch.logaddexp(a, b), b, torch.ones_like(b))
print(f"gradient by the smaller number: got {gradient.item()!r}, want 0")
sys.exit(not cmath.isclose(value, 1 + 1j, rel_tol=1e-5) or gradient.item() != 0)
