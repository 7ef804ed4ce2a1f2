"""The backward of nll_loss of images refuses an input that is not contiguous: 'grad_input must be contiguous'.

The forward takes it. The gradient is -1 / n at the target of each pixel, whatever the layout.
"""

import sys

import torch

x = torch.zeros(2, 3, 2, 2, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
x.requires_grad_()
target = torch.tensor([[[0, 1], [2, 0]], [[1, 1], [2, 0]]])
loss = torch.nn.functional.nll_loss(x, target)
try:
    loss.backward()
except RuntimeError as error:
    print(f"backward raised: {error}")
    sys.exit(1)
want = -torch.nn.functional.one_hot(target, 3).movedim(-1, 1) / 8
print(f"got {x.grad}, want {want}")
sys.exit(not torch.equal(x.grad, want.to(x.dtype)))
