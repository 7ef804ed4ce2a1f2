"""detach, detach_ and clone: leaving the graph with or without leaving the memory."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("detach.result-has-no-history")
@pytest.mark.parametrize("source", ["leaf", "result", "untracked"])
def test_detached_tensor_has_no_history_whatever_the_source(torch, source):
    x = torch.tensor([1.0, 2.0], requires_grad=source != "untracked")
    x = x * 1 if source == "result" else x
    y = x.detach()
    assert y is not x
    assert (y.requires_grad, y.grad_fn, y.is_leaf) == (False, None, True)
    assert_same(y, torch.tensor([1.0, 2.0]))
    assert x.requires_grad == (source != "untracked")


@clause("detach.result-shares-storage")
def test_writes_are_seen_on_both_sides(torch):
    x = torch.tensor([1.0, 2.0])
    y = x.detach()
    y[0] = 10.0
    x[1] = 20.0
    assert_same(x, torch.tensor([10.0, 20.0]))
    assert_same(y, torch.tensor([10.0, 20.0]))
    assert x.data_ptr() == y.data_ptr()


@clause("detach.write-through-detached-raises-at-backward")
def test_write_through_a_detached_output_raises_at_backward(torch):
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = a.exp()
    b.detach().zero_()
    with raises("detach.write-through-detached-raises-at-backward"):
        b.sum().backward()
    assert a.grad is None


@clause("detach.write-through-detached-raises-at-backward")
def test_write_through_a_detached_output_nobody_saved_is_harmless(torch):
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = a * 3
    b.detach().zero_()
    b.backward(torch.tensor([1.0, 0.5]))
    assert_values(b, [0.0, 0.0])
    assert_values(a.grad, [3.0, 1.5])


@clause("detach.detached-factor-contributes-no-gradient")
def test_detached_factor_contributes_no_gradient(torch):
    x = torch.tensor([3.0, -2.0], requires_grad=True)
    (x * x.detach()).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, -1.0])


@clause("detach.detached-factor-contributes-no-gradient")
def test_both_factors_contribute_without_detach(torch):
    x = torch.tensor([3.0, -2.0], requires_grad=True)
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [6.0, -2.0])


@clause("detach.in-place-detach-makes-leaf")
def test_in_place_detach_turns_a_result_into_a_leaf(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    same = y.detach_()
    assert same is y
    assert (y.requires_grad, y.grad_fn, y.is_leaf) == (False, None, True)
    (y * x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("detach.in-place-detach-makes-leaf")
def test_results_computed_before_an_in_place_detach_keep_their_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y + 1
    y.detach_()
    z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 1.0])


@clause("detach.in-place-detach-of-view-raises")
def test_in_place_detach_of_a_view_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    view = (x * 2)[:1]
    with raises("detach.in-place-detach-of-view-raises"):
        view.detach_()
    assert view.requires_grad


@clause("detach.in-place-detach-of-view-raises")
def test_detach_of_a_view_works(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    view = (x * 2)[:1]
    assert_same(view.detach(), torch.tensor([2.0]))
    assert not view.detach().requires_grad


@clause("detach.in-place-detach-of-leaf-clears-flag")
def test_in_place_detach_of_a_leaf_clears_its_flag(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.detach_()
    assert (x.requires_grad, x.is_leaf) == (False, True)
    assert not (x * 2).requires_grad


@clause("detach.requires-grad-on-detached-starts-new-leaf")
def test_detached_tensor_that_requires_grad_is_a_leaf_of_its_own(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).detach().requires_grad_()
    (y * y).backward(torch.tensor([1.0, 0.5]))
    assert y.is_leaf
    assert_values(y.grad, [4.0, 4.0])
    assert x.grad is None


@clause("detach.result-has-no-tangent")
def test_detached_dual_tensor_has_no_tangent(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0]))
        assert_values(forward_ad.unpack_dual(dual * 2).tangent, [1.0, -2.0])
        assert forward_ad.unpack_dual(dual.detach()).tangent is None
        assert forward_ad.unpack_dual(dual.detach() * 2).tangent is None


@clause("detach.detached-clone-is-independent")
@pytest.mark.parametrize("order", ["clone-detach", "detach-clone"])
def test_detached_clone_may_be_changed_freely(torch, order):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    copy = y.clone().detach() if order == "clone-detach" else y.detach().clone()
    copy.zero_()
    assert not copy.requires_grad
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.7182818, 3.6945280])


@clause("detach.clone-keeps-the-graph")
def test_clone_passes_gradients_on(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    copy = x.clone()
    assert copy.grad_fn.name() == "CloneBackward0"
    assert copy.data_ptr() != x.data_ptr()
    copy.mul_(3)
    copy.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])
    assert_same(x, torch.tensor([1.0, 2.0]))


@clause("detach.write-to-detached-leaf-is-allowed")
@pytest.mark.parametrize("write", ["add_", "mul_", "fill_"])
def test_detached_leaf_may_be_written(torch, write):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    getattr(x.detach(), write)(3.0)
    assert_values(x, {"add_": [4.0, 5.0], "mul_": [3.0, 6.0], "fill_": [3.0, 3.0]}[write])
    assert (x.requires_grad, x.is_leaf, x._version) == (True, True, 1)


@clause("detach.resizing-leaves-source-shape-alone")
def test_size_changes_of_a_detached_tensor_leave_the_source(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    wide, short = x.detach(), x.detach()
    wide.unsqueeze_(0)
    short.resize_(1)
    assert tuple(wide.shape) == (1, 2)
    assert_same(short, torch.tensor([1.0]))
    assert_same(x, torch.tensor([1.0, 2.0]))
