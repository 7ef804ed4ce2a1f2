"""Double backward of mish is NaN from where the exponential of its argument overflows, where it is 0.

mish(x) = x tanh(log(1 + e^x)) is x for large x, with the slope 1; torch gives that slope, and divides infinity by
infinity for the slope of it.
"""

import sys

import torch

x = torch.tensor([709.0, 710.0], dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.nn.functional.mish(x).sum(), x, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print(f"slopes {first.tolist()}, of these: got {second.tolist()}, want [0.0, 0.0]")
sys.exit(second.tolist() != [0.0, 0.0])
