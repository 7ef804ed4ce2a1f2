"""fill_diagonal_ with wrap=True writes beside a tensor that does not fill its memory.

Of a tall matrix the diagonal is to begin anew below its end, one row left out. Where it begins is computed as if the
matrix were contiguous: of the first two columns of a wider matrix it misses elements of the view, writes to others that
are not part of it, and beyond the end of the memory it raises.
"""

import sys

import torch

base = torch.zeros(7, 4)
base[:, :2].fill_diagonal_(1.0, wrap=True)
want = torch.zeros(7, 4)
want[:, :2] = torch.zeros(7, 2).fill_diagonal_(1.0, wrap=True)
print(f"written to: got {base.nonzero().tolist()}, want {want.nonzero().tolist()}")
sys.exit(not torch.equal(base, want))
