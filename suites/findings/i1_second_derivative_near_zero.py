"""The second derivative of special.i1 is what rounding leaves, over x: 0.75 at 3.7e-7 in float32, where it is 1.4e-7.

I1(x) = x / 2 + x^3 / 16 + ..., so that its second derivative is 3 x / 8 near 0 (Abramowitz and Stegun, 9.6.10). torch
has I0(x) - I1(x) / x for the first, whose second term it differentiates as a quotient: I1'(x) / x - I1(x) / x^2, two
numbers of size 1 / (2 x) that are equal but for rounding. special.i1e has the same term: -1.0001 at 1e-12 in float64.
"""

import sys

import torch


def second(function: object, x: torch.Tensor) -> float:
    """The second derivative by double backward."""
    (first,) = torch.autograd.grad(function(x), x, create_graph=True)
    return torch.autograd.grad(first, x)[0].item()


x = torch.tensor(3.7e-7, dtype=torch.float32, requires_grad=True)
y = torch.tensor(1e-12, dtype=torch.float64, requires_grad=True)
got = [second(torch.special.i1, x), second(torch.special.i1, y), second(torch.special.i1e, y)]
want = [3 * 3.7e-7 / 8, 3e-12 / 8, -1.0]
print(f"i1 at 3.7e-7, i1 and i1e at 1e-12: got {got}, want {want}")
sys.exit(any(abs(a - b) > 1e-6 for a, b in zip(got, want, strict=True)))
