"""Accelerators: gradients stay on their device, and everything else is as on the CPU.

The device under test is torch's default device, which the run sets. ``torch.get_device_module`` gives
what is particular to it (streams, capabilities), so that no test names a device.
"""

import threading
import warnings

import pytest

from suites.harness.assertions import assert_values, raises
from suites.harness.capabilities import requires
from suites.harness.clauses import clause


@clause("device.leaf-grad-stays-on-device")
def test_gradient_of_a_leaf_is_on_its_device(torch):
    x = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    host = x.detach().cpu().requires_grad_()
    ct = torch.tensor([[1.0, 0.5], [-2.0, 3.0]])
    torch.sin(x @ x).backward(ct)
    torch.sin(host @ host).backward(ct.cpu())
    assert x.grad.device == x.device
    assert x.device.type == torch.get_default_device().type
    assert_values(x.grad, host.grad, rtol=1e-4)


@clause("device.moved-leaf-gets-gradient-on-cpu")
def test_gradient_of_a_moved_leaf_reaches_it_on_the_cpu(torch):
    x = torch.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    moved = x.to(torch.get_default_device())
    assert (moved.is_leaf, moved.requires_grad) == (False, True)
    (moved * moved).backward(torch.tensor([1.0, 0.5]))
    assert x.grad.device.type == "cpu"
    assert_values(x.grad, [2.0, 2.0])


@clause("device.untracked-tensor-moved-stays-leaf")
def test_untracked_tensor_stays_a_leaf_when_moved(torch):
    device = torch.get_default_device()
    moved = torch.tensor([1.0, 2.0], device="cpu").to(device)
    made = torch.ones(2, device=device, requires_grad=True)
    assert moved.is_leaf
    moved.requires_grad_()
    (moved * made * 3).backward(torch.tensor([1.0, 0.5]))
    assert (moved.is_leaf, made.is_leaf) == (True, True)
    assert_values(moved.grad, [3.0, 1.5])
    assert_values(made.grad, [3.0, 3.0])


