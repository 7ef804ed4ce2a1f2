"""The gradient of ctc_loss by log_probs is the one by the logits before a log_softmax.

The loss of one frame with one target is minus its log-probability, so that its gradient is -1 there and 0 elsewhere.
Known upstream: https://github.com/pytorch/pytorch/issues/67462.
"""

import sys

import torch

log_probs = torch.log(torch.tensor([[[0.2, 0.3, 0.5]]], dtype=torch.float64)).requires_grad_()
loss = torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1]]), (1,), (1,), reduction="sum")
loss.backward()
got, want = log_probs.grad.flatten().tolist(), [0.0, -1.0, 0.0]
print(f"gradient by log_probs: got {got}, want {want}")
sys.exit(not torch.allclose(log_probs.grad.flatten(), torch.tensor(want, dtype=torch.float64)))
