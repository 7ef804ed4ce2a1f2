"""Tensor hooks and retain_grad: what they see, what they may change, and in which order they run."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause
from suites.harness.isolation import output_alone
from suites.harness.plugin import RUN
from suites.harness.selection import column_of


@clause("hook.tensor-hook-receives-cotangent")
def test_hook_receives_the_cotangent_and_leaves_it(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    handle = y.register_hook(seen.append)
    (y * y).backward(torch.tensor([1.0, 0.5]))
    assert hasattr(handle, "remove")
    assert len(seen) == 1
    assert_values(seen[0], [6.0, 6.0])
    assert_values(x.grad, [18.0, 18.0])


@clause("hook.tensor-hook-receives-cotangent")
def test_hook_is_not_called_before_backward(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    x.register_hook(seen.append)
    y = (x * 3).sum()
    assert seen == []
    y.backward()
    assert len(seen) == 1


OUTDATED = """
import importlib, sys
import torch
device, *modules = sys.argv[1:]
for module in modules:
    importlib.import_module(module)
x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
base = x * 3
view = base[0]
base.mul_(2.0)
view.register_hook(lambda ct: ct * 5)
view.backward()
print(x.grad.tolist())
"""


@pytest.mark.subject_only
@clause("hook.tensor-hook-receives-cotangent")
def test_hook_on_a_view_that_a_write_to_its_base_outdated(torch, request):  # noqa: ARG001 - a process of its own
    column, load = column_of(request.node), request.config.stash[RUN].options.load
    told = "a hook on a view that a write to its base outdated"
    assert output_alone(OUTDATED, column.subject.device, *load, told=told) == "[30.0, 0.0]\n"


@clause("hook.returned-tensor-replaces-cotangent")
def test_returned_tensor_replaces_the_cotangent_further_back(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([1.0, 1.0], requires_grad=True)
    y = x * 3
    y.register_hook(lambda ct: ct * torch.tensor([10.0, -1.0]))
    (y + w).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [30.0, -1.5])
    assert_values(w.grad, [1.0, 0.5])


@clause("hook.removed-hook-stops-firing")
def test_removed_hook_does_not_fire(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    kept = x.register_hook(lambda ct: seen.append("kept"))
    removed = x.register_hook(lambda ct: seen.append("removed"))
    removed.remove()
    removed.remove()
    (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert seen == ["kept"]
    kept.remove()
    (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert seen == ["kept"]


@clause("hook.removed-hook-stops-firing")
def test_handle_removes_its_hook_at_the_end_of_a_with_block(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with x.register_hook(lambda ct: ct * 10):
        (x * 2).backward(torch.tensor([1.0, 0.5]))
    (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [22.0, 11.0])


@clause("hook.hook-on-untracked-tensor-raises")
def test_untracked_tensor_takes_no_hook(torch):
    with raises("hook.hook-on-untracked-tensor-raises"):
        torch.tensor([1.0, 2.0]).register_hook(print)
    with torch.no_grad():
        y = torch.ones(2, requires_grad=True) * 2
    with raises("hook.hook-on-untracked-tensor-raises"):
        y.register_hook(print)


@clause("hook.tensor-hooks-run-in-registration-order")
def test_each_hook_sees_the_result_of_the_one_before(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y.register_hook(lambda ct: ct + 1)
    y.register_hook(lambda ct: ct * 10)
    y.register_hook(lambda ct: None)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [20.0, 15.0])


@clause("hook.returning-other-shape-raises")
@pytest.mark.parametrize("shape", [(3,), (1,), ()], ids=str)
def test_hook_may_not_change_the_shape(torch, shape):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda ct: torch.ones(shape))
    with raises("hook.returning-other-shape-raises"):
        (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("hook.returning-other-dtype-or-type-raises")
def test_hook_may_not_change_the_dtype(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    x.register_hook(lambda ct: ct.to(torch.float16))
    with raises("hook.returning-other-dtype-or-type-raises", index=0):
        (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("hook.returning-other-dtype-or-type-raises")
def test_hook_may_not_return_a_number(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda ct: 1)
    with raises("hook.returning-other-dtype-or-type-raises", index=1):
        (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("hook.tensor-hook-fires-for-autograd-grad-input")
def test_hook_of_an_input_fires_although_its_node_does_not_run(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(lambda ct: ct * 100)
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: seen.append("node"))
    (grad,) = torch.autograd.grad(y * y, y, torch.tensor([1.0, 0.5]))
    assert_values(grad, [600.0, 600.0])
    assert seen == []


@clause("hook.tensor-hook-fires-for-autograd-grad-input")
def test_hook_of_a_leaf_fires_for_autograd_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda ct: ct + 5)
    (grad,) = torch.autograd.grad(x * 3, x, torch.tensor([1.0, 0.5]))
    assert_values(grad, [8.0, 6.5])
    assert x.grad is None


@clause("hook.backward-inputs-non-leaf-runs-node-hooks")
def test_backward_by_a_non_leaf_runs_its_node_hooks(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: seen.append("node"))
    y.retain_grad()
    (y * y).backward(torch.tensor([1.0, 0.5]), inputs=[y])
    assert seen == ["node"]
    assert x.grad is None


@clause("hook.hooks-around-node-fire-in-order")
def test_hooks_around_a_node_fire_in_order(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.grad_fn.register_hook(lambda gi, go: seen.append("node post-hook"))
    y.grad_fn.register_prehook(lambda go: seen.append(("pre-hook", y.grad is None)))
    y.retain_grad()
    y.register_hook(lambda ct: seen.append("tensor hook"))
    x.register_hook(lambda ct: seen.append("next tensor's hook"))
    y.backward(torch.tensor([1.0, 0.5]))
    wanted = ["tensor hook", ("pre-hook", False), "node post-hook", "next tensor's hook"]
    assert seen == wanted


@clause("hook.hooks-around-node-fire-in-order")
def test_retained_grad_does_not_show_what_a_node_prehook_changed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10,))
    y.retain_grad()
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y.grad, [1.0, 0.5])
    assert_values(x.grad, [30.0, 15.0])


@clause("hook.hooks-around-node-fire-in-order")
def test_hooks_around_a_leaf_fire_in_order(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    node = y.grad_fn.next_functions[0][0]
    node.register_hook(lambda gi, go: seen.append(("node post-hook", x.grad is None)))
    x.register_post_accumulate_grad_hook(
        lambda leaf: seen.append(("accumulated", leaf.grad is None))
    )
    node.register_prehook(lambda go: seen.append(("pre-hook", x.grad is None)))
    x.register_hook(lambda ct: seen.append(("tensor hook", x.grad is None)))
    y.backward(torch.tensor([1.0, 0.5]))
    wanted = [("tensor hook", True), ("pre-hook", True)]
    assert seen == [*wanted, ("accumulated", False), ("node post-hook", False)]


@clause("hook.retain-grad-keeps-non-leaf-grad")
def test_retained_grad_of_a_result_is_there_after_backward(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    assert not y.retains_grad
    y.retain_grad()
    assert y.retains_grad
    assert y.grad is None
    (y * y).backward(torch.tensor([1.0, 0.5]))
    assert_values(y.grad, [6.0, 6.0])
    assert_values(x.grad, [18.0, 18.0])


@clause("hook.retain-grad-on-leaf-is-noop")
def test_retain_grad_of_a_leaf_does_nothing(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.retain_grad()
    x.retain_grad()
    assert not x.retains_grad
    (x * 3).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])


@clause("hook.retain-grad-on-untracked-raises")
def test_untracked_tensor_retains_no_grad(torch):
    x = torch.tensor([1.0, 2.0])
    with raises("hook.retain-grad-on-untracked-raises"):
        x.retain_grad()
    assert not x.retains_grad


@clause("hook.retained-grad-sees-all-tensor-hooks")
def test_retained_grad_shows_the_cotangent_after_all_hooks(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.register_hook(lambda ct: ct * 10)
    y.retain_grad()
    y.register_hook(lambda ct: ct + 1)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y.grad, [11.0, 6.0])
    assert_values(x.grad, [33.0, 18.0])


@clause("hook.retained-grad-accumulates-over-passes")
def test_retained_grad_accumulates(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    y.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    y.backward(torch.tensor([10.0, -2.0]))
    assert_values(y.grad, [11.0, -1.5])


@clause("hook.hook-stays-with-node-before-write")
def test_hook_stays_with_the_value_it_was_registered_on(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    before, after = [], []
    y.register_hook(before.append)
    y.mul_(10)
    y.register_hook(after.append)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(before[0], [10.0, 5.0])
    assert_values(after[0], [1.0, 0.5])
    assert (len(before), len(after)) == (1, 1)


@clause("hook.retain-grad-follows-tensor-across-write")
def test_retained_grad_is_that_of_the_changed_tensor(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y.retain_grad()
    y.mul_(10)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y.grad, [1.0, 0.5])
    assert_values(x.grad, [10.0, 5.0])


@clause("hook.leaf-hook-acts-before-accumulation")
def test_leaf_hook_changes_what_is_added_to_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.grad = torch.tensor([100.0, 100.0])
    x.register_hook(lambda ct: ct * 10)
    (x * 3).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [130.0, 115.0])


@clause("hook.exception-in-hook-propagates")
def test_exception_of_a_hook_leaves_backward_unchanged(torch):
    class Boom(Exception):
        pass

    def fail(_):
        raise error

    error = Boom("hook failed")
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.register_hook(fail)
    with raises("hook.exception-in-hook-propagates") as caught:
        y.backward(torch.tensor([1.0, 0.5]))
    assert caught.error is error
    assert x.grad is None


@clause("hook.hook-sees-total-cotangent-once")
def test_hook_sees_the_sum_over_all_uses_once(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(seen.append)
    (y * y + 5 * y + y.flip(0)).backward(torch.tensor([1.0, 0.5]))
    assert len(seen) == 1
    assert_values(seen[0], [11.5, 9.5])


@clause("hook.hook-sees-total-cotangent-once")
def test_hook_of_a_leaf_sees_the_total_once_for_each_pass(torch):
    x = torch.tensor(2.0, requires_grad=True)
    seen = []
    x.register_hook(lambda ct: seen.append(ct.item()))
    y = x * x + 3 * x
    y.backward(retain_graph=True)
    y.backward()
    assert seen == [7.0, 7.0]


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@clause("hook.create-graph-hook-cotangents-are-tracked")
@pytest.mark.parametrize("create_graph", [True, False])
def test_hook_sees_tracked_cotangents_with_create_graph_only(torch, create_graph):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(seen.append)
    (y * y).backward(torch.tensor([1.0, 0.5]), create_graph=create_graph)
    x.grad = None
    assert seen[0].requires_grad == create_graph
    assert_same(seen[0].detach(), torch.tensor([6.0, 6.0]))
