"""Special functions keep the identities that define them."""

import math

import numpy as np
import pytest

import reference_impl as torch
from reference_impl.ops import special_values as values
from reference_impl.registry import require
from reference_impl.tensor import make

X = np.linspace(0.1, 12.0, 60)


def close(found, wanted, tolerance=1e-12):
    scale = np.maximum(np.abs(wanted), 1e-300)
    return np.max(np.abs(found - wanted) / scale) < tolerance


def special(name, *arrays):
    return require(f"special.{name}")(*[make(np.asarray(a, np.float64)) for a in arrays])._data


def test_inverse_error_function_inverts():
    y = np.concatenate([np.linspace(-3, 3, 41), [1e-9, 5.0]])
    assert close(values.erf(values.erfinv(values.erf(y))), values.erf(y), 1e-15)
    assert values.erfinv(np.array([1.0, -1.0, 2.0])).tolist()[:2] == [math.inf, -math.inf]


def test_scaled_error_function_continues_beyond_the_product():
    x = np.array([4.999999, 5.000001])
    a, b = values.erfcx(x)
    assert abs(a / b - 1) < 1e-6
    assert close(values.erfcx(np.array([50.0])), np.array([0.011281536265323773]))


def test_normal_quantile_inverts_far_in_the_tail():
    x = np.array([-35.0, -8.0, -1.0, 0.0, 2.0])
    p = values.erfc(-x / math.sqrt(2)) / 2
    assert np.allclose(values.ndtri(p), x, rtol=1e-12, atol=1e-14)
    assert np.allclose(values.log_ndtr(x), np.log(p), rtol=1e-13)


