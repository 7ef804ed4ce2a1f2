"""as_strided_scatter of a tensor that is not contiguous trips an internal assertion."""

import sys

import torch

x = torch.zeros(2, 2, dtype=torch.float64).t().requires_grad_()
try:
    torch.as_strided_scatter(x, torch.zeros(2, dtype=torch.float64), (2,), (1,))
except RuntimeError as error:
    print(f"raised: {error}")
    sys.exit("INTERNAL ASSERT" in str(error))
print("as_strided_scatter works")
