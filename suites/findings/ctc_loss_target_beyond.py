"""ctc_loss accepts a target class that the log-probabilities do not have, and reads beyond them.

nll_loss and cross_entropy refuse such a target; a class of 900,000 beside three gives a number.
"""

import sys

import torch

try:
    found = torch.nn.functional.ctc_loss(
        torch.zeros(4, 1, 3), torch.tensor([[1, 900000]]), torch.tensor([4]), torch.tensor([2])
    )
except (RuntimeError, IndexError, ValueError) as error:
    print(f"raised {type(error).__name__}")
    sys.exit(0)
print(f"got {found}, want an error")
sys.exit(1)
