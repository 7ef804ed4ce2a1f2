"""The gradient of index_reduce with 'prod' trips an internal assertion for an expanded tensor in half precision.

float32 and float64 give the gradient: of a product it is the product of the others.
"""

import sys

import torch

wrong = []
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    x = torch.tensor([[2.0, 3.0]], dtype=dtype).expand(2, 2).detach().requires_grad_()
    source = torch.tensor([[0.5, 4.0]], dtype=dtype).expand(2, 2).detach().requires_grad_()
    y = x.index_reduce(1, torch.tensor([0, 1]), source, "prod")
    try:
        got = torch.autograd.grad(y.sum(), x)[0]
        print(f"{dtype}: {got.tolist()}")
    except RuntimeError as error:
        print(f"{dtype}: {error}")
        wrong.append(dtype)
sys.exit(bool(wrong))
