"""vmap of y[i, :, j] = v writes to the wrong places, where sizes happen to fit, and raises where they do not.

Indices that a slice stands between put their dimension first. With a batch, the batch stands before the values but the
indices stay first in what is written to: with as many examples as indices, example and index change places.
"""

import sys

import torch

i, j = torch.tensor([1, 0]), torch.tensor([2, 3])


def written(y: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    y = y.clone()
    y[i, :, j] = v
    return y


y, v = torch.zeros(2, 2, 3, 4), torch.arange(12.0).reshape(2, 2, 3)
got = torch.vmap(written)(y, v)
want = torch.stack([written(*example) for example in zip(y, v, strict=True)])
print(
    f"y[0][0, :, 3] of example 0: got {got[0, 0, :, 3].tolist()}, want {want[0, 0, :, 3].tolist()}"
)
sys.exit(not torch.equal(got, want))
