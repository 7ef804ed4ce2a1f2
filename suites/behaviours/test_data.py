"""Tensor.data: the same memory without history, and what autograd does not notice about it."""

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("data.shares-storage-without-history")
def test_data_shares_memory_and_has_no_history(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    data = y.data
    assert (data.requires_grad, data.grad_fn, data.is_leaf) == (False, None, True)
    data[0] = 50.0
    assert_values(y, [50.0, 4.0])
    with torch.no_grad():
        y[1] = -7.0
    assert_same(data, torch.tensor([50.0, -7.0]))
    assert y.grad_fn is not None


@clause("data.write-gives-silent-wrong-gradient")
def test_zeroing_the_data_of_a_saved_output_gives_zero_gradients(torch):
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = a.exp()
    b.data.zero_()
    b.backward(torch.tensor([1.0, 0.5, -4.0]))
    assert_values(b, [0.0, 0.0, 0.0])
    assert_values(a.grad, [0.0, 0.0, 0.0])


@clause("data.write-gives-silent-wrong-gradient")
def test_changing_the_data_of_a_saved_factor_changes_the_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    y = x * c
    c.data.mul_(100)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [3.0, 8.0])
    assert_values(x.grad, [300.0, 200.0])


@clause("data.assignment-swaps-storage-of-same-leaf")
def test_assigned_data_leaves_leaf_flag_and_version(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        x.add_(1)
    t = torch.tensor([10.0, 20.0])
    before = x
    x.data = t
    assert x is before
    assert (x.is_leaf, x.requires_grad, x.grad_fn, x._version) == (True, True, None, 1)
    assert_same(x, torch.tensor([10.0, 20.0]))


@clause("data.assignment-swaps-storage-of-same-leaf")
def test_assigned_data_is_shared_with_its_source(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    t = torch.tensor([10.0, 20.0])
    x.data = t
    t[0] = -1.0
    assert_same(x, torch.tensor([-1.0, 20.0]))
    assert (x._version, t._version) == (0, 1)


@clause("data.assignment-after-saving-gives-silent-wrong-gradient")
def test_data_assigned_after_the_save_enters_the_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.data = torch.tensor([10.0, 20.0])
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [1.0, 4.0])
    assert_values(x.grad, [20.0, 20.0])


@clause("data.assignment-of-other-layout-raises")
def test_data_of_a_sparse_layout_is_refused(torch):
    x = torch.tensor([[1.0, 0.0], [0.0, 2.0]], requires_grad=True)
    with raises("data.assignment-of-other-layout-raises"):
        x.data = torch.eye(2).to_sparse()
    assert_same(x, torch.tensor([[1.0, 0.0], [0.0, 2.0]]))


@clause("data.assignment-of-other-layout-raises")
def test_data_of_another_shape_is_accepted(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.data = torch.tensor([[1.0, 2.0, 3.0]])
    (x * x).backward(torch.tensor([[1.0, 0.5, 2.0]]))
    assert_values(x.grad, [[2.0, 2.0, 12.0]])


@clause("data.gradient-descent-through-data-works")
def test_descent_through_data_shrinks_the_loss_by_064_each_step(torch):
    x = torch.tensor([[2.0], [1.0], [10.0]], requires_grad=True)
    losses = []
    for _ in range(4):
        x.grad = None
        (x[0] ** 2 + x[1] ** 2 + x[2] ** 2).backward()
        x.data = x.data - 0.1 * x.grad
        losses.append((x[0] ** 2 + x[1] ** 2 + x[2] ** 2).detach())
    assert_values(torch.cat(losses), [67.2, 43.008, 27.52512, 17.6160768], rtol=1e-5)
    assert (x.requires_grad, x.grad_fn, x.is_leaf) == (True, None, True)


@clause("data.operations-are-not-tracked")
def test_operations_on_data_are_not_tracked(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.data * 2
    assert (y.requires_grad, y.grad_fn) == (False, None)
    assert_same(y, torch.tensor([2.0, 4.0]))


@clause("data.operations-are-not-tracked")
def test_data_as_a_factor_is_a_constant(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x.data).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [1.0, 1.0])


@clause("data.each-access-gives-new-object")
def test_each_access_of_data_gives_a_new_object(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    first, second = x.data, x.data
    assert first is not second
    assert first is not x
    first[0] = 9.0
    assert_same(second, torch.tensor([9.0, 2.0]))


@clause("data.each-access-gives-new-object")
def test_requiring_grad_on_one_access_does_not_touch_the_next(torch):
    x = torch.tensor([1.0, 2.0])
    x.data.requires_grad_()
    assert not x.requires_grad
    assert not x.data.requires_grad


@clause("data.differs-from-detach-in-version-only")
def test_data_and_detach_agree_except_for_the_version(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    data, detached = y.data, y.detach()
    assert_same(data, detached)
    assert data.data_ptr() == detached.data_ptr() == y.data_ptr()
    assert (data.requires_grad, detached.requires_grad) == (False, False)
    detached.add_(1)
    assert (y._version, detached._version, data._version) == (1, 1, 0)
    data.add_(1)
    assert (y._version, detached._version, data._version) == (1, 1, 1)
