"""In-place writes, second part: how a write rewrites history, and the tools around versions."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("inplace.slice-assignment-zeroes-overwritten-gradient")
def test_overwritten_positions_get_zero_and_the_source_its_own(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    source = torch.tensor([10.0, 20.0], requires_grad=True)
    y = x * 2
    y[1:] = source * 3
    y.backward(torch.tensor([1.0, 0.5, -4.0]))
    assert_values(y, [2.0, 30.0, 60.0])
    assert_values(x.grad, [2.0, 0.0, 0.0])
    assert_values(source.grad, [1.5, -12.0])


@clause("inplace.slice-assignment-zeroes-overwritten-gradient")
def test_assigned_number_cuts_only_the_overwritten_position(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * x
    z = y + 0
    z[0, 1] = 100.0
    z.backward(torch.tensor([[1.0, 5.0], [0.5, -1.0]]))
    assert_values(x.grad, [[2.0, 0.0], [3.0, -8.0]])


@clause("inplace.assigning-tracked-value-tracks-buffer")
def test_assigning_into_a_slice_gives_the_buffer_a_copy_slices_node(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    buffer = torch.zeros(3)
    buffer[1:] = x
    assert buffer.requires_grad
    assert not buffer.is_leaf
    assert buffer.grad_fn.name().endswith("CopySlices")
    buffer.backward(torch.tensor([9.0, 0.5, -1.0]))
    assert_values(x.grad, [0.5, -1.0])


@clause("inplace.assigning-tracked-value-tracks-buffer")
def test_copying_into_a_whole_buffer_gives_it_a_copy_node(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    buffer = torch.zeros(2)
    buffer.copy_(x)
    assert buffer.grad_fn.name().endswith("CopyBackwards")
    buffer.backward(torch.tensor([0.5, -1.0]))
    assert_values(x.grad, [0.5, -1.0])


@clause("inplace.assigning-tracked-value-tracks-buffer")
def test_assigning_an_untracked_value_leaves_the_buffer_untracked(torch):
    buffer = torch.zeros(3)
    buffer[1:] = torch.ones(2)
    assert not buffer.requires_grad
    assert buffer.grad_fn is None


@clause("inplace.write-to-view-updates-base-history")
def test_scaling_a_view_scales_the_gradient_through_the_base(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 2
    base[:2].mul_(10)
    assert base.grad_fn.name().endswith("CopySlices")
    base.backward(torch.tensor([1.0, 0.5, 4.0]))
    assert_values(base, [20.0, 40.0, 6.0])
    assert_values(x.grad, [20.0, 10.0, 8.0])


@clause("inplace.write-to-view-updates-base-history")
def test_write_to_a_view_of_a_view_reaches_the_base(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    base = x * 1
    base.t()[0].mul_(torch.tensor([5.0, -1.0]))
    base.backward(torch.tensor([[1.0, 0.5], [2.0, 3.0]]))
    assert_values(base, [[5.0, 2.0], [-3.0, 4.0]])
    assert_values(x.grad, [[5.0, 0.5], [-2.0, 3.0]])


@clause("inplace.write-to-base-updates-view-history")
def test_view_read_after_a_write_to_its_base_has_the_new_history(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 2
    view = base[1:]
    old = view.grad_fn
    base.mul_(10)
    assert view.grad_fn is not old
    view.backward(torch.tensor([1.0, 0.5]))
    assert_values(view, [40.0, 60.0])
    assert_values(x.grad, [0.0, 20.0, 10.0])


@clause("inplace.write-to-base-updates-view-history")
def test_write_to_one_view_updates_an_overlapping_view(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 1
    first, last = base[:2], base[1:]
    first.mul_(7)
    last.backward(torch.tensor([1.0, 0.5]))
    assert_values(last, [14.0, 3.0])
    assert_values(x.grad, [0.0, 7.0, 0.5])


@clause("inplace.write-to-multi-view-output-raises")
@pytest.mark.parametrize("split", ["unbind", "split", "chunk"])
def test_write_to_one_of_several_views_raises(torch, split):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 2
    views = {"unbind": y.unbind, "split": lambda: y.split(1), "chunk": lambda: y.chunk(2)}[split]()
    with raises("inplace.write-to-multi-view-output-raises"):
        views[0].mul_(3)


@clause("inplace.write-to-multi-view-output-raises")
def test_write_to_a_single_view_of_the_same_part_is_fine(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 2
    y.select(0, 0).mul_(3)
    y.backward(torch.tensor([[1.0, 0.5], [2.0, -1.0]]))
    assert_values(x.grad, [[6.0, 3.0], [4.0, -2.0]])


@clause("inplace.write-to-no-grad-view-raises")
def test_view_made_in_no_grad_cannot_be_written_in_grad_mode(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    with torch.no_grad():
        view = y[:1]
    with raises("inplace.write-to-no-grad-view-raises"):
        view.mul_(3)


@clause("inplace.write-to-no-grad-view-raises")
def test_view_made_in_no_grad_can_be_written_in_no_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    with torch.no_grad():
        y[:1].mul_(3)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [6.0, 4.0])
    assert_values(x.grad, [2.0, 1.0])


@clause("inplace.out-argument-that-requires-grad-raises")
def test_out_with_a_tracked_argument_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    out = torch.zeros(2)
    with raises("inplace.out-argument-that-requires-grad-raises"):
        torch.add(x, 1.0, out=out)
    with raises("inplace.out-argument-that-requires-grad-raises"):
        torch.add(torch.ones(2), 1.0, out=x)


@clause("inplace.out-argument-that-requires-grad-raises")
def test_out_is_fine_in_no_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    out = torch.zeros(2)
    with torch.no_grad():
        torch.add(x, 1.0, out=out)
    assert_values(out, [2.0, 3.0])
    assert not out.requires_grad


@clause("inplace.increment-version-bumps-counter")
def test_increment_version_makes_a_hidden_change_visible(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    y.data.zero_()
    torch.autograd.graph.increment_version(y)
    assert y._version == 1
    with raises("inplace.increment-version-bumps-counter"):
        z.backward()


@clause("inplace.increment-version-bumps-counter")
def test_increment_version_takes_a_list(torch):
    a, b, c = torch.ones(1), torch.ones(2), torch.ones(3)
    torch.autograd.graph.increment_version([a, c])
    assert (a._version, b._version, c._version) == (1, 0, 1)


@clause("inplace.increment-version-ignores-inference-tensor")
def test_increment_version_ignores_an_inference_tensor(torch):
    with torch.inference_mode():
        t = torch.ones(2)
    assert torch.autograd.graph.increment_version(t) is None
    assert t.is_inference()
    assert_same(t, torch.ones(2))


@clause("inplace.allow-mutation-backward-uses-original-value")
def test_backward_uses_the_value_that_was_saved(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 3
        z = y * y
        y.zero_()
        z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [18.0, 18.0])
    assert_values(y, [0.0, 0.0])


@clause("inplace.allow-mutation-nested-raises")
def test_allow_mutation_cannot_be_nested(torch):
    allow = torch.autograd.graph.allow_mutation_on_saved_tensors
    with allow(), raises("inplace.allow-mutation-nested-raises"), allow():
        pass


@clause("inplace.allow-mutation-nested-raises")
def test_allow_mutation_may_be_entered_again_after_leaving(torch):
    allow = torch.autograd.graph.allow_mutation_on_saved_tensors
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with allow():
        pass
    with allow():
        y = x * 1
        z = y.sin()
        y.zero_()
        z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [0.5403023, -0.20807342])


@clause("inplace.allow-mutation-backward-outside-raises")
def test_backward_after_leaving_allow_mutation_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        y = x * 3
        z = (y * y).sum()
        y.zero_()
    with raises("inplace.allow-mutation-backward-outside-raises"):
        z.backward()


@clause("inplace.tracked-operand-tracks-written-tensor")
def test_adding_a_tracked_tensor_in_place_tracks_the_target(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    t = torch.tensor([10.0, 20.0])
    same = t.add_(x)
    assert same is t
    assert (t.requires_grad, t.is_leaf, t.grad_fn.name()) == (True, False, "AddBackward0")
    t.backward(torch.tensor([0.5, -1.0]))
    assert_values(x.grad, [0.5, -1.0])


@clause("inplace.tracked-operand-tracks-written-tensor")
def test_adding_an_untracked_tensor_in_place_does_not(torch):
    t = torch.tensor([10.0, 20.0])
    t.add_(torch.tensor([1.0, 2.0]))
    assert (t.requires_grad, t.is_leaf, t.grad_fn) == (False, True, None)


@clause("inplace.write-to-expanded-tensor-raises")
def test_expanded_tensor_refuses_a_write(torch):
    t = torch.tensor([[1.0], [2.0]])
    with raises("inplace.write-to-expanded-tensor-raises"):
        t.expand(2, 3).add_(1)
    assert_same(t, torch.tensor([[1.0], [2.0]]))


@clause("inplace.write-to-expanded-tensor-raises")
def test_expand_that_repeats_nothing_may_be_written(torch):
    t = torch.tensor([[1.0], [2.0]])
    t.expand(1, 2, 1).add_(1)
    assert_same(t, torch.tensor([[2.0], [3.0]]))


@clause("inplace.relu-in-place-equals-relu")
def test_relu_in_place_on_a_product_equals_relu(torch):
    w = torch.tensor([[1.0, -2.0], [-3.0, 4.0]], requires_grad=True)
    v = torch.tensor([[1.0, -2.0], [-3.0, 4.0]], requires_grad=True)
    x, ct = torch.tensor([[1.0, 2.0], [0.5, 3.0]]), torch.tensor([[1.0, 10.0], [-3.0, 0.5]])
    out = (x @ w).relu_()
    out.backward(ct)
    (x @ v).relu().backward(ct)
    assert out.grad_fn.name() == "ReluBackward0"
    assert_values(out, [[0.0, 6.0], [0.0, 11.0]])
    assert_values(w.grad, [[0.0, 10.25], [0.0, 21.5]])
    assert_same(w.grad, v.grad)


@clause("inplace.accepted-write-chains-differentiate-correctly")
@pytest.mark.parametrize(
    "last", ["mul_", "add_", "sin_", "exp_", "sqrt_", "tanh_", "neg_", "pow_", "div_"]
)
def test_accepted_chain_equals_its_out_of_place_form(torch, last):
    arguments = {"mul_": (3.0,), "add_": (3.0,), "pow_": (3,), "div_": (4.0,)}.get(last, ())
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    same = torch.tensor([1.0, 2.0], requires_grad=True)
    ct = torch.tensor([0.5, -2.0])
    getattr((x * 1.5).add_(0.25).mul_(2.0), last)(*arguments).backward(ct)
    getattr((same * 1.5 + 0.25) * 2.0, last.rstrip("_"))(*arguments).backward(ct)
    assert_values(x.grad, same.grad)


@clause("inplace.accepted-write-chains-differentiate-correctly")
def test_chain_of_four_writes_has_the_hand_worked_gradient(torch):
    # y = exp(2 * (3x + 1)) at 0: dy/dx = 6 * e^2
    x = torch.tensor(0.0, requires_grad=True)
    y = x * 3
    y.add_(1).mul_(2).exp_()
    y.backward()
    assert_values(y, 7.3890561)
    assert_values(x.grad, 44.334337)
