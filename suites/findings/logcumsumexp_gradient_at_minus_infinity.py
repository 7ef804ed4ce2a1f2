"""The gradient of logcumsumexp at an element that is -inf is NaN.

The element has the weight exp(-inf) = 0 in every sum, so its gradient is 0.
"""

import math
import sys

import torch

x = torch.tensor([-math.inf, 0.0], dtype=torch.float64, requires_grad=True)
torch.logcumsumexp(x, 0)[1].backward()
print(f"gradient of logcumsumexp([-inf, 0])[1]: got {x.grad.tolist()}, want [0.0, 1.0]")
sys.exit(x.grad.tolist() != [0.0, 1.0])
