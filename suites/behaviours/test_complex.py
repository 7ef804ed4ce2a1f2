"""Complex autograd: the conjugate convention, and how real and complex parts meet."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("complex.real-loss-gradient-is-twice-wirtinger")
def test_squared_modulus_has_gradient_two_z(torch):
    z = torch.tensor([1.0 + 2.0j, -3.0 + 0.5j], requires_grad=True)
    (z.abs() ** 2).backward(torch.tensor([1.0, 10.0]))
    assert_values(z.grad, [2.0 + 4.0j, -60.0 + 10.0j])


@clause("complex.real-loss-gradient-is-twice-wirtinger")
def test_gradient_holds_the_two_partial_derivatives(torch):
    # L = a^2 b - 3 b: dL/da = 2 a b, dL/db = a^2 - 3
    z = torch.tensor(2.0 + 5.0j, requires_grad=True)
    (z.real**2 * z.imag - 3 * z.imag).backward()
    assert_values(z.grad, 20.0 + 1.0j)


@clause("complex.holomorphic-gradient-uses-conjugate-derivative")
@pytest.mark.parametrize(
    ("cotangent", "gradient"), [(1.0 + 0.0j, 2.0 - 4.0j), (3.0 - 1.0j, 2.0 - 14.0j)]
)
def test_square_has_the_conjugate_of_its_derivative(torch, cotangent, gradient):
    z = torch.tensor(1.0 + 2.0j, requires_grad=True)
    (z * z).backward(torch.tensor(cotangent))
    assert_values(z.grad, gradient)


@clause("complex.real-constant-factor-scales-gradient")
def test_real_factor_scales_the_cotangent(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    (z * 2.5).backward(torch.tensor([1.0 + 0.0j, 2.0 - 4.0j]))
    assert_values(z.grad, [2.5 + 0.0j, 5.0 - 10.0j])


@clause("complex.conj-gradient-is-conjugate")
def test_conjugation_conjugates_the_cotangent(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    z.conj().backward(torch.tensor([1.0 + 1.0j, 2.0 - 4.0j]))
    assert_values(z.grad, [1.0 - 1.0j, 2.0 + 4.0j])


@clause("complex.real-leaf-gets-real-gradient")
def test_real_leaf_in_a_complex_product_gets_the_real_part(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    (x * z).backward(torch.tensor([1.0 + 1.0j, 2.0 - 4.0j]))
    assert x.grad.dtype == torch.float32
    assert_values(x.grad, [3.0, 10.0])
    assert_values(z.grad, [1.0 + 1.0j, 4.0 - 8.0j])


@clause("complex.real-leaf-gets-real-gradient")
def test_tracked_gradient_of_a_real_leaf_is_real_and_differentiable(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j])
    ct = torch.tensor([1.0 + 1.0j, 2.0 - 4.0j])
    (first,) = torch.autograd.grad(x * x * z, x, ct, create_graph=True)
    (second,) = torch.autograd.grad(first, x, torch.tensor([1.0, 0.5]))
    assert (first.dtype, second.dtype) == (torch.float32, torch.float32)
    assert_values(first, [6.0, 40.0])
    assert_values(second, [6.0, 10.0])


@clause("complex.real-leaf-gets-real-gradient")
def test_custom_function_of_a_real_leaf_returns_the_real_part_itself(torch):
    class Rotate(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * (1 + 2j)

        @staticmethod
        def backward(ctx, ct):
            return (ct * (1 - 2j)).real

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Rotate.apply(x).backward(torch.tensor([1.0 + 1.0j, 2.0 - 4.0j]))
    assert x.grad.dtype == torch.float32
    assert_values(x.grad, [3.0, -6.0])


@clause("complex.real-function-through-complex-is-ordinary")
def test_real_function_computed_through_complex_numbers(torch):
    # |x + i x^2|^2 = x^2 + x^4
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    w = torch.complex(x, x * x)
    y = (w * w.conj()).real
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [2.0, 20.0])
    assert_values(x.grad, [6.0, -18.0])


@clause("complex.real-and-imag-views-differentiate")
def test_parts_send_their_cotangent_along_their_axis(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    z.real.backward(torch.tensor([1.0, 0.5]))
    assert_values(z.grad, [1.0 + 0.0j, 0.5 + 0.0j])
    z.imag.backward(torch.tensor([10.0, -1.0]))
    assert_values(z.grad, [1.0 + 10.0j, 0.5 - 1.0j])


@clause("complex.real-and-imag-views-differentiate")
def test_write_through_a_part_is_tracked(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    w = z * 1
    w.real.mul_(10)
    w.imag[0] = 7.0
    w.backward(torch.tensor([1.0 + 1.0j, 2.0 - 4.0j]))
    assert_values(w, [10.0 + 7.0j, 30.0 - 1.0j])
    assert_values(z.grad, [10.0 + 0.0j, 20.0 - 4.0j])


@clause("complex.descent-step-lowers-real-loss")
def test_steps_against_the_gradient_reach_the_minimum(torch):
    # z - 0.25 * 2 (z - c) halves the distance to c each time.
    target = torch.tensor(3.0 - 1.0j)
    z = torch.tensor(-1.0 + 7.0j, requires_grad=True)
    distances = []
    for _ in range(4):
        z.grad = None
        ((z - target).abs() ** 2).backward()
        with torch.no_grad():
            z -= 0.25 * z.grad
        distances.append((z - target).detach())
    assert_values(torch.stack(distances), [-2 + 4j, -1 + 2j, -0.5 + 1j, -0.25 + 0.5j])


@clause("complex.abs-and-angle-at-zero-give-zero")
@pytest.mark.parametrize("name", ["abs", "angle"])
def test_modulus_and_angle_have_gradient_zero_at_zero(torch, name):
    z = torch.tensor([0.0 + 0.0j, 3.0 + 4.0j], requires_grad=True)
    getattr(torch, name)(z).backward(torch.tensor([2.0, 5.0]))
    elsewhere = {"abs": 3.0 + 4.0j, "angle": -0.8 + 0.6j}[name]
    assert_values(z.grad, [0.0 + 0.0j, elsewhere])


@clause("complex.gradcheck-supports-complex-values")
def test_gradcheck_passes_for_complex_inputs_and_outputs(torch):
    z = torch.tensor([1.0 + 2.0j, -0.5 + 0.25j], dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: z * z * (1 + 2j), (z,))
    assert torch.autograd.gradcheck(lambda z: (z.abs() ** 2, z.conj() * z.real), (z,))


@clause("complex.gradcheck-supports-complex-values")
def test_gradcheck_fails_for_a_gradient_that_forgets_to_conjugate(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx, ct):
            return ct * 2 * ctx.saved_tensors[0]

    z = torch.tensor([1.0 + 2.0j], dtype=torch.complex128, requires_grad=True)
    assert not torch.autograd.gradcheck(Square.apply, (z,), raise_exception=False)


@clause("complex.view-as-real-passes-components")
def test_components_correspond_to_real_and_imaginary_part(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    pairs = torch.view_as_real(z)
    pairs.backward(torch.tensor([[1.0, 10.0], [0.5, -1.0]]))
    assert_values(pairs, [[1.0, 2.0], [3.0, -1.0]])
    assert_values(z.grad, [1.0 + 10.0j, 0.5 - 1.0j])


@clause("complex.view-as-real-passes-components")
def test_view_as_complex_goes_the_other_way(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    z = torch.view_as_complex(x)
    z.backward(torch.tensor([1.0 + 10.0j, 0.5 - 1.0j]))
    assert_same(z.detach(), torch.tensor([1.0 + 2.0j, 3.0 - 1.0j]))
    assert_values(x.grad, [[1.0, 10.0], [0.5, -1.0]])


@clause("complex.real-cotangent-for-complex-output-raises")
def test_complex_output_needs_a_complex_cotangent(torch):
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    with raises("complex.real-cotangent-for-complex-output-raises"):
        (z * z).backward(torch.tensor([1.0, 0.5]))
    assert z.grad is None


@clause("complex.holomorphic-chain-rule-conjugates")
def test_chain_of_holomorphic_functions_conjugates_once(torch):
    # d/dz exp(z)^2 = 2 exp(2 z); at 0.5 + i: 2 e (cos 2 + i sin 2), conjugated
    z = torch.tensor(0.5 + 1.0j, requires_grad=True)
    w = torch.exp(z)
    (w * w).backward(torch.tensor(1.0 + 0.0j))
    assert_values(z.grad, -2.2624077 - 4.9434536j)


@clause("complex.complex-to-real-uses-conjugate-partial")
def test_product_of_the_parts_swaps_them(torch):
    # s = a b: ds/da + i ds/db = b + i a
    z = torch.tensor([1.0 + 2.0j, 3.0 - 1.0j], requires_grad=True)
    (z.real * z.imag).backward(torch.tensor([1.0, 0.5]))
    assert_values(z.grad, [2.0 + 1.0j, -0.5 + 1.5j])
