"""Backward of max_pool3d refuses an unbatched volume whose memory is laid out channels-last."""

import sys

import torch

x = torch.zeros(2, 2, 2, 2, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
x.requires_grad_()
try:
    torch.nn.functional.max_pool3d(x, 2).sum().backward()
except RuntimeError as error:
    print(f"raised: {error}")
    sys.exit(1)
print(f"gradient of shape {tuple(x.grad.shape)}")
