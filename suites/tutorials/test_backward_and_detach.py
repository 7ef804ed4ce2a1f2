"""The fourth notebook: flags, backward, a hook that looks inside, and detach against data.

Written for torch 1.x. Since then reading ``.grad`` of a non-leaf warns, ``ExpBackward`` prints as
``ExpBackward0``, and the error about a changed saved tensor has gained version numbers and a hint.
"""

import warnings

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause
from suites.tutorials.shown import shown

ONE_TO_FOUR = [[1, 2], [3, 4]]


@clause("tutorial.sum-max-and-flags-print-as-shown")
def test_flags_before_and_after_marking_an_operand(torch):
    x, y = torch.ones(1), torch.ones(1)
    z = x + y
    printed = [x.requires_grad, y.requires_grad, z.requires_grad]
    x.requires_grad_()
    printed.append(x.requires_grad)
    z = x + y
    printed.append(z.requires_grad)
    assert printed == [False, False, False, True, True]


@clause("tutorial.sum-max-and-flags-print-as-shown")
def test_leaf_sum_maximum_and_result_print_as_shown(torch):
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    assert shown(y) == "tensor([[1., 2.],\n        [3., 4.]], requires_grad=True)"
    assert shown(y.sum()) == "tensor(10., grad_fn=<SumBackward0>)"
    assert shown(y.max()) == "tensor(4., grad_fn=<MaxBackward1>)"
    z = 2 * y + 1
    assert shown(z) == "tensor([[3., 5.],\n        [7., 9.]], grad_fn=<AddBackward0>)"


@clause("tutorial.sum-max-and-flags-print-as-shown")
def test_grads_and_nodes_before_backward(torch):
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    z = 2 * y + 1
    assert [y.requires_grad, z.requires_grad] == [True, True]
    assert y.grad is None
    # The notebook read z.grad in silence; today that warns, and still gives None.
    with warns("accumulate.reading-non-leaf-grad-warns"):
        assert z.grad is None
    assert y.grad_fn is None
    assert shown(z.grad_fn) == "<AddBackward0>"


@clause("tutorial.hook-and-retained-passes-give-shown-grads")
def test_backward_of_the_matrix_fails_and_of_its_sum_does_not(torch):
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    z = 2 * y + 1
    with raises("tutorial.hook-and-retained-passes-give-shown-grads"):
        z.backward()
    out = z.sum()
    assert shown(out) == "tensor(24., grad_fn=<SumBackward0>)"
    out.backward()
    assert shown(y.grad) == "tensor([[2., 2.],\n        [2., 2.]])"


@clause("tutorial.hook-and-retained-passes-give-shown-grads")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_hook_shows_the_gradient_that_the_result_does_not_keep(torch):
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    z = 2 * y + 1
    out = z.sum()
    kept = []
    handle = z.register_hook(kept.append)
    assert type(handle).__name__ == "RemovableHandle"
    out.backward(retain_graph=True)
    assert (z.grad, out.grad) == (None, None)
    assert shown(kept[0]) == "tensor([[1., 1.],\n        [1., 1.]])"
    assert [shown(t.grad_fn) for t in (y, z, out)] == ["None", "<AddBackward0>", "<SumBackward0>"]


@clause("tutorial.hook-and-retained-passes-give-shown-grads")
def test_retained_passes_give_two_then_four_then_two_again(torch):
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    out = (2 * y + 1).sum()
    out.backward(retain_graph=True)
    assert shown(y.grad) == "tensor([[2., 2.],\n        [2., 2.]])"
    out.backward(retain_graph=True)
    assert shown(y.grad) == "tensor([[4., 4.],\n        [4., 4.]])"
    y.grad.zero_()
    out.backward()
    assert shown(y.grad) == "tensor([[2., 2.],\n        [2., 2.]])"


@clause("tutorial.call-after-last-retained-pass-raises")
def test_one_call_after_the_last_retained_one_raises(torch):
    # 2 * y saves its factor, so the pass without retain_graph frees something.
    y = torch.tensor(ONE_TO_FOUR, dtype=torch.float32, requires_grad=True)
    out = (2 * y + 1).sum()
    out.backward(retain_graph=True)
    y.grad.zero_()
    out.backward()
    with raises("tutorial.call-after-last-retained-pass-raises"):
        out.backward()
    assert_values(y.grad, [[2.0, 2.0], [2.0, 2.0]])


@clause("tutorial.detach-raises-where-data-is-silent")
def test_zeroing_through_detach_makes_backward_fail(torch):
    a = torch.tensor([1, 2, 3.0], requires_grad=True)
    b = a.exp()
    c = b.detach()
    assert shown(c.zero_()) == "tensor([0., 0., 0.])"
    # ExpBackward in the notebook.
    assert shown(b) == "tensor([0., 0., 0.], grad_fn=<ExpBackward0>)"
    with raises("tutorial.detach-raises-where-data-is-silent"):
        b.sum().backward()
    assert a.grad is None


@clause("tutorial.detach-raises-where-data-is-silent")
def test_zeroing_through_data_gives_a_wrong_gradient_in_silence(torch):
    a = torch.tensor([1, 2, 3.0], requires_grad=True)
    b = a.exp()
    c = b.data
    assert shown(c.zero_()) == "tensor([0., 0., 0.])"
    assert shown(b) == "tensor([0., 0., 0.], grad_fn=<ExpBackward0>)"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        b.sum().backward()
    assert_same(a.grad, torch.tensor([0.0, 0.0, 0.0]))
