"""Backward of as_strided_scatter reads memory that does not belong to the incoming gradient.

Where the incoming gradient starts later in its storage, the gradient by src is read from the storage's beginning.
"""

import sys

import torch

x = torch.zeros(2, dtype=torch.float64)
src = torch.zeros(2, dtype=torch.float64, requires_grad=True)
y = torch.as_strided_scatter(x, src, (2,), (1,), 0)
ct = torch.tensor([100.0, 100.0, 5.0, 7.0], dtype=torch.float64)[2:]
y.backward(ct)
got, want = src.grad.tolist(), [5.0, 7.0]
print(f"gradient by src for the cotangent {ct.tolist()}: got {got}, want {want}")
sys.exit(got != want)
