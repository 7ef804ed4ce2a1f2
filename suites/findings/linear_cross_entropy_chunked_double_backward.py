"""linear_cross_entropy in chunks has no second derivative, and says nothing.

With the loss computed in chunks, a second backward finds no path to the inputs, without an error.
"""

import sys

import torch
from torch.nn.modules.linear_cross_entropy_options import LinearCrossEntropyOptions

torch.manual_seed(0)
x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
weight = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
target = torch.tensor([0, 1, 2, 3])
chunked = LinearCrossEntropyOptions(batch_chunk_size=2)
found = []
for loss in (
    lambda: torch.nn.functional.cross_entropy(x @ weight.T, target),
    lambda: torch.nn.functional.linear_cross_entropy(x, weight, target, options=chunked),
):
    (first,) = torch.autograd.grad(loss(), x, create_graph=True)
    found.append(first.requires_grad)
print(f"the first gradient is recorded: plainly {found[0]}, in chunks {found[1]}")
sys.exit(found[0] != found[1])
