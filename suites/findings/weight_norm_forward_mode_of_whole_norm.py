"""Forward mode raises for weight_norm with dim=None, the norm of the whole weight.

The tangent of the norm comes out with the size [1, 1], and the norm has none.
"""

import sys

import torch

layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2), dim=None)
names = [name for name, _ in layer.named_parameters()]
values = tuple(p.detach() for p in layer.parameters())


def weight(*parameters: torch.Tensor) -> torch.Tensor:
    return torch.func.functional_call(
        layer, dict(zip(names, parameters, strict=True)), torch.eye(3)
    )


try:
    torch.func.jvp(weight, values, tuple(torch.ones_like(p) for p in values))
except RuntimeError as error:
    print(f"got {error}")
    sys.exit(1)
