"""Accelerators, second part: precision switches, errors across threads, several devices, and meta tensors."""

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.capabilities import requires
from suites.harness.clauses import clause


@clause("device.tf32-off-for-matmul-on-for-convolution")
def test_tf32_is_off_for_products_and_on_for_convolutions(torch):
    backend = getattr(torch.backends, torch.get_default_device().type, None)
    requires(hasattr(getattr(backend, "matmul", None), "allow_tf32"), "switch for TF32")
    assert backend.matmul.allow_tf32 is False
    assert torch.backends.cudnn.allow_tf32 is True


@clause("device.hook-error-reaches-caller")
def test_error_of_a_hook_reaches_the_caller_with_its_type(torch):
    def fail(_):
        raise KeyError("boom")

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.register_hook(fail)
    with raises("device.hook-error-reaches-caller"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("device.gradients-of-two-devices-accumulate")
def test_gradients_of_two_devices_meet_on_the_leafs_device(torch):
    requires(torch.accelerator.device_count() > 1, "second accelerator")
    kind = torch.get_default_device().type
    x = torch.tensor([1.0, 2.0], device=f"{kind}:0", requires_grad=True)
    here, there = x * 3, x.to(f"{kind}:1") * 5
    torch.autograd.backward([here, there], [torch.ones_like(here), 2 * torch.ones_like(there)])
    assert x.grad.device == x.device
    assert_values(x.grad, [13.0, 13.0])


@clause("device.deterministic-mode-repeats-scatter-bitwise")
def test_deterministic_mode_repeats_a_scatter_to_the_bit(torch):
    torch.manual_seed(0)
    index = torch.randint(0, 7, (4096,))
    x, ct = torch.zeros(7, requires_grad=True), torch.randn(4096)
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        runs = [torch.autograd.grad(x.index_select(0, index), x, ct)[0] for _ in range(4)]
    finally:
        torch.use_deterministic_algorithms(before)
    assert runs[0].abs().sum().item() > 0
    for run in runs[1:]:
        assert_same(run, runs[0])


@clause("device.meta-backward-gives-meta-grad")
def test_backward_on_meta_tensors_gives_a_meta_gradient(torch):
    x = torch.ones(3, 2, device="meta", requires_grad=True)
    w = torch.ones(2, 5, device="meta")
    y = torch.tanh(x @ w)
    y.backward(torch.ones(3, 5, device="meta"))
    assert y.grad_fn.name() == "TanhBackward0"
    assert (x.grad.device.type, tuple(x.grad.shape)) == ("meta", (3, 2))
    assert x.grad.dtype == x.dtype


@clause("device.meta-backward-gives-meta-grad")
def test_meta_cotangent_of_another_shape_is_refused(torch):
    x = torch.ones(3, 2, device="meta", requires_grad=True)
    with raises("vjp.scalar-cotangent-is-not-broadcast"):
        (x * 2).backward(torch.ones(2, device="meta"))
    assert x.grad is None


@clause("device.stale-capture-stream-raises")
def test_override_of_a_stale_capture_stream_can_be_switched(torch):
    switch = torch.autograd.graph.set_override_stale_capture_stream
    try:
        assert switch(True) is None
    finally:
        assert switch(False) is None


@clause("device.sharing-semantics-match-cpu")
def test_detach_data_and_views_share_as_on_the_cpu(torch):
    x = torch.tensor([1.0, 2.0, 3.0])
    detached, data, view = x.detach(), x.data, x[1:]
    assert detached.data_ptr() == data.data_ptr() == x.data_ptr()
    view.add_(10)
    data[0] = 7.0
    assert_values(detached, [7.0, 12.0, 13.0])
    assert (x._version, detached._version, view._version, data._version) == (1, 1, 1, 1)
    detached.add_(1)
    assert (x._version, view._version, data._version) == (2, 2, 1)


@clause("device.sharing-semantics-match-cpu")
def test_write_through_data_is_silent_and_through_detach_is_not(torch):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    ct = torch.tensor([1.0, 0.5])
    y = x.exp()
    y.data.zero_()
    y.backward(ct)
    assert_values(x.grad, [0.0, 0.0])
    z = x.exp()
    z.detach().zero_()
    with raises("detach.write-through-detached-raises-at-backward"):
        z.backward(ct)


@clause("device.non-blocking-copy-keeps-gradients")
def test_non_blocking_copies_do_not_change_gradients(torch):
    x = torch.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    moved = x.to(torch.get_default_device(), non_blocking=True)
    y = (moved * moved).to("cpu", non_blocking=False) * 3
    y.backward(torch.tensor([1.0, 0.5], device="cpu"))
    assert_values(x.grad, [6.0, 6.0])


@clause("device.autocast-keeps-parameter-grads-full-precision")
def test_autocast_leaves_parameter_gradients_in_float32(torch):
    layer = torch.nn.Linear(3, 2)
    x = torch.tensor([[1.0, 2.0, -1.0]])
    with torch.autocast(device_type=torch.get_default_device().type, dtype=torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    y.backward(torch.tensor([[1.0, 0.5]], dtype=torch.bfloat16))
    assert_same(layer.weight.grad, torch.tensor([[1.0, 2.0, -1.0], [0.5, 1.0, -0.5]]))
    assert layer.bias.grad.dtype == torch.float32


@clause("device.tutorial-values-hold")
def test_cubic_accumulates_72_144_216(torch):
    x = torch.tensor([4.0], requires_grad=True)
    z = torch.pow(x, 3) + 2 * torch.pow(x, 2) + 8 * x
    seen = []
    for _ in range(3):
        z.backward(retain_graph=True)
        seen.append(x.grad.clone())
    assert_values(torch.cat(seen), [72.0, 144.0, 216.0])


@clause("device.tutorial-values-hold")
def test_sine_has_the_cosine_as_its_product_with_ones(torch):
    x = torch.tensor([5.6419, 1.1369, 4.7996, 0.8205], requires_grad=True)
    torch.sin(x).backward(torch.ones(4))
    assert_values(x.grad, [0.801339, 0.420375, 0.087105, 0.681880], rtol=1e-3)
    assert_values(x.grad, torch.cos(x.detach()))
