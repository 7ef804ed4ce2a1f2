"""The float32 gradient of logcumsumexp loses the digits that the input has before the point.

It is computed as exp(log(...) + x), with an error of |x| ulps: 2.5e-4 near 1e4. The gradients by (x0, x1) are those of
log(e^x0 + e^x1), 1 / (1 + e^d) and 1 / (1 + e^-d) with d = x1 - x0, whatever the size of x.
"""

import math
import sys

import torch

x = torch.tensor([10000.0, 10001.0], dtype=torch.float32, requires_grad=True)
torch.logcumsumexp(x, 0)[-1].backward()
got, want = x.grad.tolist(), [1 / (1 + math.e), math.e / (1 + math.e)]
print(f"gradient: got {got}, want {want}")
sys.exit(max(abs(g - w) for g, w in zip(got, want, strict=True)) > 1e-5)
