"""The gradient of binary_cross_entropy by the target is infinite at an input of 0, where the loss is linear in it.

The logarithms are clamped at -100, as documented, so that the loss at input 0 is 100 times the target.
"""

import sys

import torch

x = torch.tensor([0.0], dtype=torch.float64)
target = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
torch.nn.functional.binary_cross_entropy(x, target).backward()
got, want = target.grad.item(), 100.0
print(f"gradient by the target: got {got!r}, want {want!r}")
sys.exit(got != want)
