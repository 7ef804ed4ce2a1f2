"""Double backward of pow is wrong at an exponent of 0 that is a tensor's.

x^y has the derivative y x^(y-1) by x. That is 0 at y = 0, where it is cut out with all that it does beside it: by y it
has the derivative x^(y-1) (1 + y log x), 1 / x at y = 0 (as has the derivative x^y log x, taken in the other order),
and double backward says 0. At x = 0 it is 0 whatever x is, and double backward by x says NaN: 0 times an infinity.
"""

import sys

import torch

x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
y = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
by_x, by_y = torch.autograd.grad(torch.pow(x, y), (x, y), create_graph=True)
(by_x_and_y,) = torch.autograd.grad(by_x, y, retain_graph=True)
(by_y_and_x,) = torch.autograd.grad(by_y, x)
print(f"x = 2, y = 0: by x and y {by_x_and_y.item()}, by y and x {by_y_and_x.item()}, want 0.5")

zero = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
(first,) = torch.autograd.grad(torch.pow(zero, y.detach()), zero, create_graph=True)
(second,) = torch.autograd.grad(first, zero)
print(f"x = 0, y = 0: by x twice {second.item()}, want 0.0")
sys.exit(by_x_and_y.item() != 0.5 or second.item() != 0.0)
