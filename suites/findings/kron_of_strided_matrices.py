"""kron of operands with unequal numbers of dimensions refuses memory that is not contiguous.

It views an operand in other sizes, and fails from inside where the strides do not allow that: "view size is not
compatible with input tensor's size and stride". Operands with as many dimensions are taken in any layout.
"""

import sys

import torch

x, y = torch.ones(2), torch.ones(3, 1, 2).permute(2, 1, 0)
try:
    torch.kron(x, y)
except RuntimeError as error:
    print(f"kron of a vector and a permuted tensor: {error}"[:130])
    sys.exit(1)
sys.exit(0)
