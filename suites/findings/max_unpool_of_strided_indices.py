"""Backward of max_unpool2d fails where the indices are not contiguous; max_unpool3d fails alike.

The forward takes them.
"""

import sys

import torch

x = torch.zeros(2, 2, 3, 2, dtype=torch.float64, requires_grad=True)
index = torch.arange(6).reshape(1, 1, 2, 3).expand(2, 2, 2, 3).contiguous().transpose(2, 3)
y = torch.nn.functional.max_unpool2d(x, index, 2)
try:
    y.sum().backward()
except RuntimeError as error:
    print(f"backward raised: {error}")
    sys.exit(1)
print(f"gradient of shape {tuple(x.grad.shape)}")
