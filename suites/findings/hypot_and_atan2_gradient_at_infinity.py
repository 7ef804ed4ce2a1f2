"""Derivatives of hypot and atan2 are NaN where one operand is infinite, in both modes.

hypot(x, y) is as long as x is where x is infinite and y is not: its slope by x is 1, by y 0. The angle atan2(y, x) does
not turn there at all: y / (x^2 + y^2) and x / (x^2 + y^2) have the limit 0. Infinity over infinity is formed instead.
"""

import math
import sys

import torch

infinite, one = torch.tensor(math.inf), torch.tensor(1.0)
failed = False
for op, want in ((torch.hypot, [1.0, 0.0]), (torch.atan2, [0.0, 0.0])):
    inputs = [infinite.clone().requires_grad_(), one.clone().requires_grad_()]
    got = [g.item() for g in torch.autograd.grad(op(*inputs), inputs)]
    tangents = (torch.tensor(2.0), torch.tensor(3.0))
    _, tangent = torch.func.jvp(op, (infinite, one), tangents)
    failed |= got != want or tangent.item() != 2 * want[0]
    print(
        f"{op.__name__}(inf, 1): slopes {got}, want {want}; tangent {tangent.item()}, want {2 * want[0]}"
    )
sys.exit(failed)
