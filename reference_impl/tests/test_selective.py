"""Selective checkpointing: results that the policy names are kept, the others computed again."""

import functools

import pytest

import reference_impl as torch
from reference_impl.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    create_selective_checkpoint_contexts,
)


def run(policy, fn, x):
    contexts = functools.partial(create_selective_checkpoint_contexts, policy)
    return checkpoint(fn, x, use_reentrant=False, context_fn=contexts)


@pytest.fixture
def sines(monkeypatch):
    """How often the sine was computed."""
    rule = torch.sin.rule
    counted = []
    forward = rule.forward

    def count(x):
        counted.append(x)
        return forward(x)

    monkeypatch.setattr(rule, "forward", count)
    return counted


@pytest.mark.parametrize(("keep", "times"), [(True, 1), (False, 2)], ids=["kept", "recomputed"])
def test_policy_decides_what_runs_again(sines, keep, times):
    x = torch.tensor([0.3, -1.2], requires_grad=True)
    y = run(
        lambda _ctx, op, *_args: keep and op == torch.ops.aten.sin.default,
        lambda x: x.sin().exp(),
        x,
    )
    y.backward(torch.tensor([1.0, 0.5]))
    assert len(sines) == times
    wanted = x.detach().cos() * x.detach().sin().exp() * torch.tensor([1.0, 0.5])
    assert torch.allclose(x.grad, wanted)


def test_kept_result_may_not_be_written_to():
    def fn(x):
        y = x.sin()
        z = y * y.clone()
        y.mul_(2)
        return z.exp().cos()

    x = torch.tensor([0.3, -1.2], requires_grad=True)
    y = run([torch.ops.aten.sin.default], fn, x)
    with pytest.raises(RuntimeError, match="has been mutated"):
        y.sum().backward()


def test_kept_results_serve_one_backward():
    x = torch.tensor([0.3, -1.2], requires_grad=True)
    y = run([torch.ops.aten.sin.default], lambda x: x.sin().cos().exp(), x)
    y.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="backward an extra time"):
        y.sum().backward()


def test_policy_sees_the_op_its_arguments_and_its_result():
    seen = []

    def policy(ctx, op, *args):
        seen.append((str(op), ctx.is_recompute, ctx.op_output.tolist(), len(args)))
        return CheckpointPolicy.PREFER_RECOMPUTE

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    run(policy, lambda x: x * 3, x).sum().backward()
    assert seen == [("aten.mul.Tensor", False, [3.0, 6.0], 2)]
