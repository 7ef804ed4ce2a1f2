"""What NumPy refuses comes out as torch's Python types, and what an op itself refuses passes as it is."""

import re
from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import registry
from reference_impl.ops.checks.kinds import REFUSED
from reference_impl.refusing import refused

A, B = torch.ones(2, 4), torch.ones(2, 5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: A + B,
        lambda: torch.maximum(A, B),
        lambda: torch.where(A > 0, A, B),
        lambda: torch.lerp(A, B, 0.5),
        lambda: A.clone().add_(B),
    ],
    ids=["add", "maximum", "where", "lerp", "add_"],
)
def test_shapes_that_do_not_fit_name_sizes_and_dimension(call):
    wanted = r"size of tensor a \(\d\) must match the size of tensor b \(\d\) at non-singleton dimension 1"
    with pytest.raises(RuntimeError, match=wanted):
        call()


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: torch.maximum(A, 1), 2),
        (lambda: torch.atan2(1, A), 1),
        (lambda: torch.hypot(A, 2.0), 2),
    ],
    ids=["maximum", "atan2", "hypot"],
)
def test_number_in_place_of_a_tensor_is_a_type_error(call, place):
    with pytest.raises(TypeError, match=rf"\(position {place}\) must be Tensor, not"):
        call()


def test_dimension_out_of_range_is_an_index_error():
    error = refused("roll", [A], np.exceptions.AxisError(3, 2))
    assert type(error) is IndexError
    assert str(error).endswith("[-2, 1], but got 3)")


def test_refusal_of_the_op_itself_is_left_alone():
    error = ValueError("expected a target of class numbers")
    assert refused("nll_loss", [A], error) is error


def test_sums_of_numbers_stay_allowed():
    assert torch.add(1, 2).item() == 3


# -- switches ----------------------------------------------------------------------------------------------------------

LEAF = torch.ones(2, requires_grad=True)
SWITCHES: dict[str, tuple[Any, str]] = {
    "set_grad_enabled": (torch.set_grad_enabled, "argument 'enabled' (position 1) must be bool"),
    "set_detect_anomaly": (torch.autograd.set_detect_anomaly, "must be bool"),
    "requires_grad_": (lambda flag: torch.ones(2).requires_grad_(flag), "must be bool"),
    "ones": (lambda flag: torch.ones(2, requires_grad=flag), "ones(): argument 'requires_grad'"),
    "rand": (lambda flag: torch.rand(2, requires_grad=flag), "rand(): argument 'requires_grad'"),
    "tensor": (lambda flag: torch.tensor([1.0], requires_grad=flag), "tensor(): argument"),
    "retain_graph": (lambda flag: (LEAF * 2).sum().backward(retain_graph=flag), "as an integer"),
    "create_graph": (
        lambda flag: torch.autograd.grad((LEAF * 2).sum(), LEAF, create_graph=flag),
        "as an integer",
    ),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_takes_no_text(name):
    switch, message = SWITCHES[name]
    with pytest.raises(TypeError, match=re.escape(message)):
        switch("yes")
    assert torch.is_grad_enabled()
    assert not torch.is_anomaly_enabled()
    switch(True)
    torch.autograd.set_detect_anomaly(False)


def test_the_flag_takes_no_number():
    with pytest.raises(RuntimeError, match="requires_grad must be a bool"):
        torch.ones(2).requires_grad = 1


@pytest.mark.parametrize("wrong", ["a", 3, [None]])
def test_what_is_no_tensor_has_no_gradient(wrong):
    with pytest.raises(AssertionError, match=r"Expected output to be a torch\.Tensor"):
        torch.autograd.backward(wrong if isinstance(wrong, list) else [wrong])
    with pytest.raises(RuntimeError, match="all inputs have to be Tensors or GradientEdges"):
        torch.autograd.grad((LEAF * 2).sum(), wrong if isinstance(wrong, list) else [wrong])


def test_a_gradient_of_another_shape_than_the_one_held_is_refused():
    leaf = torch.ones(2, requires_grad=True)
    (leaf * 2).sum().backward()
    leaf.data = torch.ones(3)
    with pytest.raises(RuntimeError, match=r"gradient of shape \[3\].*has the shape \[2\]"):
        (leaf * 2).sum().backward()
    assert leaf.grad.tolist() == [2.0, 2.0]


# -- kinds of numbers --------------------------------------------------------------------------------------------------

DTYPES = {"c": torch.complex64, "b": torch.bool, "i": torch.int64, "u": torch.uint8}


def _is_refused(name, dtype):
    """Whether an operator says that it does not know a dtype, called with as many arguments as it takes."""
    x = torch.ones(2, 2).to(dtype)
    for more in ((), (x,), (x, x), (1,), (1, 1), (x, 1)):
        try:
            registry.OPS[name](x, *more)
        except NotImplementedError as error:
            return str(error).startswith(f'"{name}" not implemented for')
        except (TypeError, ValueError, RuntimeError):
            continue
        else:
            return False
    return False


@pytest.mark.parametrize("name", REFUSED)
def test_an_operator_refuses_the_kinds_of_numbers_it_does_not_know(name):
    assert [kind for kind in REFUSED[name] if not _is_refused(name, DTYPES[kind])] == []


@pytest.mark.parametrize("name", ["gt", "ceil", "erf", "hypot"])
def test_short_paths_refuse_them_too(name):
    z = torch.ones(2, dtype=torch.complex64)
    arguments = (z, z) if name in {"gt", "hypot"} else (z,)
    with pytest.raises(NotImplementedError, match=f'"{name}" not implemented for'):
        getattr(torch, name)(*arguments)
