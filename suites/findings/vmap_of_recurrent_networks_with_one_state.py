"""vmap of the gradient of a recurrent network or cell raises where examples share the state and its weights.

What the input gives is added in place to what the state gives, which has no dimension for the examples. The value alone
is right.
"""

import sys

import torch

state, weight, hidden = torch.ones(1, 2), torch.ones(2, 3), torch.ones(2, 2)
inputs = torch.arange(6.0).reshape(2, 1, 3)


def loss(x: torch.Tensor) -> torch.Tensor:
    return torch.rnn_tanh_cell(x, state, weight, hidden).sum()


want = torch.stack([torch.func.grad(loss)(x) for x in inputs])
try:
    got = torch.vmap(torch.func.grad(loss))(inputs)
except RuntimeError as error:
    print(f"got {error}")
    sys.exit(1)
sys.exit(not torch.allclose(got, want))
