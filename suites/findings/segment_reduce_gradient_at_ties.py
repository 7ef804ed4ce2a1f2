"""segment_reduce shares the gradient among equal maxima if it is positive, and gives each all of it if it is negative.

The gradient is linear in the incoming one: for -1 it must be minus that for 1, as it is for amax.
"""

import sys

import torch


def gradient(incoming: float) -> list[float]:
    x = torch.tensor([2.0, 2.0, 0.0], requires_grad=True)
    found = torch.segment_reduce(x, "max", lengths=torch.tensor([3]), axis=0)
    return torch.autograd.grad(found, x, torch.tensor([incoming]))[0].tolist()


up, down = gradient(1.0), gradient(-1.0)
print(f"gradient for 1: {up}, for -1: {down}; want minus the first")
sys.exit(down != [-g for g in up])
