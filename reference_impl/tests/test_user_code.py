"""What user code may do inside custom Functions, and how deep backward passes may nest."""

from typing import Any

import pytest

import reference_impl as torch
from reference_impl.guarding import GUARDED

SEEN: list[str] = []
RUNS: list[int] = []


class Keeper(torch.autograd.Function):
    """Doubles, and keeps a value of its own under every name that the node needs."""

    @staticmethod
    def forward(ctx, x):
        for name in GUARDED:
            setattr(ctx, name, f"mine: {name}")
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        SEEN[:] = [getattr(ctx, name) for name in GUARDED]
        (x,) = ctx.saved_tensors
        return 2 * grad + 0 * x


def test_every_name_of_the_node_is_free_for_user_code():
    x: Any = torch.tensor([1.0, -3.0], requires_grad=True)
    y = Keeper.apply(x)
    assert y.grad_fn.name() == "KeeperBackward"
    y.backward(torch.tensor([0.5, 4.0]))
    assert x.grad.tolist() == [1.0, 8.0]
    assert [f"mine: {name}" for name in GUARDED] == SEEN


class Countdown(torch.autograd.Function):
    """Runs a backward pass inside its backward, and so on down to 0."""

    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_() - 1
        return ctx.x.detach()

    @staticmethod
    def backward(ctx, grad):
        RUNS.append(1)
        if ctx.x.item() > 0:
            with torch.enable_grad():
                Countdown.apply(ctx.x).backward()
        return grad


def test_backward_nests_deeper_than_one_stack():
    RUNS.clear()
    x: Any = torch.tensor(500.0, requires_grad=True)
    Countdown.apply(x).backward(torch.tensor(0.25))
    assert len(RUNS) == 500
    assert x.grad.item() == 0.25


class Failing(torch.autograd.Function):
    """Raises in the innermost of many passes."""

    @staticmethod
    def forward(ctx, x, depth):
        ctx.depth = depth
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_()
        return x * 1

    @staticmethod
    def backward(ctx, _grad):
        if not ctx.depth:
            raise KeyError("innermost")
        with torch.enable_grad():
            Failing.apply(ctx.x, ctx.depth - 1).backward()
        return None, None


def test_error_of_a_nested_pass_reaches_the_caller():
    with pytest.raises(KeyError, match="innermost"):
        Failing.apply(torch.tensor(1.0, requires_grad=True), 50).backward()
    assert torch.is_grad_enabled()
    x: Any = torch.tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert x.grad.item() == 6.0


@pytest.mark.parametrize(
    ("ask", "nearest"),
    [
        (lambda: torch.sinn, "torch.sin"),
        (lambda: torch.linalg.invv, "torch.linalg.inv"),
        (lambda: torch.nn.Linaer, "torch.nn.Linear"),
        (lambda: torch.autograd.functional.jacobain, "torch.autograd.functional.jacobian"),
    ],
    ids=["module", "namespace", "nn", "functional"],
)
def test_name_that_is_not_offered_is_told_with_the_nearest(ask, nearest):
    with pytest.raises(AttributeError, match="does not offer it") as caught:
        ask()
    assert str(caught.value).endswith(nearest)


def test_comparison_in_place_ends_the_gradient():
    x: Any = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * 2
    y.eq_(1.0)
    y.backward(torch.tensor([3.0, -2.0]))
    assert x.grad.tolist() == [0.0, 0.0]


def test_gradient_has_a_tangent_without_create_graph():
    x: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.tensor([1.0, -0.5]))
        (grad,) = torch.autograd.grad((dual**3).sum(), x)
        found = torch.autograd.forward_ad.unpack_dual(grad)
        assert found.primal.tolist() == [3.0, 12.0]
        assert found.tangent.tolist() == [6.0, -6.0]
        assert not grad.requires_grad
