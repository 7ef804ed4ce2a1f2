"""The gradient of ldexp is 0 where the exponent is a negative whole number, which is what exponents are.

It multiplies by 2 to the power of the exponent, formed in the exponent's own dtype: as a whole number 2 ** -2 is 0.
The value is right, and so is the gradient where the exponent is a floating number. Forward mode is wrong alike.
"""

import sys

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
wanted = torch.tensor([0.25, 1.0, 8.0])
(found,) = torch.autograd.grad(torch.ldexp(x, torch.tensor([-2, 0, 3])).sum(), x)
print(f"gradient of ldexp(x, [-2, 0, 3]): {found.tolist()}, want {wanted.tolist()}")
sys.exit(not torch.equal(found, wanted))
