"""Double backward of weight_norm is wrong by the direction.

w = g v / |v|, the norm taken of each row. Its second derivatives by v, asked of torch and of the same formula written
out, differ by as much as they are large. What parametrizations.weight_norm computes goes through it, so a gradient
penalty on a network that has it is optimised with wrong gradients.
"""

import sys

import torch

v = torch.tensor([[1.0, 2.0, -2.0]], dtype=torch.float64, requires_grad=True)
g = torch.tensor([[3.0]], dtype=torch.float64, requires_grad=True)
cotangent = torch.tensor([[0.5, -1.0, 2.0]], dtype=torch.float64)
second = torch.tensor([[1.0, -0.5, 0.25]], dtype=torch.float64)


def second_gradient(weight: torch.Tensor) -> torch.Tensor:
    (first,) = torch.autograd.grad(weight, v, cotangent, create_graph=True)
    return torch.autograd.grad(first, v, second)[0]


layer = torch.nn.utils.parametrizations.weight_norm(
    torch.nn.Linear(3, 1, bias=False, dtype=torch.float64)
)
size_and_direction = {
    "parametrizations.weight.original0": g,
    "parametrizations.weight.original1": v,
}
got = second_gradient(
    torch.func.functional_call(layer, size_and_direction, torch.eye(3, dtype=torch.float64)).T
)
want = second_gradient(v * (g / v.norm(dim=1, keepdim=True)))
print(f"second gradient by the direction: got {got.tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(got, want))
