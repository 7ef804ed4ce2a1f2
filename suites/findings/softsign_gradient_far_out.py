"""The gradient of softsign loses its digits far out: at -7e6 in float32 it is 1.4e-14, where 2.0e-14 is right.

softsign is computed as x / (1 + |x|), and differentiated as the quotient: 1 / (1 + |x|) - |x| / (1 + |x|)^2, two
numbers that differ by one part in |x|. In float64 at 3e6 seven digits are lost.
"""

import sys

import torch

wrong = False
for dtype, bound in ((torch.float32, 1e-3), (torch.float64, 1e-12)):
    x = torch.tensor([3e6, -7e6], dtype=dtype, requires_grad=True)
    torch.nn.functional.softsign(x).sum().backward()
    for number, got in zip(x.tolist(), x.grad.tolist(), strict=True):
        want = 1 / (1 + abs(number)) ** 2
        print(f"gradient at {number} in {dtype}: {got!r}, want {want!r}")
        wrong |= abs(got / want - 1) > bound
sys.exit(wrong)
