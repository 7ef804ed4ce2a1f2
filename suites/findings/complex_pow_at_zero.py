"""Complex pow(0, 0) is NaN with a tensor as exponent and 1 with a number; the gradient by the exponent at 0 is NaN.

z**0 is 1 for every z, as it is for real tensors, for Python's complex numbers, and for torch's own pow(z, 0). By the
exponent, 0**w is constantly 0 where Re w > 0, and the gradient of real tensors is 0 there.
"""

import sys

import torch

zero = torch.zeros(1, dtype=torch.complex128)
power = torch.pow(zero, zero).item()
exponent = torch.tensor([2 + 1j], dtype=torch.complex128, requires_grad=True)
(gradient,) = torch.autograd.grad(torch.pow(zero, exponent), exponent, torch.ones_like(zero))
print(f"pow(0, 0): got {power!r}, want 1; with the number 0 {torch.pow(zero, 0).item()!r}")
print(f"gradient by the exponent 2 + i at 0: got {gradient.item()!r}, want 0")
sys.exit(power != 1 or gradient.item() != 0)
