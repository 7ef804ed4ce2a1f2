"""vmap of index_select with an index without dimensions gives the whole input instead of the row.

index_select(x, 0, torch.tensor(1)) of 3 rows is one row, (1, 4). Under vmap it is all three.
"""

import sys

import torch

rows = torch.arange(24.0).reshape(2, 3, 4)
index = torch.tensor(1)
got = torch.vmap(lambda x: x.index_select(0, index))(rows)
want = torch.stack([x.index_select(0, index) for x in rows])
print(f"shape: got {tuple(got.shape)}, want {tuple(want.shape)}")
sys.exit(got.shape != want.shape or not torch.equal(got, want))
