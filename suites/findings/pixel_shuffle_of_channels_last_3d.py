"""pixel_shuffle refuses five dimensions in channels_last_3d, though it takes the same numbers in any other layout.

Its input is documented as (*, C r^2, H, W) with any number of leading dimensions. The shuffle is a reshape, a
permutation and a reshape.
"""

import sys

import torch

x = torch.arange(2 * 2 * 4 * 2 * 3, dtype=torch.float64).reshape(2, 2, 4, 2, 3)
want = x.reshape(2, 2, 1, 2, 2, 2, 3).permute(0, 1, 2, 5, 3, 6, 4).reshape(2, 2, 1, 4, 6)
for name, given in (
    ("contiguous", x),
    ("transposed", x.transpose(0, 1).contiguous().transpose(0, 1)),
    ("channels_last_3d", x.contiguous(memory_format=torch.channels_last_3d)),
):
    try:
        got = torch.nn.functional.pixel_shuffle(given, 2)
    except RuntimeError as error:
        print(f"{name}: {error}")
        sys.exit(1)
    print(f"{name}: equal is {torch.equal(got, want)}")
    if not torch.equal(got, want):
        sys.exit(1)
