"""The complex64 gradient of renorm by the infinity norm is NaN; in complex128 it is a number.

One number z of magnitude above maxnorm is mapped to maxnorm * z / |z|, which is smooth away from zero: of cotangent 1
the gradient at 1 + i is maxnorm / |z| * (1 - z / |z| * Re(z / |z|)) = (1 - i) / (4 sqrt(2)).
"""

import cmath
import math
import sys

import torch

z = torch.tensor([[1 + 1j]], dtype=torch.complex64, requires_grad=True)
y = torch.renorm(z, math.inf, 0, 0.5)
(gradient,) = torch.autograd.grad(y, z, torch.ones_like(y))
got, want = gradient.item(), (1 - 1j) / (4 * math.sqrt(2))
print(f"gradient: got {got!r}, want {want!r}")
sys.exit(not cmath.isclose(got, want, rel_tol=1e-4))
