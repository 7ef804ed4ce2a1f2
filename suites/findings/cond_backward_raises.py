"""Backward of linalg.cond fails from inside for every norm but 2, -2 and nuc.

The product of the norms of the matrix and of its inverse is formed in place, in a tensor that the norm has saved
for its own backward: "one of the variables needed for gradient computation has been modified by an inplace
operation".
"""

import sys

import torch

failed = []
for p in (1, -1, float("inf"), -float("inf"), "fro"):
    a = torch.tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True)
    try:
        torch.linalg.cond(a, p).backward()
    except RuntimeError as error:
        print(f"p = {p}: {error}"[:120])
        failed.append(p)
sys.exit(bool(failed))
