"""The bfloat16 gradient of pow at a negative base rounds the exponent to a whole number.

(-0.0625)^-3.015625 has no value among the real numbers, and so no gradient; the exponent less one, -4.015625, is
rounded to -4, whose power exists.
"""

import sys

import torch

base = torch.tensor(-0.0625, dtype=torch.bfloat16, requires_grad=True)
y = torch.pow(base, torch.tensor(-3.015625, dtype=torch.bfloat16))
y.backward()
print(f"value {y.item()}, gradient: got {base.grad.item()}, want nan")
sys.exit(base.grad.item() == base.grad.item())
