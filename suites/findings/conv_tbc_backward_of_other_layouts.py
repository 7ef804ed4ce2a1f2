"""Backward of conv_tbc raises for an incoming gradient that is not contiguous."""

import sys

import torch

inputs = [torch.ones(5, 2, 3), torch.ones(2, 3, 4), torch.ones(4)]
result = torch.conv_tbc(*(x.requires_grad_() for x in inputs))
try:
    torch.autograd.grad(
        result, inputs, torch.ones(4, 2, 4).transpose(0, 1).contiguous().transpose(0, 1)
    )
except RuntimeError as error:
    print(f"got {error}")
    sys.exit(1)
