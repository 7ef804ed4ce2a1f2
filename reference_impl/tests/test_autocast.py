"""autocast: which operations compute in which dtype, where it ends, and that parameters keep full gradients."""

import threading
from typing import Any, ClassVar

import pytest

import reference_impl as torch
from reference_impl.amp import lists
from reference_impl.registry import OPS

F = torch.nn.functional


def on(**options):
    return torch.autocast(device_type="cpu", **{"dtype": torch.bfloat16, **options})


def square(n=4):
    return torch.arange(float(n * n)).reshape(n, n) / 7


LOWER = {
    "mm": lambda x: torch.mm(x, x),
    "matmul": lambda x: x @ x,
    "bmm": lambda x: torch.bmm(x[None], x[None]),
    "addmm": lambda x: torch.addmm(x, x, x),
    "baddbmm": lambda x: torch.baddbmm(x[None], x[None], x[None]),
    "addbmm": lambda x: torch.addbmm(x, x[None], x[None]),
    "linear": lambda x: F.linear(x, x, x[0]),
    "conv1d": lambda x: F.conv1d(x[None], x[:, :, None]),
    "conv2d": lambda x: F.conv2d(x[None, None], x[None, None]),
    "conv_transpose2d": lambda x: F.conv_transpose2d(x[None, None], x[None, None]),
    "einsum": lambda x: torch.einsum("ij,jk->ik", x, x),
}
FULL = {
    "mse_loss": lambda x: F.mse_loss(x, x * 2),
    "cross_entropy": lambda x: F.cross_entropy(x, torch.arange(4)),
    "l1_loss": lambda x: F.l1_loss(x, x * 2),
    "prod": lambda x: x.prod(),
    "trace": lambda x: x.trace(),
    "cdist": lambda x: torch.cdist(x, x),
    "linalg.qr": lambda x: torch.linalg.qr(x)[0],
    "max_pool3d": lambda x: F.max_pool3d(x[None, None, None], 1),
    "reflecting pad": lambda x: F.pad(x, (1, 1), mode="reflect"),
}
KEPT = {
    "sum": lambda x: x.sum(),
    "softmax": lambda x: F.softmax(x, -1),
    "exp": lambda x: x.exp(),
    "mul": lambda x: x * x,
    "outer": lambda x: torch.outer(x[0], x[0]),
    "constant pad": lambda x: F.pad(x, (1, 1)),
    "layer_norm": lambda x: F.layer_norm(x, (4,)),
}


@pytest.mark.parametrize("name", LOWER)
def test_products_compute_in_the_lower_dtype(name):
    with on():
        assert LOWER[name](square()).dtype is torch.bfloat16
    assert LOWER[name](square()).dtype is torch.float32


@pytest.mark.parametrize("name", FULL)
def test_what_needs_precision_computes_in_float32(name):
    with on():
        assert FULL[name](square().bfloat16()).dtype is torch.float32


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_operations_keep_what_they_are_given(name, dtype):
    with on():
        assert KEPT[name](square().to(dtype)).dtype is dtype


def test_joins_take_the_widest_dtype():
    with on():
        joined = torch.cat([square(), square().bfloat16()])
        assert joined.dtype is torch.float32
        assert torch.stack([square().bfloat16()] * 2).dtype is torch.bfloat16


def test_float64_and_integers_are_left_alone():
    x = torch.ones(2, 2, dtype=torch.float64)
    with on():
        assert ((x @ x).dtype, F.mse_loss(x, x).dtype) == (torch.float64, torch.float64)


def test_every_listed_name_is_an_operation_of_the_reference():
    listed = lists.LOWER | lists.FULL | lists.WIDEST | lists.UNTOUCHED
    absent = {name for name in listed if name not in OPS}
    assert not absent, absent


