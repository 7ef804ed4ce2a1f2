"""ctc_loss accepts a target class that the log-probabilities do not have, and reads beyond them.

nll_loss and cross_entropy refuse such a target. Of three classes the fourth reads what stands behind the row; here that
is memory of the same tensor, elsewhere it may be anything, and a class far off can take the process down.
"""

import sys

import torch

memory = torch.zeros(5, 1, 3).log_softmax(2)
scores = memory[:4]
try:
    found = torch.nn.functional.ctc_loss(
        scores, torch.tensor([[1, 3]]), torch.tensor([4]), torch.tensor([2])
    )
except (RuntimeError, IndexError, ValueError) as error:
    print(f"raised {type(error).__name__}")
    sys.exit(0)
print(f"got {found}, want an error")
sys.exit(1)
