"""Values and derivatives at infinities, against the limits that pencil gives."""

import math

import pytest

import reference_impl as torch

functional = torch.nn.functional
INF = math.inf


def _taken(op, *numbers):
    """The value, the gradients by each number, and the gradient by the first of that by the first."""
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    y = op(*xs)
    first = torch.autograd.grad(y, xs, create_graph=True)
    (second,) = torch.autograd.grad(first[0], xs[:1])
    return y.item(), [g.item() for g in first], second.item()


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize(("x", "value", "slope"), [(-INF, 0.0, 0.0), (INF, INF, 1.0)])
def test_gelu_is_0_on_the_left_and_its_argument_on_the_right(x, value, slope, approximate):
    found = _taken(lambda x: functional.gelu(x, approximate=approximate), x)
    assert found == (value, [slope], 0.0)


@pytest.mark.parametrize("op", [functional.silu, functional.mish])
@pytest.mark.parametrize(("x", "value", "slope"), [(-INF, 0.0, 0.0), (INF, INF, 1.0)])
def test_silu_and_mish_are_0_on_the_left_and_their_argument_on_the_right(op, x, value, slope):
    assert _taken(op, x) == (value, [slope], 0.0)


@pytest.mark.parametrize(("x", "value", "slope"), [(-INF, 0.0, 0.0), (INF, INF, 1.0)])
def test_hardswish_is_made_of_lines_there(x, value, slope):
    assert _taken(functional.hardswish, x) == (value, [slope], 0.0)


@pytest.mark.parametrize(("x", "value"), [(-INF, -1.0), (INF, 1.0)])
def test_softsign_is_a_sign_there(x, value):
    assert _taken(functional.softsign, x) == (value, [0.0], 0.0)


@pytest.mark.parametrize("x", [INF, 800.0])
def test_bessel_functions_are_infinite_with_their_slopes(x):
    assert _taken(torch.special.i0, x) == (INF, [INF], INF)
    assert _taken(torch.special.i1, x)[:2] == (INF, [INF])
    assert _taken(torch.special.i1, -x)[:2] == (-INF, [INF])


def test_a_length_is_that_of_its_infinite_side():
    value, slopes, second = _taken(torch.hypot, -INF, 2.0)
    assert (value, second) == (INF, 0.0)
    assert slopes == pytest.approx([-1.0, 0.0], abs=1e-100)


@pytest.mark.parametrize(
    ("y", "x", "angle"), [(INF, 2.0, math.pi / 2), (2.0, INF, 0.0), (2.0, -INF, math.pi)]
)
def test_a_direction_that_is_infinitely_long_does_not_turn(y, x, angle):
    value, slopes, second = _taken(torch.atan2, y, x)
    assert value == pytest.approx(angle)
    assert [*slopes, second] == pytest.approx([0.0, 0.0, 0.0], abs=1e-100)


def test_finite_numbers_beside_an_infinity_keep_their_derivatives():
    x = torch.tensor([0.5, INF], dtype=torch.float64, requires_grad=True)
    alone = _taken(functional.silu, 0.5)
    (first,) = torch.autograd.grad(functional.silu(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert (first[0].item(), second[0].item()) == (alone[1][0], alone[2])


def test_a_quotient_by_infinity_has_slopes_of_0():
    assert _taken(lambda x, y: y / x, INF, 2.0) == (0.0, [0.0, 0.0], 0.0)


def test_a_function_that_falls_to_0_has_slopes_of_0_there():
    assert _taken(torch.special.erfcx, INF) == (0.0, [0.0], 0.0)


@pytest.mark.parametrize(
    ("x", "y"), [(2.0, -INF), (0.5, INF), (0.0, INF), (INF, -1.5), (INF, -INF)]
)
def test_a_power_of_0_at_infinity_has_slopes_of_0(x, y):
    assert _taken(torch.pow, x, y) == (0.0, [0.0, 0.0], 0.0)


def test_a_power_of_infinity_has_the_slope_0_by_a_negative_exponent_alone():
    y = torch.tensor([-1.5, 1.5], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(torch.pow(INF, y), y, torch.ones(2, dtype=torch.float64))
    assert slopes.tolist() == [0.0, INF]