def test_digamma_has_its_recurrence_and_its_value_at_one():
    x = np.concatenate([X, -X[:-1]])  # the last one is a pole
    assert np.allclose(values.digamma(x + 1), values.digamma(x) + 1 / x, rtol=1e-11)
    assert close(values.digamma(np.array([1.0])), np.array([-0.5772156649015329]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_polygamma_is_the_derivative_of_the_one_before(n):
    step = 1e-5
    slope = (values.polygamma(n - 1, X + step) - values.polygamma(n - 1, X - step)) / (2 * step)
    assert np.allclose(values.polygamma(n, X), slope, rtol=1e-6, atol=1e-8)


def test_zeta_of_two_is_a_sixth_of_pi_squared():
    assert close(values.zeta(np.array([2.0]), np.array([1.0])), np.array([math.pi**2 / 6]), 1e-15)


def test_incomplete_gamma_functions_add_up_and_are_elementary_for_one():
    a = np.full_like(X, 2.5)
    assert close(values.igamma(a, X) + values.igammac(a, X), np.ones_like(X), 1e-15)
    assert close(values.igammac(np.ones_like(X), X), np.exp(-X))


def test_bessel_functions_keep_their_wronskians():
    x = np.concatenate([X, [29.9, 30.1, 80.0]])
    wave = special("bessel_j1", x) * special("bessel_y0", x) - special("bessel_j0", x) * special(
        "bessel_y1", x
    )
    assert close(wave, 2 / (math.pi * x), 1e-10)
    i0, i1 = special("i0e", x), special("i1e", x)
    k0, k1 = special("scaled_modified_bessel_k0", x), special("scaled_modified_bessel_k1", x)
    assert close(i0 * k1 + i1 * k0, 1 / x, 1e-10)


def test_bessel_j_has_its_tabulated_value():
    assert close(special("bessel_j0", [5.6]), np.array([0.026970884685114358]))


def test_airy_function_solves_its_equation():
    x, step = np.linspace(-6, 4, 30), 1e-3
    second = (
        special("airy_ai", x + step) - 2 * special("airy_ai", x) + special("airy_ai", x - step)
    ) / step**2
    assert np.allclose(second, x * special("airy_ai", x), atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_chebyshev_polynomials_are_cosines(n):
    angle = np.linspace(0, math.pi, 20)
    found = special("chebyshev_polynomial_t", np.cos(angle), np.full_like(angle, n))
    assert np.allclose(found, np.cos(n * angle), atol=1e-13)


@pytest.mark.parametrize("x", [-40.0, -22.0, 22.0])
def test_a_derivative_of_cross_entropy_keeps_its_tail_on_tensors_too(x):
    logit = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([3.0], dtype=torch.float64)
    target = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, target, pos_weight=weight)
    (found,) = torch.autograd.grad(loss, [target], create_graph=True)
    assert found.item() == pytest.approx(2 * np.logaddexp(0.0, -x) - x, rel=1e-14)


@pytest.mark.parametrize(
    ("along", "wanted"),
    [
        (lambda x: x * 3.0, 6.0),
        (lambda x: 3.0 * x, 6.0),
        (lambda x: x * torch.tensor([3.0]), 6.0),
        (lambda x: x / 2.0, 1.0),
        (lambda x: x / torch.tensor([[2.0]]), 1.0),
        (lambda x: 3.0 / x, 0.0),
    ],
)
def test_a_factor_without_a_tangent_leaves_none_at_infinity(along, wanted):
    with torch.autograd.forward_ad.dual_level():
        x = torch.autograd.forward_ad.make_dual(torch.tensor([np.inf]), torch.tensor([2.0]))
        tangent = torch.autograd.forward_ad.unpack_dual(along(x)).tangent
    assert tangent.flatten().tolist() == [wanted]


def derivatives(name, x, orders):
    """The derivatives of a function at one number, by backward over and over."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = require(f"special.{name}")(x)
    made = []
    for _ in range(orders):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        made.append(y.item())
    return made


@pytest.mark.parametrize("x", [-5.0, -1e-3, 0.0, 0.3, 2.0, 7.0, 300.0, 1e5])
def test_derivatives_of_the_scaled_error_function_follow_their_recurrence(x):
    # The first is 2xy - 2 / sqrt(pi), so the third 2x times the second and 4 times the first; that cancels far right.
    first, second, third = derivatives("erfcx", x, 3)
    room = 1e-13 * (1 + max(x, 0.0) ** 2) * abs(third)
    assert abs(third - (2 * x * second + 4 * first)) <= room


def test_the_scaled_error_function_falls_like_one_over_its_argument():
    # Abramowitz and Stegun, 7.1.23: 1 / (sqrt(pi) x) (1 - 1 / (2 x^2) + ...)
    for x in (1e4, 1e9):
        first, second = derivatives("erfcx", x, 2)
        assert math.isclose(first, -1 / (math.sqrt(math.pi) * x**2), rel_tol=2 / x**2 + 1e-14)
        assert math.isclose(second, 2 / (math.sqrt(math.pi) * x**3), rel_tol=4 / x**2 + 1e-14)


@pytest.mark.parametrize("x", [1e-12, 1e-5, -1e-3])
def test_derivatives_of_bessel_functions_keep_their_digits_near_0(x):
    # I1(x) = x/2 + x^3/16 + x^5/384 + ..., by term
    first, second, third = derivatives("i1", x, 3)
    assert math.isclose(first, 0.5 + 3 * x**2 / 16, rel_tol=1e-12)
    assert math.isclose(second, 3 * x / 8 + 5 * x**3 / 96, rel_tol=1e-12)
    assert math.isclose(third, 3 / 8 + 5 * x**2 / 32, rel_tol=1e-12)


@pytest.mark.parametrize("name", ["i0e", "i1e"])
@pytest.mark.parametrize("x", [50.0, 1e5, -1e5])
def test_derivatives_of_scaled_bessel_functions_keep_their_digits_far_out(name, x):
    # 1 / sqrt(2 pi x) (1 - (4n^2 - 1) / (8x) + (4n^2 - 1)(4n^2 - 9) / (128 x^2) - ...), term by term
    n, size = int(name[1]), abs(x)
    terms, coefficient = [], 1.0
    for m in range(12):
        terms.append((coefficient, m + 0.5))
        coefficient *= -(4 * n * n - (2 * m + 1) ** 2) / (8 * (m + 1))
    for order, found in enumerate(derivatives(name, x, 3), 1):
        factors = [(c * math.prod(-p - j for j in range(order)), -p - order) for c, p in terms]
        want = sum(factor * size**power for factor, power in factors) / math.sqrt(2 * math.pi)
        sign = math.copysign(1.0, x) ** (n + order)
        assert math.isclose(found, sign * want, rel_tol=1e-13)


@pytest.mark.parametrize("name", ["i0e", "i1e"])
def test_both_ways_to_scaled_bessel_functions_meet(name):
    function = getattr(values, f"{name}_derivative")
    for order in range(4):
        below, above = function(np.array([30.0, math.nextafter(30.0, 31.0)]), order)
        assert math.isclose(below, above, rel_tol=1e-13)


def test_bessel_functions_end_where_they_are_too_large_and_no_earlier():
    # I0 is e^x / sqrt(2 pi x) (1 + 1 / (8x) + ...), and e^713 itself is too large.
    want = math.log(1 + 1 / (8 * 713.0)) + 713.0 - math.log(2 * math.pi * 713.0) / 2
    assert math.isclose(math.log(special("i0", 713.0)), want, rel_tol=1e-8)
    assert special("i0", 714.0) == math.inf


@pytest.mark.parametrize("x", [-20.0, -30.0])
def test_gelu_keeps_its_digits_in_the_left_tail(x):
    # x times the integral is minus the density times 1 - 1 / x^2 + 3 / x^4 - ... (Abramowitz and Stegun, 26.2.12)
    density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    ratio, term = 1.0, 1.0
    for k in range(1, 40, 2):
        term *= -k / (x * x)
        ratio += term
    made = torch.nn.functional.gelu(torch.tensor(x, dtype=torch.float64)).item()
    assert math.isclose(made, -density * ratio, rel_tol=1e-12)


def test_gelu_by_a_hyperbolic_tangent_keeps_its_digits_in_the_left_tail():
    x = torch.tensor(-8.0, dtype=torch.float64)
    bend = 2 * math.sqrt(2 / math.pi) * (8 + 0.044715 * 512)
    made = torch.nn.functional.gelu(x, approximate="tanh").item()
    assert math.isclose(made, -8 * math.exp(-bend), rel_tol=1e-12)  # 1 + exp(-bend) is 1 there


@pytest.mark.parametrize("number", [1e6, -1e12])
def test_softsign_keeps_the_digits_of_its_slope_far_out(number):
    x = torch.tensor(number, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.nn.functional.softsign(x), x, create_graph=True)
    (second,) = torch.autograd.grad(slope, x)
    size = 1 + abs(number)
    assert math.isclose(slope.item(), size**-2, rel_tol=1e-14)
    assert math.isclose(second.item(), math.copysign(2 * size**-3, -number), rel_tol=1e-14)
