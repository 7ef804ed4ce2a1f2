"""The device meta: shapes, strides, dtypes and gradients without values, and refusals where values are asked for."""

from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import meta_array

HUGE = 10**6  # a matrix of this size would need four terabytes


def meta(*size: int, **options: Any) -> Any:
    return torch.ones(*size, device="meta", **options)


def facts(x):
    return (tuple(x.shape), x.stride(), x.dtype, x.is_contiguous())


# Each makes a tensor from two of shape (2, 3); the same call on the CPU says what has to come out.
CALLS = {
    "add": lambda x, y: x + y,
    "broadcast": lambda x, y: x[:, None] * y,
    "number": lambda x, y: 2 - x,
    "comparison": lambda x, y: x > y,
    "matmul": lambda x, y: x @ y.t(),
    "sum": lambda x, y: x.sum(),
    "mean of rows": lambda x, y: x.mean(1, keepdim=True),
    "transpose": lambda x, y: x.t(),
    "transposed sum": lambda x, y: x.t() + y.t(),
    "slice": lambda x, y: x[:, 1:],
    "reshape": lambda x, y: x.reshape(3, 2),
    "copied reshape": lambda x, y: x.t().reshape(-1),
    "contiguous": lambda x, y: x.t().contiguous(),
    "expand": lambda x, y: x.expand(4, 2, 3),
    "as_strided": lambda x, y: x.as_strided((2, 2), (1, 2)),
    "cat": lambda x, y: torch.cat([x, y], 1),
    "stack": lambda x, y: torch.stack([x, y]),
    "where": lambda x, y: torch.where(x > y, x, 0.0),
    "softmax": lambda x, y: x.softmax(1),
    "index": lambda x, y: torch.max(x, 1)[1],
    "conversion": lambda x, y: x.double(),
    "bfloat16": lambda x, y: x.bfloat16().softmax(0),
    "einsum": lambda x, y: torch.einsum("ij,kj->ik", x, y),
    "norm": lambda x, y: x.norm(),
    "layer_norm": lambda x, y: torch.nn.functional.layer_norm(x, (3,)),
    "inverse": lambda x, y: torch.linalg.inv(x @ y.t()),
    "convolution": lambda x, y: torch.nn.functional.conv1d(x[None], y[None]),
    "zeros_like": lambda x, y: torch.zeros_like(x, dtype=torch.int64),
    "new_zeros": lambda x, y: x.new_zeros(5),
    "write": lambda x, y: x.clone().mul_(2).add_(y),
}


@pytest.mark.parametrize("name", CALLS)
def test_shape_strides_and_dtype_are_those_of_the_cpu(name):
    rng = np.random.default_rng(0)
    pair = [torch.tensor(rng.random((2, 3), np.float32)) for _ in range(2)]
    found = CALLS[name](*[x.to("meta") for x in pair])
    assert found.device == torch.device("meta")
    assert facts(found) == facts(CALLS[name](*pair))


@pytest.mark.parametrize(
    "name", ["add", "matmul", "softmax", "slice", "reshape", "expand", "cat", "layer_norm"]
)
def test_gradients_are_meta_tensors_of_the_leaf_s_shape(name):
    x, y = meta(2, 3, requires_grad=True), meta(2, 3, requires_grad=True)
    CALLS[name](x, y).sum().backward()
    assert (x.grad.is_meta, facts(x.grad)) == (True, facts(x))


def test_second_derivative_is_a_meta_tensor():
    x = meta(3, requires_grad=True)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert (h.is_meta, tuple(h.shape)) == (True, (3,))


def test_what_has_no_values_needs_no_memory():
    x = meta(HUGE, HUGE, requires_grad=True)
    y = ((x + 1) * x).t()
    assert (tuple((y @ x).shape), tuple(y.sum(0).shape)) == ((HUGE, HUGE), (HUGE,))
    y.sum().backward()
    assert tuple(x.grad.shape) == (HUGE, HUGE)


VALUES_ASKED_FOR = {
    "item": (lambda: meta().item(), RuntimeError, r"item\(\) cannot be called on meta"),
    "float": (lambda: float(meta()), RuntimeError, "cannot be called on meta"),
    "numpy": (lambda: meta(2).numpy(), TypeError, "meta device type tensor to numpy"),
    "tolist": (lambda: meta(2).tolist(), NotImplementedError, "no data"),
    "to cpu": (lambda: meta(2).to("cpu"), NotImplementedError, "no data"),
    "cpu": (lambda: meta(2).cpu(), NotImplementedError, "no data"),
    "copy": (lambda: torch.ones(2).copy_(meta(2)), NotImplementedError, "no data"),
    "equal": (lambda: torch.equal(meta(2), meta(2)), NotImplementedError, "meta"),
    "nonzero": (lambda: meta(2).nonzero(), NotImplementedError, "meta"),
    "mask": (lambda: meta(2)[meta(2) > 0], NotImplementedError, "meta"),
}


@pytest.mark.parametrize("name", VALUES_ASKED_FOR)
def test_values_are_refused(name):
    call, kind, message = VALUES_ASKED_FOR[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("meta_first", [True, False])
def test_devices_do_not_mix_but_for_single_numbers(meta_first):
    pair = (meta(2), torch.ones(2)) if meta_first else (torch.ones(2), meta(2))
    with pytest.raises(RuntimeError, match="device"):
        torch.add(*pair)
    assert (meta(2) * torch.tensor(2.0)).is_meta


def test_gradient_and_cotangent_must_be_on_the_same_device():
    x = meta(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="expected device meta but got cpu"):
        x.backward(torch.ones(2))
    with pytest.raises(RuntimeError, match="device type 'cpu'"):
        x.grad = torch.ones(2)


def test_backward_cannot_come_back_from_meta():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="no data"):
        x.to("meta").sum().backward()


def test_it_prints_its_size():
    assert repr(meta(2, 3)) == "tensor(..., device='meta', size=(2, 3))"
    assert (
        repr(meta(1, dtype=torch.int64))
        == "tensor(..., device='meta', size=(1,), dtype=torch.int64)"
    )
    assert (
        repr(meta(1, requires_grad=True))
        == "tensor(..., device='meta', size=(1,), requires_grad=True)"
    )


def test_device_as_context_says_where_factories_put_what_they_make():
    with torch.device("meta"):
        assert torch.zeros(2).is_meta
        assert torch.zeros(2, device="cpu").is_cpu
    assert torch.zeros(2).is_cpu


def test_module_makes_its_parameters_where_it_is_told_to():
    for made in (
        torch.nn.Linear(3, 2, device="meta"),
        torch.nn.Conv2d(1, 2, 3, device="meta"),
        torch.nn.LSTM(2, 3, device="meta"),
    ):
        assert {p.device.type for p in made.parameters()} == {"meta"}
    assert {p.device.type for p in torch.nn.Linear(3, 2).parameters()} == {"cpu"}
    with pytest.raises(NotImplementedError, match="no data"):
        torch.nn.Linear(3, 2, device="meta").to("cpu")


def test_module_moves_to_meta_and_comes_back_empty():
    layer: Any = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).to("meta")
    layer(meta(5, 3)).sum().backward()
    assert tuple(layer[0].weight.grad.shape) == (4, 3)
    assert layer.to_empty(device="cpu")[0].weight.is_cpu


def test_a_wrong_shape_would_be_seen(monkeypatch):
    monkeypatch.setattr(
        meta_array, "_elementwise", lambda inputs, found: meta_array.empty((1,), found.dtype)
    )
    with pytest.raises(AssertionError):
        test_shape_strides_and_dtype_are_those_of_the_cpu("add")
