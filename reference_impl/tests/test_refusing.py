"""What NumPy refuses comes out as torch's Python types, and what an op itself refuses passes as it is."""

import numpy as np
import pytest

import reference_impl as torch
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
