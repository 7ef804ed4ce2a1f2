"""Inference mode: tensors without versions, and where they may meet autograd again."""

import threading

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("inference.results-are-inference-tensors")
def test_results_inside_are_inference_tensors(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.inference_mode():
        y = x * 2
        made = torch.ones(2)
        assert torch.is_inference_mode_enabled()
    assert (y.requires_grad, y.grad_fn, y.is_inference()) == (False, None, True)
    assert made.is_inference()
    assert not torch.is_inference_mode_enabled()
    assert not (x * 2).is_inference()
    assert (x * 2).requires_grad


@clause("inference.reading-version-raises")
def test_inference_tensor_has_no_version(torch):
    with torch.inference_mode():
        t = torch.ones(2)
        t.add_(1)
    with raises("inference.reading-version-raises"):
        t._version  # noqa: B018


@clause("inference.saving-inference-tensor-raises")
def test_inference_tensor_cannot_be_saved_for_backward(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.inference_mode():
        t = torch.tensor([3.0, 4.0])
    with raises("inference.saving-inference-tensor-raises"):
        x * t


@clause("inference.unsaved-use-outside-is-allowed")
def test_inference_tensor_may_be_added(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.inference_mode():
        t = torch.tensor([3.0, 4.0])
    y = x + t
    assert y.requires_grad
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [4.0, 6.0])
    assert_values(x.grad, [1.0, 0.5])


@clause("inference.write-to-inference-tensor-outside-raises")
def test_inference_tensor_can_be_written_inside_only(torch):
    with torch.inference_mode():
        t = torch.tensor([3.0, 4.0])
        t.mul_(2)
    assert_same(t.clone(), torch.tensor([6.0, 8.0]))
    with raises("inference.write-to-inference-tensor-outside-raises"):
        t.mul_(2)


@clause("inference.setting-requires-grad-outside-raises")
def test_inference_tensor_cannot_require_grad_outside(torch):
    with torch.inference_mode():
        t = torch.tensor([3.0, 4.0])
    with raises("inference.setting-requires-grad-outside-raises"):
        t.requires_grad_()
    with raises("inference.setting-requires-grad-outside-raises"):
        t.requires_grad = True
    assert not t.requires_grad


@clause("inference.clone-outside-is-normal-tensor")
def test_clone_made_outside_is_a_normal_tensor(torch):
    with torch.inference_mode():
        t = torch.tensor([3.0, 4.0])
    copy = t.clone()
    version = copy._version
    copy.mul_(1)
    assert (copy.is_inference(), copy._version) == (False, version + 1)
    copy.requires_grad_()
    (copy * copy).backward(torch.tensor([1.0, 0.5]))
    assert_values(copy.grad, [6.0, 4.0])


@clause("inference.inner-false-restores-recording")
def test_inner_false_restores_recording(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.inference_mode():
        with torch.inference_mode(False):
            y = x * x
            assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == (True, False)
        assert torch.is_inference_mode_enabled()
    assert (y.requires_grad, y.is_inference()) == (True, False)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("inference.works-as-decorator")
@pytest.mark.parametrize("parentheses", [True, False], ids=["called", "bare"])
def test_inference_mode_decorates_a_function(torch, parentheses):
    def double(x):
        return x * 2

    decorated = torch.inference_mode()(double) if parentheses else torch.inference_mode(double)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert decorated(x).is_inference()
    assert not torch.is_inference_mode_enabled()
    assert double(x).requires_grad


@clause("inference.drops-forward-mode-tangent")
def test_tangent_is_lost_inside(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        dual = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        with torch.inference_mode():
            inside = fwd.unpack_dual(dual * 2).tangent
        outside = fwd.unpack_dual(dual * 2).tangent
    assert inside is None
    assert_values(outside, [2.0, 1.0])


@clause("inference.mode-is-thread-local")
def test_new_thread_is_not_in_inference_mode(torch):
    seen = []
    with torch.inference_mode():
        thread = threading.Thread(
            target=lambda: seen.append((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))
        )
        thread.start()
        thread.join()
        assert torch.is_inference_mode_enabled()
    assert seen == [(False, True)]


@clause("inference.write-to-normal-tensor-bumps-version")
def test_write_to_a_normal_tensor_inside_raises_its_version(torch):
    x = torch.tensor([1.0, 2.0])
    with torch.inference_mode():
        x.add_(1)
    assert (x.is_inference(), x._version) == (False, 1)
    assert_same(x, torch.tensor([2.0, 3.0]))


@clause("inference.write-to-normal-tensor-bumps-version")
def test_write_inside_to_a_saved_tensor_is_noticed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with torch.inference_mode():
        x.add_(1)
    with raises("inplace.no-grad-write-to-saved-parameter-raises"):
        y.backward(torch.tensor([1.0, 0.5]))


@clause("inference.view-of-normal-tensor-is-normal")
def test_view_of_a_normal_tensor_is_normal(torch):
    x = torch.tensor([1.0, 2.0])
    with torch.inference_mode():
        view, product = x[:1], x * 1
        view.add_(10)
    assert (view.is_inference(), product.is_inference()) == (False, True)
    assert view._version == x._version == 1
    assert_same(x, torch.tensor([11.0, 2.0]))


@clause("inference.grad-mode-is-off-inside")
def test_grad_mode_is_off_inside_and_back_on_outside(torch):
    with torch.inference_mode():
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
