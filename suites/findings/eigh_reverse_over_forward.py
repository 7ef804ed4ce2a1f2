"""Reverse mode over forward mode is NaN for the eigenvectors of linalg.eigh.

The forward-mode formula divides by differences of eigenvalues; the zeros on their diagonal are replaced only
afterwards, which leaves infinities in what is saved for backward.
"""

import sys

import torch


def tangent_at(a):
    along = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    _, vectors = torch.func.jvp(torch.linalg.eigh, (a,), (along,))[1]
    return (vectors * vectors).sum()


got = torch.func.grad(tangent_at)(torch.tensor([[1.0, 0.2], [0.2, 3.0]], dtype=torch.float64))
print(f"derivative of the tangent: {got.tolist()}")
sys.exit(not bool(torch.isfinite(got).all()))
