"""The second derivative of grid_sample by its input raises in half precision where padding_mode is "reflection".

The sample between two pixels, 0.75 a + 0.25 b, moves by (b - a) times what the grid moves, times half the width; the
derivative of that by the pixels is -1 and 1. With the other paddings, and in float32, it comes out.
"""

import sys

import torch

row = torch.tensor([[[[1.0, 2.0]]]], dtype=torch.bfloat16, requires_grad=True)
at = torch.tensor([[[[-0.25, 0.0]]]], dtype=torch.bfloat16, requires_grad=True)
sample = torch.nn.functional.grid_sample(row, at, padding_mode="reflection", align_corners=False)
(by_grid,) = torch.autograd.grad(sample.sum(), at, create_graph=True)
try:
    (second,) = torch.autograd.grad(by_grid[0, 0, 0, 0], row)
except RuntimeError as error:
    print(f"got RuntimeError: {error}, want the derivative [-1, 1]")
    sys.exit(1)
print(f"got {second.flatten().tolist()}, want [-1.0, 1.0]")
sys.exit(second.flatten().tolist() != [-1.0, 1.0])
