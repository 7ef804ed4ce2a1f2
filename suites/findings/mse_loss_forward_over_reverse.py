"""Forward mode over reverse mode raises for the mean of mse_loss against a target that is not differentiated.

The gradient of (x - y)^2 by x is 2 (x - y), whose derivative along v is 2 v, the product of the Hessian with v.
"""

import sys

import torch
from torch.func import grad, jvp

x, y = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([0.5, 0.5], dtype=torch.float64)
along = torch.tensor([1.0, -1.0], dtype=torch.float64)
want = [1.0, -1.0]
try:
    got = jvp(grad(lambda x: torch.nn.functional.mse_loss(x, y)), (x,), (along,))[1].tolist()
except RuntimeError as error:
    print(f"the product of the Hessian with a vector raised: {error}")
    sys.exit(1)
print(f"product of the Hessian with a vector: got {got}, want {want}")
sys.exit(got != want)
