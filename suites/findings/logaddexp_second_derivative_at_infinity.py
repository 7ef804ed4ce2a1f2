"""Double backward of logaddexp is NaN where an operand is minus infinity, or lies 710 below the other.

log(e^x + e^y) has the derivative s = 1 / (1 + e^(x - y)) by y, whose derivatives are -s (1 - s) and s (1 - s): 0 where
y is far below x, or minus infinity. They are formed with e^(x - y), which overflows, as infinity times 0.
masked.logaddexp, which fills in minus infinity, is NaN wherever one of its operands is masked. logaddexp2 is NaN from
1024 on.
"""

import math
import sys

import torch

found = []
for log_sum, below in (
    (torch.logaddexp, -math.inf),
    (torch.logaddexp, -709.0),
    (torch.logaddexp2, -1023.0),
):
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(below, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(log_sum(x, y), y, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    print(f"{log_sum.__name__}(1, {below}): by y {first.item()}, and of that by x {second.item()}")
    found.append(second.item())
print("want 0.0 (or -0.0) each time")
sys.exit(any(not abs(value) < 1e-300 for value in found))
