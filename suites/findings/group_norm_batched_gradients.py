"""Batched gradients of native_group_norm fail where its mean or deviation has a cotangent."""

import sys

import torch

x = torch.arange(12.0, dtype=torch.float64).reshape(1, 6, 2).requires_grad_()
weight, bias = torch.ones(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
ys = torch.native_group_norm(x, weight, bias, 1, 6, 2, 2, 1e-5)
cts = [torch.ones(2, *y.shape, dtype=torch.float64) for y in ys]
try:
    torch.autograd.grad(ys, x, cts, is_grads_batched=True)
except RuntimeError as error:
    print(f"raised: {error}")
    sys.exit(1)
print("batched gradients work")