@clause("device.assigning-grad-on-other-device-raises")
def test_grad_of_another_device_cannot_be_assigned(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("device.assigning-grad-on-other-device-raises"):
        x.grad = torch.ones(2, device="cpu")
    assert x.grad is None


@clause("device.cotangent-on-other-device-raises")
def test_cotangent_of_another_device_is_refused(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("device.cotangent-on-other-device-raises"):
        (x * x).backward(torch.ones(2, device="cpu"))
    assert x.grad is None


@clause("device.scalar-cpu-leaf-keeps-cpu-grad")
def test_scalar_leaf_of_the_cpu_keeps_its_gradient_there(torch):
    s = torch.tensor(2.0, device="cpu", requires_grad=True)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * s).backward(torch.tensor([1.0, 0.5]))
    assert s.grad.device.type == "cpu"
    assert x.grad.device == x.device
    assert_values(s.grad, 2.0)
    assert_values(x.grad, [2.0, 1.0])


def streams_of(torch):
    """The device's module, where it has streams."""
    module = torch.get_device_module(torch.get_default_device())
    requires(hasattr(module, "Stream") and hasattr(module, "current_stream"), "streams")
    return module


@clause("device.backward-uses-forward-stream")
def test_backward_of_an_operation_runs_on_its_forward_stream(torch):
    module = streams_of(torch)
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            seen.append(module.current_stream())
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            seen.append(module.current_stream())
            return ct * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    side = module.Stream()
    side.wait_stream(module.current_stream())
    with module.stream(side):
        y = Double.apply(x)
    module.current_stream().wait_stream(side)
    y.backward(torch.tensor([1.0, 0.5]))
    module.synchronize()
    assert seen == [side, side]
    assert_values(x.grad, [2.0, 1.0])


@clause("device.gradients-safe-in-same-stream-context")
def test_gradients_may_be_used_in_the_stream_of_backward(torch):
    module = streams_of(torch)
    x = torch.ones(1 << 16, requires_grad=True)
    side, main = module.Stream(), module.current_stream()
    y = (x * 3 + x * x).sin()
    with module.stream(side):
        side.wait_stream(main)
        y.backward(torch.ones(1 << 16))
        used = x.grad * 2
    module.current_stream().wait_stream(side)
    assert_values(used[[0, -1]], [-6.5364362, -6.5364362])
    assert (used == used[0]).all()


@clause("device.same-stream-cotangent-needs-no-sync")
def test_cotangent_made_in_the_stream_of_backward_needs_no_synchronisation(torch):
    module = streams_of(torch)
    x = torch.ones(1 << 16, requires_grad=True)
    y = x * 3
    side = module.Stream()
    side.wait_stream(module.current_stream())
    with module.stream(side):
        ct = torch.full((1 << 16,), 2.0).sqrt().square()
        y.backward(ct)
        used = x.grad.clone()
    module.current_stream().wait_stream(side)
    assert_values(used[[0, -1]], [6.0, 6.0])
    assert (used == used[0]).all()


@clause("device.accumulate-stream-warning-can-be-switched")
def test_warning_of_a_stream_mismatch_can_be_switched_off(torch):
    module = streams_of(torch)
    switch = torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch
    x = torch.ones(4, requires_grad=True)
    kept = x.view_as(x)
    side = module.Stream()
    side.wait_stream(module.current_stream())
    with module.stream(side):
        y = x * 2
    module.current_stream().wait_stream(side)
    try:
        assert switch(False) is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y.backward(torch.ones(4))
    finally:
        switch(True)
    assert kept.requires_grad
    assert_values(x.grad, [2.0] * 4)


@clause("device.save-on-cpu-keeps-gradients")
@pytest.mark.parametrize("pin_memory", [False, True], ids=["pageable", "pinned"])
def test_saved_tensors_moved_to_the_cpu_give_the_same_gradients(torch, pin_memory):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.save_on_cpu(pin_memory=pin_memory):
        y = x * x * x
    y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad.device == x.device
    assert_values(x.grad, [3.0, 6.0])


@clause("device.backward-runs-in-worker-thread")
@pytest.mark.parametrize("enabled", [True, False])
def test_backward_runs_in_a_worker_thread_if_multithreading_is_on(torch, enabled):
    seen = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.register_hook(lambda ct: seen.append(threading.get_ident()))
    with torch.autograd.set_multithreading_enabled(enabled):
        y.backward(torch.tensor([1.0, 0.5]))
    assert (seen[0] != threading.get_ident()) == enabled
    assert_values(x.grad, [2.0, 1.0])


@clause("device.inplace-errors-match-cpu")
def test_write_to_a_leaf_raises_as_on_the_cpu(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("device.inplace-errors-match-cpu", index=0):
        x.add_(1)
    assert_values(x, [1.0, 2.0])


@clause("device.inplace-errors-match-cpu")
def test_write_to_a_saved_output_raises_as_on_the_cpu(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.add_(1)
    with raises("device.inplace-errors-match-cpu", index=1):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("device.gradcheck-passes-in-double")
def test_gradcheck_passes_in_double(torch):
    try:
        x = torch.tensor([[0.5, -1.5], [2.0, 0.25]], dtype=torch.float64, requires_grad=True)
    except (RuntimeError, TypeError) as error:
        requires(False, f"float64: {error}")
    assert torch.autograd.gradcheck(lambda x: torch.tanh(x @ x).sum(0), (x,))


@clause("device.checkpoint-restores-random-state")
def test_recomputation_draws_the_same_mask(torch):
    x = torch.arange(1.0, 65.0).requires_grad_()
    y = torch.utils.checkpoint.checkpoint(
        lambda x: torch.nn.functional.dropout(x, p=0.5), x, use_reentrant=False
    )
    y.backward(torch.ones(64))
    assert 0 < (y == 0).sum().item() < 64
    assert_values(x.grad, (y / x).detach())


@clause("device.gradients-match-cpu-within-tolerance")
@pytest.mark.parametrize(("name", "rtol"), [("float64", 1e-9), ("float32", 1e-4)])
def test_gradients_of_a_small_network_match_the_cpu(torch, name, rtol):
    dtype = getattr(torch, name)
    with torch.device("cpu"):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)]
        host = torch.nn.Sequential(*layers).to(dtype)
        x, ct = torch.randn(5, 4, dtype=dtype), torch.randn(5, 3, dtype=dtype)
    host(x).backward(ct)
    wanted = [p.grad.clone() for p in host.parameters()]
    host.zero_grad()
    device = torch.get_default_device()
    model = host.to(device)
    model(x.to(device)).backward(ct.to(device))
    for parameter, grad in zip(model.parameters(), wanted, strict=True):
        assert parameter.grad.device.type == device.type
        assert_values(parameter.grad, grad, rtol=rtol)
