"""logaddexp of complex64 numbers whose real parts lie 100 apart is NaN, where it is the larger one.

log(exp(a) + exp(b)) = a + log(1 + exp(b - a)), and the second term is 1e-44 here. In complex128 the result is right.
"""

import cmath
import sys

import torch

a, b = (torch.tensor([z], dtype=torch.complex64) for z in (1 + 1j, -100 + 0j))
got = torch.logaddexp(a, b).item()
print(f"logaddexp(1 + i, -100): got {got!r}, want (1+1j)")
sys.exit(not cmath.isclose(got, 1 + 1j, rel_tol=1e-5))
