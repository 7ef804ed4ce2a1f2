"""The gradient of the singular vectors of a complex matrix is noise where the singular values are large.

|U| does not change when the matrix is multiplied by a number, so its gradient shrinks by that number. In complex64 it
is off by 1e-2, relatively, at singular values of 1e3, and wrong altogether from 1e4 on; in complex128 from 1e8 on. Real
matrices keep all digits. What grows with the matrix is the rounding of the diagonal of U^H dU, whose imaginary part is
0: it is multiplied by the singular values, where it should be divided by them.
"""

import sys

import torch

torch.manual_seed(0)
matrix = torch.randn(3, 3, dtype=torch.complex128)
weights = torch.randn(3, 3, dtype=torch.float64)


def gradient(dtype, scale):
    x = (matrix.to(dtype) * scale).requires_grad_()
    magnitudes = torch.linalg.svd(x).U.abs()
    return torch.autograd.grad(magnitudes, x, weights.to(magnitudes.dtype))[0] * scale


want, errors = gradient(torch.complex128, 1.0), []
for dtype, scale in ((torch.complex64, 2.0**14), (torch.complex128, 2.0**28)):
    errors.append(((gradient(dtype, scale) - want).abs().max() / want.abs().max()).item())
    print(f"{dtype}, a matrix times {scale:g}: the gradient is off by {errors[-1]:.1g} of itself")
sys.exit(max(errors) > 1e-3)
