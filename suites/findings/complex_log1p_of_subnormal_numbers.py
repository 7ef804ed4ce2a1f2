"""log1p of a complex number with two parts is NaN where both are subnormal; logcumsumexp and logaddexp pass it on.

log(1 + z) is z for so small a number. logcumsumexp and logaddexp form log1p(exp(a - b)): they are NaN where real parts
lie between 708 and 745 apart, logaddexp in complex64 between 87 and 103, where the answer is the larger of the two.
"""

import sys

import torch

small = torch.log1p(torch.tensor(1e-310 + 1e-310j, dtype=torch.complex128)).item()
print(f"log1p(1e-310 + 1e-310i): got {small}, want (1e-310+1e-310j)")
single = torch.log1p(torch.tensor(1e-40 + 1e-40j, dtype=torch.complex64)).item()
print(f"log1p(1e-40 + 1e-40i) in complex64: got {single}, want about (1e-40+1e-40j)")
running = torch.logcumsumexp(torch.tensor([720 + 1j, 2j], dtype=torch.complex128), 0)[-1].item()
print(f"logcumsumexp([720 + i, 2i])[1]: got {running}, want (720+1j)")
sys.exit(any(z != z for z in (small, single, running)))  # noqa: PLR0124 - NaN is not itself
