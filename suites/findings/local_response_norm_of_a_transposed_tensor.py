"""local_response_norm refuses a volume that is not contiguous: it calls view where reshape is meant.

The same numbers in contiguous memory are taken. With size 1 and k = 1 each number x becomes x / (1 + alpha x^2)^beta.
"""

import sys

import torch

x = torch.linspace(0.5, 2.0, 24, dtype=torch.float64).reshape(1, 3, 2, 2, 2)
want = x / (1 + 0.5 * x**2) ** 0.75
norm = torch.nn.functional.local_response_norm
for name, given in (
    ("contiguous", x),
    ("transposed", x.transpose(3, 4).contiguous().transpose(3, 4)),
):
    try:
        got = norm(given, 1, alpha=0.5)
    except RuntimeError as error:
        print(f"{name}: {error}")
        sys.exit(1)
    print(f"{name}: off by {(got - want).abs().max()}")
    if not torch.allclose(got, want):
        sys.exit(1)
