"""Double backward of embedding forgets scale_grad_by_freq.

Word 0 occurs twice, so that its gradient is (ct0 + ct1) / 2: the derivative of that by ct0 and by ct1 is 1/2.
"""

import sys

import torch

table = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
ct = torch.tensor([[2.0], [4.0], [3.0]], dtype=torch.float64, requires_grad=True)
words = torch.tensor([0, 0, 1])
found = torch.nn.functional.embedding(words, table, scale_grad_by_freq=True)
(grad,) = torch.autograd.grad(found, table, ct, create_graph=True)
(by_ct,) = torch.autograd.grad(grad, ct, torch.ones_like(grad))
got, want = by_ct.flatten().tolist(), [0.5, 0.5, 1.0]
print(
    f"gradient: {grad.flatten().tolist()}; its derivative by the cotangent: got {got}, want {want}"
)
sys.exit(got != want)
