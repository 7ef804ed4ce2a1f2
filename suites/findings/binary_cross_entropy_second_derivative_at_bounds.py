"""Second derivatives of binary_cross_entropy at an input of 0 are not those of its first ones.

The gradient by the input is (x - t) / max(x (1 - x), 1e-12), so that around 0 it rises with x by 1e12, and falls with t
by 1e12. Double backward says 5e23 for a target of 0.5, from a formula of its own. The gradient by the target is that of
logarithms that are documented to be clamped at -100: by the input it changes by -1 / (1 - x), and not by infinity.
"""

import sys

import torch


def first(x: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x, 0.5)]
    loss = torch.nn.functional.binary_cross_entropy(*inputs)
    return inputs, list(torch.autograd.grad(loss, inputs, create_graph=True))


(x, _), (by_input, by_target) = first(0.0)
got = [torch.autograd.grad(g, x, retain_graph=True)[0].item() for g in (by_input, by_target)]
step = 1e-13
rise = (first(step)[1][0] - by_input).item() / step
wants = (rise, -1.0)
for name, mine, want in zip(("input", "target"), got, wants, strict=True):
    print(f"derivative by the input of the gradient by the {name}: got {mine}, want {want}")
sys.exit(any(abs(mine - want) > 0.01 * abs(want) for mine, want in zip(got, wants, strict=True)))
