"""Double backward of pow by its exponent is NaN where the base is 0, though the power is 0 all around.

0^y is 0 for every positive y, and so are its derivatives. The first is cut out of x^y log x; that of x^y log x by y and
by x is infinity times 0. x^y log x has the derivative x^(y-1) (1 + y log x) by x, 0 in the limit where y is above 1.
"""

import sys

import torch

x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
y = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.pow(x, y), y, create_graph=True)
found = [g.item() for g in torch.autograd.grad(first, (x, y))]
print(f"x = 0, y = 2: derivative by y {first.item()}, and of that by x and y {found}, want 0")

(first,) = torch.autograd.grad(torch.pow(0.0, y), y, create_graph=True)
(second,) = torch.autograd.grad(first, y)
print(f"0.0 ** y at y = 2: by y twice {second.item()}, want 0")
sys.exit(any(value != 0.0 for value in (*found, second.item())))
