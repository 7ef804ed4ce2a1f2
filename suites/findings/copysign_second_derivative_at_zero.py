"""Double backward of copysign is NaN where the magnitude is 0, though the gradient is 0 there and constant beside it.

copysign(x, y) is |x| with the sign of y, of which the gradient by x at 0 is 0, like that of torch.abs. It is the
quotient of result and x, with 0 in the place of 0 / 0; the quotient is differentiated all the same. Of torch.abs
double backward is 0.
"""

import sys

import torch

x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.copysign(x, -2.0), x, create_graph=True)
(second,) = torch.autograd.grad(first, x)
print(f"gradient {first.item()}, and of that {second.item()}, want 0.0 and 0.0")
sys.exit(second.item() != 0.0)
