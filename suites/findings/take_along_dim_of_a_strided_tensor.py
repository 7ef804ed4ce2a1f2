"""take_along_dim without a dim refuses tensors that are not contiguous.

Without a dim the input is documented to be "treated as if it has been flattened to 1d". torch flattens it, and the
indices, by view, which a transposed tensor does not have.
"""

import sys

import torch

x, index = torch.arange(6.0).reshape(3, 2), torch.tensor([[0, 1, 2]])
want = x.T.flatten()[:3]
try:
    got = torch.take_along_dim(x.T, index)
except RuntimeError as error:
    print(f"take_along_dim(x.T, index): got {type(error).__name__}: {error}; want {want.tolist()}")
    sys.exit(1)
sys.exit(not torch.equal(got.flatten(), want))
