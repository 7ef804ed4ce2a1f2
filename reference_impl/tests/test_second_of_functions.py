"""Second derivatives of powers and special functions where their formulas meet infinities or cancel."""

import math

import pytest

import reference_impl as torch
from reference_impl import autograd
from reference_impl.ops import special_values as values
from reference_impl.registry import require

# With z = 1000 and 1/z^2 = 1e-6: -(1 - 1/z^2 + 6/z^4 - ...), the asymptotic series of the second derivative.
FAR_LEFT = -(1 - 1e-6 + 6e-12)


def hessian(name, *points):
    """All second derivatives of an operator of numbers."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in points]
    firsts = autograd.grad(require(name)(*inputs), inputs, create_graph=True)
    return [[g.item() for g in autograd.grad(first, inputs, retain_graph=True)] for first in firsts]


def test_power_grows_with_an_exponent_of_zero():
    log = math.log(2)
    assert hessian("pow", 2.0, 0.0) == [[0.0, 0.5], [0.5, pytest.approx(log * log)]]


@pytest.mark.parametrize(("exponent", "curvature"), [(2.0, 2.0), (3.0, 0.0)])
def test_power_of_zero_is_flat_along_its_exponent(exponent, curvature):
    assert hessian("pow", 0.0, exponent) == [[curvature, 0.0], [0.0, 0.0]]


def test_power_of_the_number_zero_is_flat_along_its_exponent():
    exponent = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    (first,) = autograd.grad(require("pow")(0.0, exponent), exponent, create_graph=True)
    (second,) = autograd.grad(first, exponent)
    assert (first.item(), second.item()) == (0.0, 0.0)


def test_power_is_infinite_where_its_derivatives_are():
    by_base, by_exponent = hessian("pow", 0.0, -1.0)
    assert [*by_base, *by_exponent] == [math.inf] * 4


@pytest.mark.parametrize(
    ("x", "want"),
    [(math.inf, 0.0), (60.0, 0.0), (0.0, -2 / math.pi), (-1000.0, FAR_LEFT), (-math.inf, -1.0)],
)
def test_log_ndtr_bends_as_far_as_it_goes(x, want):
    assert hessian("special.log_ndtr", x)[0][0] == pytest.approx(want, rel=1e-14)


def test_log_ndtr_bends_alike_beside_where_its_formula_changes():
    beside = [hessian("special.log_ndtr", x)[0][0] for x in (-5.0000001, -4.9999999)]
    assert beside[0] == pytest.approx(beside[1], rel=1e-8)


def test_entropy_bends_by_the_reciprocal_on_either_side():
    assert hessian("special.entr", 0.5) == [[-2.0]]
    assert hessian("special.entr", -0.5) == [[2.0]]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_polygamma_has_no_limit_among_its_poles(n):
    ends = values.polygamma(n, torch.tensor([-math.inf, math.inf]).numpy())
    assert math.isnan(ends[0])
    assert ends[1] == 0.0
