"""The gradient of stft is wrong for a tensor that was expanded.

Each row of the input gets the mean of all rows' gradients: the frames are taken with as_strided, whose backward adds
up what shares memory. With a cotangent for the first row alone, the second row's gradient should be 0.
"""

import sys

import torch

signal = torch.tensor([[1.0, 2.0, -1.0, 0.5]], dtype=torch.float64)
window = torch.ones(4, dtype=torch.float64)


def gradient(x):
    y = torch.stft(x, 4, 2, window=window, center=False, return_complex=True).real
    ct = torch.zeros_like(y)
    ct[0] = 1.0
    return torch.autograd.grad(y, x, ct)[0]


want = gradient(signal.repeat(2, 1).requires_grad_()).tolist()
got = gradient(signal.expand(2, 4).requires_grad_()).tolist()
print(f"gradient of the same numbers: repeated {want}, expanded {got}")
sys.exit(got != want)
