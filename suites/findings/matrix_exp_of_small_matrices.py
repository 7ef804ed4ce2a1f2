"""matrix_exp of a small matrix, 1-norm 3.4e-4 to 0.05 (float32: 0.05 to 0.58), has wrong terms from the fifth on.

The exponential of a rotation's generator holds its cosine and sine. The fifth term is too small by 10 %, the sixth by
24 %, the seventh and eighth by a third: those of the polynomial of degree eight.
"""

import math
import sys

import torch

angle = 0.04
turn = torch.tensor([[0.0, angle], [-angle, 0.0]], dtype=torch.float64)
got, want = torch.matrix_exp(turn)[0, 1].item(), math.sin(angle)
shift = torch.diag(torch.full((8,), angle, dtype=torch.float64), 1)
terms = [torch.matrix_exp(shift)[0, k].item() / (angle**k / math.factorial(k)) for k in range(9)]
print(f"sin(0.04): got {got!r}, want {want!r}; terms, 1 each: {[round(term, 3) for term in terms]}")
sys.exit(abs(got - want) > 1e-14)
