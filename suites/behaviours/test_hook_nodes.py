"""Hooks, second part: on nodes, after accumulation, over several tensors, and on modules."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("hook.post-accumulate-hook-runs-after-update")
def test_post_accumulate_hook_may_step_and_clear(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []

    def step(leaf):
        seen.append((leaf is x, leaf.grad.tolist(), torch.is_grad_enabled()))
        leaf.sub_(0.5 * leaf.grad)
        leaf.grad = None

    assert hasattr(x.register_post_accumulate_grad_hook(step), "remove")
    (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert seen == [(True, [2.0, 1.0], False)]
    assert_same(x.detach(), torch.tensor([0.0, 1.5]))
    assert x.grad is None


@clause("hook.post-accumulate-hook-runs-after-update")
def test_post_accumulate_hook_sees_the_accumulated_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.grad = torch.tensor([10.0, 20.0])
    seen = []
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
    (x * 2 + x.flip(0)).backward(torch.tensor([1.0, 0.5]))
    assert seen == [[12.5, 22.0]]


@clause("hook.post-accumulate-hook-on-non-leaf-raises")
@pytest.mark.parametrize("retains", [False, True])
def test_result_takes_no_post_accumulate_hook(torch, retains):
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 2
    if retains:
        y.retain_grad()
    with raises("hook.post-accumulate-hook-on-non-leaf-raises"):
        y.register_post_accumulate_grad_hook(print)


@clause("hook.post-accumulate-hook-on-untracked-raises")
def test_untracked_tensor_takes_no_post_accumulate_hook(torch):
    with raises("hook.post-accumulate-hook-on-untracked-raises"):
        torch.tensor([1.0, 2.0]).register_post_accumulate_grad_hook(print)


@clause("hook.post-accumulate-hook-skips-autograd-grad")
def test_post_accumulate_hook_does_not_fire_for_autograd_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(seen.append)
    (grad,) = torch.autograd.grad(x * 2, x, torch.tensor([1.0, 0.5]))
    assert_values(grad, [2.0, 1.0])
    assert seen == []


@clause("hook.post-accumulate-hook-returning-value-raises")
@pytest.mark.parametrize("kind", ["number", "tensor"])
def test_post_accumulate_hook_may_return_nothing(torch, kind):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda leaf: 1 if kind == "number" else leaf.grad)
    with raises("hook.post-accumulate-hook-returning-value-raises"):
        (x * 2).backward(torch.tensor([1.0, 0.5]))


@clause("hook.node-hook-may-replace-grad-inputs")
def test_node_hook_sees_both_sides_and_replaces_the_inner_one(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 5.0], requires_grad=True)
    y = x * w
    seen = []

    def scale(grad_inputs, grad_outputs):
        seen.append(([g.tolist() for g in grad_inputs], [g.tolist() for g in grad_outputs]))
        return grad_inputs[0] * 100, grad_inputs[1]

    y.grad_fn.register_hook(scale)
    y.backward(torch.tensor([1.0, 0.5]))
    assert seen == [([[3.0, 2.5], [1.0, 1.0]], [[1.0, 0.5]])]
    assert_values(x.grad, [300.0, 250.0])
    assert_values(w.grad, [1.0, 1.0])


@clause("hook.node-hook-may-replace-grad-inputs")
def test_removed_node_hook_does_not_fire(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    handle = y.grad_fn.register_hook(lambda gi, go: (gi[0] * 100, *gi[1:]))
    handle.remove()
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])


@clause("hook.node-prehook-may-replace-grad-outputs")
def test_node_prehook_replaces_what_the_node_gets(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []

    def scale(grad_outputs):
        seen.append([g.tolist() for g in grad_outputs])
        return (grad_outputs[0] * torch.tensor([10.0, -1.0]),)

    y.grad_fn.register_prehook(scale)
    y.backward(torch.tensor([1.0, 0.5]))
    assert seen == [[[1.0, 0.5]]]
    assert_values(x.grad, [30.0, -1.5])


@clause("hook.node-prehook-may-replace-grad-outputs")
def test_node_prehook_that_returns_none_changes_nothing(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.grad_fn.register_prehook(lambda grad_outputs: None)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])


@clause("hook.multi-grad-all-gets-every-gradient")
def test_multi_grad_hook_gets_all_gradients_at_once(torch):
    a, b, c, d = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(4))
    seen = []
    torch.autograd.graph.register_multi_grad_hook((a, b, c, d), seen.append)
    (a * 2 + b.exp().log() * 3 + d * 5).backward(torch.tensor([1.0, 0.5]))
    assert len(seen) == 1
    assert seen[0][2] is None
    assert_values(seen[0][0], [2.0, 1.0])
    assert_values(seen[0][1], [3.0, 1.5])
    assert_values(seen[0][3], [5.0, 2.5])


@clause("hook.multi-grad-all-gets-every-gradient")
def test_removed_multi_grad_hook_does_not_fire(torch):
    a, b = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    seen = []
    handle = torch.autograd.graph.register_multi_grad_hook((a, b), seen.append)
    handle.remove()
    (a * b).backward(torch.tensor([1.0, 0.5]))
    assert seen == []


@clause("hook.multi-grad-any-fires-once")
def test_multi_grad_hook_in_mode_any_gets_the_first_gradient_alone(torch):
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = a * 3
    c = b * 10
    seen = []
    torch.autograd.graph.register_multi_grad_hook((a, b, c), seen.append, mode="any")
    c.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    assert [g.tolist() for g in seen] == [[1.0, 0.5]]
    c.backward(torch.tensor([2.0, 4.0]))
    assert [g.tolist() for g in seen] == [[1.0, 0.5], [2.0, 4.0]]


@clause("hook.multi-grad-unknown-mode-raises")
def test_multi_grad_hook_knows_two_modes(torch):
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("hook.multi-grad-unknown-mode-raises"):
        torch.autograd.graph.register_multi_grad_hook((a,), print, mode="first")


@clause("hook.module-hook-may-replace-grad-input")
def test_module_hook_sees_and_replaces_the_inner_gradient(torch):
    layer = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, -1.0]]))
    seen = []

    def scale(module, grad_input, grad_output):
        seen.append((module is layer, grad_input[0].tolist(), grad_output[0].tolist()))
        return (grad_input[0] * 100,)

    layer.register_full_backward_hook(scale)
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    layer(x).backward(torch.tensor([[0.5]]))
    assert seen == [(True, [[1.5, -0.5]], [[0.5]])]
    assert_values(x.grad, [[150.0, -50.0]])
    assert_values(layer.weight.grad, [[0.5, 1.0]])


@clause("hook.module-hook-may-replace-grad-input")
def test_module_hook_that_returns_none_changes_nothing(torch):
    layer = torch.nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, -1.0]]))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    layer(x).backward(torch.tensor([[0.5]]))
    assert_values(x.grad, [[1.5, -0.5]])
