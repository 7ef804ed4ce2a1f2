"""Gradient memory layout: which strides a fresh .grad gets, and that an existing one keeps its own."""

import pytest

from suites.harness.assertions import assert_values
from suites.harness.clauses import clause


@clause("layout.dense-leaf-grad-gets-leaf-strides")
def test_gradient_of_a_transposed_leaf_has_its_strides(torch):
    x = torch.zeros(2, 3).t().requires_grad_()
    assert x.stride() == (1, 3)
    (x * 2).backward(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert x.grad.stride() == (1, 3)
    assert_values(x.grad, [[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]])


@clause("layout.dense-leaf-grad-gets-leaf-strides")
def test_gradient_of_a_contiguous_leaf_is_contiguous_whatever_the_cotangent(torch):
    x = torch.zeros(3, 2, requires_grad=True)
    ct = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t()
    (x + 0).backward(ct)
    assert x.grad.stride() == (2, 1)
    assert_values(x.grad, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])


@clause("layout.non-dense-leaf-grad-is-contiguous")
def test_gradient_of_a_strided_slice_is_contiguous(torch):
    x = torch.zeros(3, 4)[:, ::2].requires_grad_()
    assert x.stride() == (4, 2)
    (x * 2).backward(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert x.grad.stride() == (2, 1)
    assert_values(x.grad, [[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]])


@pytest.mark.filterwarnings("ignore:grad and param do not obey the gradient layout contract")
@clause("layout.existing-grad-keeps-its-strides")
def test_existing_gradient_keeps_its_strides(torch):
    x = torch.zeros(3, 2, requires_grad=True)
    x.grad = torch.tensor([[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]]).t()
    grad = x.grad
    (x * 2).backward(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert x.grad is grad
    assert x.grad.stride() == (1, 3)
    assert_values(x.grad, [[12.0, 44.0], [26.0, 58.0], [40.0, 72.0]])


@clause("layout.policy-switch-restores-previous-setting")
def test_relaxed_policy_lets_a_gradient_keep_the_incoming_strides(torch):
    ct = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t()
    strides = []
    for enforced in (True, False, True):
        x = torch.zeros(3, 2, requires_grad=True)
        with torch.autograd.enforce_grad_layout_policy(enforced):
            (x * 1.0).backward(ct)
        strides.append(x.grad.stride())
        assert_values(x.grad, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
    assert strides == [(2, 1), (1, 3), (2, 1)]


@clause("layout.policy-switch-restores-previous-setting")
def test_policy_is_on_outside_the_context(torch):
    with torch.autograd.enforce_grad_layout_policy(False):
        pass
    x = torch.zeros(3, 2, requires_grad=True)
    (x * 1.0).backward(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t())
    assert x.grad.stride() == (2, 1)


@clause("layout.policy-switch-restores-previous-setting")
def test_policy_may_be_switched_by_a_call(torch):
    x = torch.zeros(3, 2, requires_grad=True)
    torch.autograd.enforce_grad_layout_policy(False)
    try:
        (x * 1.0).backward(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t())
    finally:
        torch.autograd.enforce_grad_layout_policy(True)
    assert x.grad.stride() == (1, 3)


@clause("layout.channels-last-leaf-gets-channels-last-grad")
@pytest.mark.parametrize("through", ["mul", "conv2d"])
def test_channels_last_leaf_gets_a_channels_last_gradient(torch, through):
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    x = x.to(memory_format=torch.channels_last).requires_grad_()
    weight = torch.tensor([[[[2.0]], [[-1.0]]]])
    y = x * 3 if through == "mul" else torch.nn.functional.conv2d(x, weight)
    ct = torch.arange(float(y.numel())).reshape(y.shape)
    y.backward(ct)
    assert x.grad.is_contiguous(memory_format=torch.channels_last)
    assert x.grad.stride() == x.stride()
    assert_values(x.grad, ct * 3 if through == "mul" else torch.cat([ct * 2, ct * -1], 1))
