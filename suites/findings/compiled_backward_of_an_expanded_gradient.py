"""A compiled function cannot be differentiated with create_graph where its incoming gradient is an expanded tensor.

The gradient of sum() is one number, expanded. The compiled backward brings it into the strides that it was compiled
for by writing into a new tensor that requires grad, and is refused by autograd itself.
"""

import sys

import torch

cube = torch.compile(lambda x: x**3, backend="aot_eager")
total = torch.compile(lambda x: x.sum(), backend="aot_eager")
x = torch.tensor([1.0, 2.0], requires_grad=True)
try:
    (gradient,) = torch.autograd.grad(total(cube(x)), x, create_graph=True)
except RuntimeError as error:
    print(f"raised: {error}; want the gradient [3, 12]")
    sys.exit(1)
print(f"gradient: {gradient.tolist()}")
