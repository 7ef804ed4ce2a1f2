"""Double backward of cumprod loses digits as a factor is small, and all of them in float32 at 1e-8.

The second derivatives of x, x y, x y z ... are products of the other factors, as exact as those. torch divides sums of
later products by one factor and then by another: what is left of their differences is off by an ulp over the factor.
"""

import itertools
import sys

import torch

factors = [1e-8, -2e-8, 3e-8, 1.5]
weights, directions = [1.0, 2.0, -1.0, 0.5], [0.3, -0.7, 1.1, 0.9]


def second(op, dtype):
    x = torch.tensor(factors, dtype=dtype, requires_grad=True)
    (first,) = torch.autograd.grad(op(x), x, torch.tensor(weights, dtype=dtype), create_graph=True)
    return torch.autograd.grad(first, x, torch.tensor(directions, dtype=dtype))[0].double()


def multiplied(x):
    return torch.stack(list(itertools.accumulate(x.unbind(), torch.mul)))


errors = {}
for dtype in (torch.float64, torch.float32):
    got, want = second(lambda x: torch.cumprod(x, 0), dtype), second(multiplied, dtype)
    errors[dtype] = ((got - want).abs().max() / want.abs().max()).item()
    print(
        f"{dtype}: got {got.tolist()}, want {want.tolist()}: off by {errors[dtype]:.1g} of the largest"
    )
sys.exit(errors[torch.float64] > 1e-12 or errors[torch.float32] > 1e-4)
