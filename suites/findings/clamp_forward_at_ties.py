"""Forward mode of clamp gives the tangent of the bound where the input equals it; reverse mode gives all to the input.

At x = min the gradient by x is 1 and that by min is 0, so the tangent along (5, 7) must be 5. It is 7.
"""

import sys

import torch

x, bound = torch.tensor([1.0]), torch.tensor([1.0])
_, pull = torch.func.vjp(lambda x, m: torch.clamp(x, min=m), x, bound)
pulled = pull(torch.ones(1))
tangents = torch.tensor([5.0]), torch.tensor([7.0])
pushed = torch.func.jvp(lambda x, m: torch.clamp(x, min=m), (x, bound), tangents)[1]
want = sum(g * t for g, t in zip(pulled, tangents, strict=True))
print(f"tangent: got {pushed.item()}, by reverse mode it is {want.item()}")
sys.exit(not torch.equal(pushed, want))
