"""Double backward of logaddexp is NaN where one operand is minus infinity.

log(e^x + e^y) has the derivative s = 1 / (1 + e^(x - y)) by y, whose derivatives are -s (1 - s) and s (1 - s): 0 where
y is minus infinity. masked.logaddexp, which fills in minus infinity, is NaN wherever one of its operands is masked.
"""

import math
import sys

import torch

x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
y = torch.tensor(-math.inf, dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.logaddexp(x, y), y, create_graph=True)
(second,) = torch.autograd.grad(first, x)
print(f"derivative by y {first.item()}, and of that by x: got {second.item()}, want 0.0")
sys.exit(second.item() != 0.0)
