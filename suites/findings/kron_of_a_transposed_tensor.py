"""torch.kron of tensors with different numbers of dimensions fails where one of them is not contiguous.

Its documentation names no such condition, and tensors with the same number of dimensions are taken in any layout.
"""

import sys

import torch

x, y = torch.ones(2), torch.ones(3, 1, 2).permute(2, 1, 0)
want = torch.kron(x, y.contiguous())
try:
    got = torch.kron(x, y)
except RuntimeError as error:
    print(f"kron raised: {error}")
    sys.exit(1)
print(f"right: {torch.equal(got, want)}")
