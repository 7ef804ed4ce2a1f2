"""Double backward of sgn and angle is NaN at a complex 0, where forward mode over the gradient gives 0.

sgn(0) and angle(0) have the gradient 0 by torch's own convention, in reverse and in forward mode. What is constant by
convention has the slope 0, as that of abs has here and as forward mode says of all three; NaN is 0 divided by |0|.
"""

import sys

import torch
from torch.func import jvp, vjp

zero = torch.zeros(1, dtype=torch.complex128)
direction = torch.tensor([0.6 - 0.8j], dtype=torch.complex128)
failed = False
for op in (torch.sgn, torch.angle):
    weight = torch.tensor([1.25], dtype=op(zero).dtype)

    def gradient(z, op=op, weight=weight):
        _, pull = vjp(op, z)
        return pull(weight)[0]

    _, want = jvp(gradient, (zero,), (direction,))
    z = zero.clone().requires_grad_()
    (first,) = torch.autograd.grad(op(z), z, weight, create_graph=True)
    (second,) = torch.autograd.grad(first, z, direction)
    failed |= not torch.equal(second, torch.zeros_like(second))
    print(
        f"{op.__name__}: gradient {first.tolist()}, of it: got {second.tolist()}, forward mode over it {want.tolist()}"
    )
sys.exit(failed)
