"""Forward over forward of linalg.lu_solve with left=False trips an internal assertion for a batch of complex matrices.

One matrix alone, and a batch of real ones, work.
"""

import sys

import torch

a = torch.tensor([[[2.0, 1j], [1.0, 3.0]]], dtype=torch.complex128)
b = torch.tensor([[[1.0, 2.0], [3j, 1.0]]], dtype=torch.complex128)
along = torch.tensor([[[1.0, 1j], [0.5, 2.0]]], dtype=torch.complex128)
lu, pivots = torch.linalg.lu_factor(a)


def solved(lu: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.linalg.lu_solve(lu, pivots, b, left=False)


def tangent(lu: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.func.jvp(solved, (lu, b), (along, along))[1]


try:
    _, second = torch.func.jvp(tangent, (lu, b), (along, along))
except RuntimeError as error:
    print(f"raised: {str(error).splitlines()[0]}")
    sys.exit("INTERNAL ASSERT" in str(error))
print(f"works: {second.tolist()}")