def test_parameters_get_gradients_of_full_precision_through_one_cast():
    layer: Any = torch.nn.Linear(2, 1, bias=False)
    layer.weight.data.copy_(torch.tensor([[1.0, 2.0]]))
    with on():
        y = layer(torch.tensor([[1.0, 0.5]])) + layer(torch.tensor([[2.0, 4.0]]))
    y.backward()
    assert layer.weight.grad.dtype is torch.float32
    assert layer.weight.grad.tolist() == [[3.0, 4.5]]


def test_contexts_nest():
    with on():
        with on(enabled=False):
            assert (square() @ square()).dtype is torch.float32
        assert torch.is_autocast_enabled("cpu")
        with on(dtype=torch.float16):
            assert torch.get_autocast_dtype("cpu") is torch.float16
            assert (square() @ square()).dtype is torch.float16


def test_context_ends_with_an_exception():
    def stop():
        with on():
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        stop()
    assert not torch.is_autocast_enabled("cpu")


def test_another_thread_is_not_cast():
    found = []
    with on():
        thread = threading.Thread(target=lambda: found.append((square() @ square()).dtype))
        thread.start()
        thread.join()
    assert found == [torch.float32]


def test_decorator_casts_each_call():
    @on()
    def product(x):
        return x @ x

    assert product(square()).dtype is torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


def test_recomputation_is_cast_as_the_first_run_was():
    x = square().requires_grad_()
    with on():
        y = torch.utils.checkpoint.checkpoint(lambda v: (v @ v).sin(), x, use_reentrant=False)
    y.float().sum().backward()
    assert (y.dtype, x.grad.dtype) == (torch.bfloat16, torch.float32)


def test_wrong_arguments_are_refused_or_switch_it_off():
    with pytest.raises(ValueError, match="device_type"):
        torch.autocast(torch.device("cpu"))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="unsupported autocast device_type"):
        torch.autocast("toaster")
    with pytest.warns(UserWarning, match="not supported"):
        context = torch.autocast("cpu", dtype=torch.float64)
    with context:
        assert not torch.is_autocast_enabled("cpu")


def _scale_by(fwd_options):
    class Scale(torch.autograd.Function):
        seen: ClassVar[list[Any]] = []

        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", **fwd_options)
        def forward(ctx, x):
            Scale.seen.append((x.dtype, torch.is_autocast_enabled("cpu")))
            return x * 2

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, ct):
            Scale.seen.append((ct.dtype, torch.is_autocast_enabled("cpu")))
            return ct * 2

    return Scale


@pytest.mark.parametrize(
    ("cast", "wanted", "inside"), [(None, torch.bfloat16, True), (torch.float32,) * 2 + (False,)]
)
def test_custom_function_sees_the_same_autocast_in_backward(cast, wanted, inside):
    fn = _scale_by({} if cast is None else {"cast_inputs": cast})
    x = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    with on():
        y = fn.apply(x)
    y.sum().backward()
    assert fn.seen == [(wanted, inside), (wanted, inside)]
    assert x.grad.tolist() == [2.0, 2.0]


def _scaler():
    p = torch.nn.Parameter(torch.ones(1))
    return (
        p,
        torch.optim.SGD([p], lr=1.0),
        torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1),
    )


def test_scaler_unscales_before_the_step_and_grows():
    p, optimizer, scaler = _scaler()
    scaler.scale(p.sum() * 0.25).backward()
    assert p.grad.tolist() == [2.0]
    scaler.step(optimizer)
    scaler.update()
    assert (p.tolist(), scaler.get_scale()) == ([0.75], 16.0)


def test_scaler_leaves_out_a_step_with_an_infinity_and_shrinks():
    p, optimizer, scaler = _scaler()
    scaler.scale(p.sum() * float("inf")).backward()
    scaler.step(optimizer)
    scaler.update()
    assert (p.tolist(), scaler.get_scale()) == ([1.0], 4.0)


def test_scaler_refuses_to_unscale_twice_or_before_scaling():
    p, optimizer, scaler = _scaler()
    with pytest.raises(AssertionError, match="unscale_"):
        scaler.unscale_(optimizer)
    scaler.scale(p.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called"):
        scaler.unscale_(optimizer)
