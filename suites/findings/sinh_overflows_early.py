"""sinh and cosh overflow early where several are computed at a time: inf at 89 in float32, where 2.2e38 is right.

Half the exponential is a number of the dtype up to log(2 max), 89.4 in float32 and 710.47 in float64; of 32 numbers
the result is inf from log(max) on, 88.7 and 709.8. Of one number it is right. On a CPU whose vectors torch does not
use, nothing is wrong.
"""

import math
import sys

import torch

wrong = False
for number, dtype in ((89.0, torch.float32), (710.2, torch.float64)):
    want = math.exp(number - math.log(2))
    for function in (torch.sinh, torch.cosh):
        one = function(torch.tensor(number, dtype=dtype)).item()
        got = function(torch.full((64,), number, dtype=dtype))
        print(
            f"{function.__name__}({number}) in {dtype}: {one!r} alone, {got[0].item()!r} of 64, want {want!r}"
        )
        wrong |= not torch.allclose(
            got.double(), torch.tensor(want, dtype=torch.float64), rtol=1e-5
        )
sys.exit(wrong)
