"""vmap of index_copy and of the gradients of index_add and index_reduce goes wrong for an index without dimensions.

index_copy raises, and so does the gradient of index_add. That of index_reduce by its source is three times too large,
three being the rows of the tensor that it writes to.
"""

import sys

import torch

x, index = torch.ones(3, 4), torch.tensor(1)
sources = torch.arange(8.0).reshape(2, 1, 4)
wrong = False


def reduced(source: torch.Tensor) -> torch.Tensor:
    return x.index_reduce(0, index, source, "mean").sum()


def added(source: torch.Tensor) -> torch.Tensor:
    return x.index_add(0, index, source).sum()


for name, asked in (
    ("index_copy", lambda source: x.index_copy(0, index, source)),
    ("gradient of index_add", torch.func.grad(added)),
):
    try:
        torch.vmap(asked)(sources)
    except RuntimeError as error:
        print(f"{name}: got {error}")
        wrong = True
got = torch.vmap(torch.func.grad(reduced))(sources)
want = torch.stack([torch.func.grad(reduced)(source) for source in sources])
print(f"gradient of index_reduce: got {got[0].tolist()}, want {want[0].tolist()}")
sys.exit(wrong or not torch.allclose(got, want))
