"""Forward mode of lp_pool is NaN where a window holds zeros alone.

The gradient is documented to be set to zero there, and in reverse mode it is.
"""

import sys

import torch

x = torch.tensor([[[0.0, 0.0, 3.0, 4.0]]])
got = torch.func.jvp(
    lambda x: torch.nn.functional.lp_pool1d(x, 2.0, 2), (x,), (torch.ones_like(x),)
)[1].flatten()
want = torch.tensor([0.0, 1.4])
print(f"tangent: got {got.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(got, want))
