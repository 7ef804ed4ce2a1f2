"""Conventions at kinks, third part: forward mode takes the same choice as reverse mode."""

import pytest

from suites.harness.assertions import assert_values
from suites.harness.clauses import clause

# name -> (function, point with kinks and ties)
KINKS = {
    "abs": (lambda torch, x: x.abs(), [-2.0, 0.0, 3.0]),
    "relu": (lambda torch, x: torch.relu(x), [-2.0, 0.0, 3.0]),
    "relu6": (lambda torch, x: torch.nn.functional.relu6(x), [0.0, 3.0, 6.0]),
    "hardtanh": (lambda torch, x: torch.nn.functional.hardtanh(x), [-1.0, 0.0, 1.0]),
    "leaky_relu": (lambda torch, x: torch.nn.functional.leaky_relu(x), [-1.0, 0.0, 1.0]),
    "clamp": (lambda torch, x: x.clamp(-1.0, 3.0), [-1.0, 0.5, 3.0, 4.0]),
    "sign": (lambda torch, x: torch.sign(x), [-1.0, 0.0, 2.0]),
    "round": (lambda torch, x: torch.round(x), [0.5, 1.0, 1.5]),
    "maximum": (lambda torch, x: torch.maximum(x, x.flip(0) + 0), [2.0, 1.0, 5.0]),
    "minimum": (lambda torch, x: torch.minimum(x, x.flip(0) + 0), [2.0, 1.0, 5.0]),
    "max": (lambda torch, x: x.max(), [3.0, 1.0, 3.0]),
    "amax": (lambda torch, x: x.amax(0), [3.0, 1.0, 3.0]),
    "amin": (lambda torch, x: x.amin(0), [1.0, 4.0, 1.0]),
    "max-dim": (lambda torch, x: x.max(0)[0], [3.0, 1.0, 3.0]),
    "median": (lambda torch, x: x.median(), [2.0, 1.0, 2.0, 5.0, 2.0]),
    "sort": (lambda torch, x: x.sort()[0], [2.0, 1.0, 2.0]),
    "norm-2": (lambda torch, x: x.norm(2), [0.0, 0.0]),
    "norm-1": (lambda torch, x: x.norm(1), [0.0, -2.0]),
    "prod-one-zero": (lambda torch, x: x.prod(), [0.0, 2.0, 3.0]),
    "prod-two-zeros": (lambda torch, x: x.prod(), [0.0, 0.0, 3.0]),
    "cumprod": (lambda torch, x: x.cumprod(0), [2.0, 0.0, 3.0]),
    "pow-0": (lambda torch, x: x**0, [0.0, 2.0]),
    "pow-2": (lambda torch, x: x**2, [0.0, 2.0]),
    "frac": (lambda torch, x: torch.frac(x), [-1.0, 0.25]),
    "where": (lambda torch, x: torch.where(x > 0, x * 3, x * 5), [-1.0, 0.0, 2.0]),
}


@clause("forward.forward-and-reverse-mode-agree")
@pytest.mark.parametrize("name", KINKS)
def test_both_modes_take_the_same_subgradient(torch, name):
    fn, point = KINKS[name]
    fwd = torch.autograd.forward_ad
    x = torch.tensor(point, requires_grad=True)
    y = fn(torch, x)
    ct = torch.arange(1.0, y.numel() + 1).reshape(y.shape) * 0.5
    y.backward(ct)
    products = []
    for direction in torch.eye(len(point)):
        with fwd.dual_level():
            dual = fwd.make_dual(torch.tensor(point), direction)
            products.append((fwd.unpack_dual(fn(torch, dual)).tangent * ct).sum())
    assert_values(torch.stack(products), x.grad)
