"""Double backward through the norm of a zero vector is NaN, where forward mode over the gradient gives 0.

The gradient of the 2-norm at the zero vector is the subgradient that torch documents (Autograd mechanics, "Gradients
for non-differentiable functions"), 0. That of normalize is 1 / eps in truth: x / max(|x|, eps) is x / eps around 0, a
linear function, whose second derivative is 0; and renorm leaves a vector alone that is shorter than its limit. A norm
of a negative order is 0 where one element is.
"""

import sys

import torch

x = torch.zeros(2, dtype=torch.float64)
found = []
for name, op in {
    "normalize": lambda x: torch.nn.functional.normalize(x, dim=0),
    "vector_norm": torch.linalg.vector_norm,
    "norm": torch.norm,
    "linalg.norm of order -1": lambda x: torch.linalg.norm(x, -1),
    "renorm": lambda x: torch.renorm(x[None], 2, 0, 0.5),
    "masked.norm": lambda x: torch.masked.norm(x, 2.0),
    "dist": lambda x: torch.dist(x, torch.zeros_like(x)),
}.items():
    leaf = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(op(leaf).sum(), leaf, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), leaf)
    found.append(second)
    print(f"{name}: gradient {first.tolist()}, of its sum: got {second.tolist()}, want [0.0, 0.0]")
sys.exit(not all(torch.equal(second, x) for second in found))
