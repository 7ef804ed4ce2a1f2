"""The gradient of a leaf can share its memory with the cotangent that the caller passed.

A leaf's gradient is copied from the caller's tensor where that tensor itself arrives. Behind a view it is not: what
arrives is a view of the caller's tensor that nobody else refers to, and it is kept without a copy. Whatever the caller
writes to that tensor later changes .grad; and two leaves of one sum get gradients on the same memory.
"""

import sys

import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
v = torch.tensor([[0.5, -3.0]])
x.unsqueeze(0).backward(v)
v.fill_(99.0)
print(f"gradient after the caller wrote to the cotangent: {x.grad.tolist()}; want [0.5, -3.0]")
sys.exit(x.grad.tolist() != [0.5, -3.0])
