"""In-place writes: which are refused, which are differentiated, and when a stale saved value is noticed."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause

UNARY_THAT_SAVE_INPUT = ["sin", "cos", "log", "square", "abs"]
UNARY_THAT_SAVE_OUTPUT = ["exp", "tanh", "sigmoid", "sqrt"]


@clause("inplace.write-to-leaf-raises")
@pytest.mark.parametrize("write", ["add_", "mul_", "copy_", "fill_", "zero_"])
def test_write_to_a_leaf_raises_and_leaves_its_value(torch, write):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    arguments = {"zero_": (), "copy_": (torch.ones(2),)}.get(write, (3.0,))
    with raises("inplace.write-to-leaf-raises"):
        getattr(x, write)(*arguments)
    assert_same(x, torch.tensor([1.0, 2.0]))
    assert (x._version, x.is_leaf, x.requires_grad) == (0, True, True)


@clause("inplace.write-to-leaf-raises")
def test_write_to_an_untracked_leaf_is_fine(torch):
    x = torch.tensor([1.0, 2.0])
    x.add_(3.0)
    assert_same(x, torch.tensor([4.0, 5.0]))


@clause("inplace.write-to-view-of-leaf-raises")
@pytest.mark.parametrize("view", ["slice", "select", "reshape", "transpose"])
def test_write_to_a_view_of_a_leaf_raises(torch, view):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = {"slice": x[:1], "select": x[0], "reshape": x.reshape(4), "transpose": x.t()}[view]
    with raises("inplace.write-to-view-of-leaf-raises"):
        y.add_(3)
    assert_same(x, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


@clause("inplace.write-to-view-of-leaf-raises")
def test_assignment_into_a_leaf_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("inplace.write-to-view-of-leaf-raises"):
        x[0] = 7.0
    assert_same(x, torch.tensor([1.0, 2.0]))


@clause("inplace.write-to-view-of-leaf-raises")
def test_write_to_a_view_of_a_result_is_fine(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y[:1].add_(3)
    assert_values(y, [4.0, 2.0])
    assert_same(x, torch.tensor([1.0, 2.0]))


@clause("inplace.no-grad-write-to-leaf-is-allowed")
def test_leaf_may_be_written_in_no_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        x.mul_(10.0)
        x[0] = -1.0
    assert_same(x, torch.tensor([-1.0, 20.0]))
    assert (x.is_leaf, x.requires_grad, x.grad_fn) == (True, True, None)


@clause("inplace.write-to-saved-input-raises")
def test_write_to_a_saved_factor_makes_backward_raise(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    y = (x * c).sum()
    c.add_(1.0)
    with raises("inplace.write-to-saved-input-raises", index=0):
        y.backward()


@clause("inplace.write-to-saved-input-raises")
def test_second_write_is_still_only_an_error_about_the_variable(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1.0)
    y.mul_(3.0)
    with raises("inplace.write-to-saved-input-raises", index=1) as caught:
        z.sum().backward()
    assert "is at version 2; expected version 0" in str(caught.error)


@clause("inplace.write-to-saved-input-raises")
def test_write_before_the_save_is_harmless(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    c.add_(1.0)
    (x * c).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [4.0, 2.5])


@clause("inplace.check-happens-during-backward")
def test_stale_save_raises_in_backward_and_accumulates_nothing(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    y.add_(1.0)
    assert_values(y, [3.0, 5.0])
    with raises("inplace.check-happens-during-backward"):
        z.backward()
    assert x.grad is None


@clause("inplace.check-happens-during-backward")
def test_stale_save_off_the_path_is_not_noticed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1.0)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 1.0])
    assert_values(z, [4.0, 16.0])


@clause("inplace.write-to-unsaved-tensor-is-harmless")
def test_write_to_a_scaled_tensor_keeps_its_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.add_(1)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [4.0, 7.0])
    assert_values(x.grad, [3.0, 1.5])


@clause("inplace.write-to-non-leaf-is-differentiated")
def test_in_place_product_chains_both_derivatives(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    other = x + 10
    y.mul_(other)
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "MulBackward0"
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [36.0, 21.0])


@clause("inplace.version-rises-with-each-write")
def test_each_write_raises_the_version_by_one(torch):
    x = torch.tensor([1.0, 2.0])
    versions = [x._version]
    for write, *arguments in (("add_", 1), ("zero_",), ("copy_", torch.ones(2)), ("fill_", 3.0)):
        getattr(x, write)(*arguments)
        versions.append(x._version)
    assert versions == [0, 1, 2, 3, 4]


@clause("inplace.version-rises-with-each-write")
def test_out_of_place_operations_leave_the_version(torch):
    x = torch.tensor([1.0, 2.0])
    y = (x + 1).exp() * x
    assert (x._version, y._version) == (0, 0)


@clause("inplace.version-rises-with-each-write")
@pytest.mark.parametrize("operand", ["number", "tensor"])
def test_augmented_assignment_writes_in_place(torch, operand):
    x = same = torch.tensor([1.0, 2.0])
    two = 2.0 if operand == "number" else torch.tensor(2.0)
    x += two
    x -= two * 2
    x *= two * 3
    x /= two
    x **= two
    assert x is same
    assert x._version == 5
    assert_values(x, [9.0, 0.0])


@clause("inplace.views-share-version-with-base")
def test_view_and_base_share_one_counter(torch):
    base = torch.tensor([1.0, 2.0, 3.0])
    view = base[1:]
    other = base.reshape(3, 1)
    view.add_(1)
    assert (base._version, view._version, other._version) == (1, 1, 1)
    base.mul_(2)
    assert (base._version, view._version, other._version) == (2, 2, 2)


@clause("inplace.views-share-version-with-base")
def test_clone_has_a_counter_of_its_own(torch):
    base = torch.tensor([1.0, 2.0, 3.0])
    copy = base[1:].clone()
    copy.add_(1)
    assert (base._version, copy._version) == (0, 1)


@clause("inplace.detach-shares-version-data-does-not")
def test_detached_tensor_shares_the_counter(torch):
    x = torch.tensor([1.0, 2.0])
    x.add_(1)
    detached = x.detach()
    assert detached._version == 1
    detached.add_(1)
    assert (x._version, detached._version) == (2, 2)


@clause("inplace.detach-shares-version-data-does-not")
def test_data_starts_a_counter_of_its_own(torch):
    x = torch.tensor([1.0, 2.0])
    x.add_(1)
    data = x.data
    assert data._version == 0
    data.add_(1)
    assert (x._version, data._version) == (1, 1)
    assert_same(x, torch.tensor([3.0, 4.0]))


@clause("inplace.write-to-view-of-saved-base-raises")
def test_write_to_a_view_of_a_saved_base_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    base = x * 2
    z = (base * base).sum()
    base[:1].add_(1.0)
    with raises("inplace.write-to-view-of-saved-base-raises"):
        z.backward()
    assert x.grad is None


@clause("inplace.write-to-base-of-saved-view-raises")
def test_write_to_the_base_of_a_saved_view_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    base = x * 2
    view = base[:1]
    z = (view * view).sum()
    base[1] = 9.0
    with raises("inplace.write-to-base-of-saved-view-raises"):
        z.backward()
    assert x.grad is None


@clause("inplace.write-that-changes-nothing-still-raises")
@pytest.mark.parametrize("write", [("add_", 0.0), ("mul_", 1.0)], ids=["add_0", "mul_1"])
def test_write_that_changes_nothing_raises(torch, write):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    getattr(y, write[0])(write[1])
    assert_values(y, [2.0, 4.0])
    with raises("inplace.write-that-changes-nothing-still-raises"):
        z.backward()


@clause("inplace.write-that-changes-nothing-still-raises")
def test_change_hidden_from_the_version_does_not_raise(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    y.data.add_(1.0)
    z.backward()
    assert_values(x.grad, [12.0, 20.0])


@clause("inplace.write-to-saved-output-raises")
@pytest.mark.parametrize("name", UNARY_THAT_SAVE_OUTPUT)
def test_write_to_the_output_raises_where_it_is_saved(torch, name):
    x = torch.tensor([1.0, 4.0], requires_grad=True)
    y = getattr(x, name)()
    y.mul_(2)
    with raises("inplace.write-to-saved-output-raises"):
        y.sum().backward()
    assert x.grad is None


@clause("inplace.write-to-saved-output-raises")
@pytest.mark.parametrize("name", UNARY_THAT_SAVE_INPUT)
def test_write_to_the_output_is_harmless_where_the_input_is_saved(torch, name):
    x = torch.tensor([1.0, 4.0], requires_grad=True)
    same = torch.tensor([1.0, 4.0], requires_grad=True)
    y = getattr(x, name)()
    y.mul_(2)
    y.backward(torch.tensor([1.0, 0.5]))
    getattr(same, name)().backward(torch.tensor([2.0, 1.0]))
    assert_values(x.grad, same.grad)


@clause("inplace.write-to-saved-output-raises")
@pytest.mark.parametrize("name", UNARY_THAT_SAVE_OUTPUT)
def test_write_to_the_input_is_harmless_where_the_output_is_saved(torch, name):
    x = torch.tensor([1.0, 4.0], requires_grad=True)
    same = torch.tensor([1.0, 4.0], requires_grad=True)
    getattr(same, name)().backward(torch.tensor([1.0, 0.5]))
    z = getattr(x, name)()
    with torch.no_grad():
        x.zero_()
    z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, same.grad)


@clause("inplace.product-saves-only-needed-factor")
def test_factor_whose_partner_is_constant_may_change(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    y = c * x
    with torch.no_grad():
        x.zero_()
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 2.0])


@clause("inplace.product-saves-only-needed-factor")
def test_constant_factor_may_not_change(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    y = c * x
    c.zero_()
    with raises("inplace.product-saves-only-needed-factor"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("inplace.no-grad-write-to-saved-parameter-raises")
def test_no_grad_update_between_forward_and_backward_raises(torch):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    with torch.no_grad():
        w.sub_(0.1)
    assert w._version == 1
    with raises("inplace.no-grad-write-to-saved-parameter-raises"):
        loss.backward()
    assert w.grad is None


@clause("inplace.no-grad-write-to-saved-parameter-raises")
def test_no_grad_update_after_backward_is_fine(torch):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    (w * w).backward(torch.tensor([1.0, 0.5]))
    with torch.no_grad():
        w.sub_(0.5 * w.grad)
    assert_values(w, [0.0, 1.0])
    assert_values(w.grad, [2.0, 2.0])
