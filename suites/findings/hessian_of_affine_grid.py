"""torch.func.hessian raises for affine_grid with a grid of height 1; forward over forward gives it."""

import sys

import torch

theta = torch.tensor([[[1.0, 2.0, 0.5], [0.0, 1.0, -1.0]]])


def loss(theta: torch.Tensor) -> torch.Tensor:
    grid = torch.nn.functional.affine_grid(theta, [1, 1, 1, 2], align_corners=False)
    return grid.square().sum()


want = torch.func.jacfwd(torch.func.jacfwd(loss))(theta)
try:
    got = torch.func.hessian(loss)(theta)
except RuntimeError as error:
    print(f"got {error}")
    sys.exit(1)
sys.exit(not torch.allclose(got, want))
