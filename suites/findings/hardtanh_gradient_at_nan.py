"""The gradient of hardtanh at NaN depends on the number of elements.

The vectorised kernel gives 1, the scalar one 0, so that an element's gradient depends on its place in the tensor.
"""

import sys

import torch

many = torch.full((64,), float("nan"), dtype=torch.float64, requires_grad=True)
single = torch.full((1,), float("nan"), dtype=torch.float64, requires_grad=True)
torch.nn.functional.hardtanh(many).sum().backward()
torch.nn.functional.hardtanh(single).sum().backward()
print(
    f"gradient of the first element among 64: {many.grad[0].item()}, alone: {single.grad[0].item()}"
)
sys.exit(many.grad[0].item() != single.grad[0].item())
