"""The gradient of amax and amin is NaN for every element where one is NaN; max and min give it to the NaN alone.

The elements that equal the result are counted, of which there are none: NaN does not equal itself. The incoming
gradient is then divided by 0.
"""

import sys

import torch

x = torch.tensor([1.0, float("nan"), 3.0], requires_grad=True)
(found,) = torch.autograd.grad(torch.amax(x, 0), x)
(wanted,) = torch.autograd.grad(torch.max(x), x)
print(f"gradient of amax([1, nan, 3]): {found.tolist()}, of max: {wanted.tolist()}")
sys.exit(not torch.equal(found, wanted))
