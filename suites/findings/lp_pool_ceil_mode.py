"""lp_pool with ceil_mode=True is too large in windows that end beyond the edge.

The result is documented as the p-th root of the sum of p-th powers in the window. It is computed as their mean times
the size of a whole window, and the mean is of the elements that are there: of a window with a single 1 it is the root
of 2.
"""

import sys

import torch

got = torch.nn.functional.lp_pool1d(torch.ones(1, 1, 3), 2.0, 2, ceil_mode=True)[0, 0, 1].item()
print(f"norm of one 1: got {got}, want 1.0")
sys.exit(abs(got - 1.0) > 1e-6)
