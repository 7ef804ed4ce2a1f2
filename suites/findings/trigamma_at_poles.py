"""The derivative of digamma at a negative whole number is 6.6e32, where it is infinite.

trigamma has a pole at each whole number that is not positive. At 0 torch finds it, and polygamma(3, -1) is inf too; at
-1 the reflection formula divides by the square of sin(pi x), which rounding keeps from 0.
"""

import sys

import torch

x = torch.tensor(-1.0, dtype=torch.float64, requires_grad=True)
torch.digamma(x).backward()
got, want = x.grad.item(), float("inf")
print(f"gradient: got {got!r}, want {want!r}; polygamma(1, -1) is {torch.polygamma(1, x).item()!r}")
sys.exit(got != want)
