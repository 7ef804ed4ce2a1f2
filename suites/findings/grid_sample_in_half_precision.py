"""grid_sample in bfloat16 forms the coordinates of pixels in bfloat16.

Between 256 and 512 bfloat16 holds even numbers alone. At x = 0.5 of a row of 512 pixels that are 0 and 1 in turn the
sample point lies between two of them, at 383.5, so that the sample is one half; x itself is exact.
"""

import sys

import torch

row = torch.tensor([0.0, 1.0] * 256, dtype=torch.bfloat16).reshape(1, 1, 1, 512)
at = torch.tensor([0.5, 0.0], dtype=torch.bfloat16).reshape(1, 1, 1, 2)
got = torch.nn.functional.grid_sample(row, at, align_corners=False).item()
print(f"sample: got {got}, want 0.5")
sys.exit(got != 0.5)
