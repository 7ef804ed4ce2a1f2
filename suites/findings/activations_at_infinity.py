"""silu, gelu, mish, hardswish and softsign are NaN at infinities at which they have limits, and so are their slopes.

hardswish is documented as 0 for x <= -3, and minus infinity is less. The others are at minus infinity 0, 0, 0 and -1 by
their limits, at infinity infinity and 1, and their slopes there are 0 on the left, and 1 or 0 on the right. Infinity
times 0 and infinity over infinity are formed on the way.
"""

import math
import sys

import torch
from torch.nn import functional

# Values and slopes at minus infinity and at infinity.
WANT = {
    functional.silu: ([0.0, math.inf], [0.0, 1.0]),
    functional.gelu: ([0.0, math.inf], [0.0, 1.0]),
    functional.mish: ([0.0, math.inf], [0.0, 1.0]),
    functional.hardswish: ([0.0, math.inf], [0.0, 1.0]),
    functional.softsign: ([-1.0, 1.0], [0.0, 0.0]),
}
failed = False
for op, want in WANT.items():
    x = torch.tensor([-math.inf, math.inf], dtype=torch.float64, requires_grad=True)
    y = op(x)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    got = y.tolist(), slope.tolist()
    failed |= got != want
    print(f"{op.__name__}: got {got[0]}, slopes {got[1]}; want {want[0]}, slopes {want[1]}")
sys.exit(failed)
