"""scale_grad_by_freq of embedding_bag divides by the frequency of another word.

The gradient of a word's row is documented to be scaled by one over the word's frequency in the mini-batch. Of
0, 1, 1, 3, 3, 3 the row of 3 is divided by 2, the frequency of the sorted word at place 2: 3 is the third distinct.
"""

import sys

import torch

words = torch.tensor([0, 1, 1, 3, 3, 3])
table = torch.ones(4, 1, dtype=torch.float64, requires_grad=True)
bag = torch.nn.functional.embedding_bag
grads = [
    torch.autograd.grad(
        bag(words, table, torch.tensor([0]), mode="sum", scale_grad_by_freq=scaled).sum(), table
    )[0].flatten()
    for scaled in (False, True)
]
want = grads[0] / torch.bincount(words, minlength=4).clamp(min=1)
print(f"unscaled {grads[0].tolist()}, scaled {grads[1].tolist()}, want {want.tolist()}")
sys.exit(not torch.allclose(grads[1], want))
