"""Forward mode of group_norm fails for an image whose memory is laid out channels-last.

It views the tensor as groups, which that layout does not allow: "view size is not compatible with input tensor's
size and stride". The operator itself, and reverse mode, take every layout.
"""

import sys

import torch
from torch.autograd import forward_ad

x = torch.arange(32.0).reshape(2, 4, 2, 2).contiguous(memory_format=torch.channels_last)
try:
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, torch.ones_like(x))
        torch.nn.functional.group_norm(dual, 2)
except RuntimeError as error:
    print(f"forward mode of group_norm: {error}"[:120])
    sys.exit(1)
sys.exit(0)
