"""Double backward of special.log_ndtr is NaN at infinity, where the first derivative is 0 and the second, too.

With h the first derivative, density over integral, the second is -h (x + h). h falls off like exp(-x^2 / 2), so that
the product is 0 in the limit; it is formed as 0 times infinity. At x = 1e200 double backward is 0.
"""

import math
import sys

import torch

x = torch.tensor([1e200, math.inf], dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.special.log_ndtr(x).sum(), x, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print(f"at {x.tolist()}: first {first.tolist()}, second {second.tolist()}, want [0.0, 0.0]")
sys.exit(bool((second != 0.0).any()))
