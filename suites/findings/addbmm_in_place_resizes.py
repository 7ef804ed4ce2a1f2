"""addbmm_ gives its target another shape where the target would have to broadcast.

An in-place operator keeps the shape of its target; addmm_ and baddbmm_ refuse.
"""

import sys

import torch

target = torch.zeros(1, dtype=torch.float64)
try:
    target.addbmm_(
        torch.ones(1, 2, 2, dtype=torch.float64), torch.ones(1, 2, 2, dtype=torch.float64)
    )
except RuntimeError as error:
    print(f"refused: {error}")
    sys.exit(0)
print(f"the target of shape (1,) has become {tuple(target.shape)}; want an error")
sys.exit(1)
