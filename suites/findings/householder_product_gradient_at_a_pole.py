"""The gradient of householder_product is NaN where tau |v|^2 is 1, though the product is a polynomial.

The product of one reflector is the first column of 1 - tau v v^T, with v = (1, v1): (1 - tau, -tau v1). By v1 its
derivative is (0, -tau), by tau it is (-1, -v1). torch undoes each reflector by its inverse, which has a pole where
tau |v|^2 = 1, and close to it no digit of the second derivative is right in single precision.
"""

import sys

import torch

v = torch.tensor([[1.0], [2.0]], requires_grad=True)
tau = torch.tensor([0.2], requires_grad=True)
product = torch.linalg.householder_product(v, tau)
by_v, by_tau = torch.autograd.grad(product, (v, tau), torch.tensor([[1.0], [3.0]]))
print(f"by v1: got {by_v[1, 0].item()}, want -0.6; by tau: got {by_tau.item()}, want -7")
sys.exit(not (abs(by_v[1, 0].item() + 0.6) < 1e-4 and abs(by_tau.item() + 7) < 1e-3))
