"""vmap of index_fill over its value alone fills every example with the value of the last one."""

import sys

import torch

x, index = torch.zeros(3), torch.tensor([1])
values = torch.tensor([1.0, 2.0])
got = torch.vmap(lambda value: x.index_fill(0, index, value))(values)
want = torch.stack([x.index_fill(0, index, value) for value in values])
print(f"filled with 1 and 2: got {got.tolist()}, want {want.tolist()}")
sys.exit(not torch.equal(got, want))
