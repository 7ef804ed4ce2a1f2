"""Vector-Jacobian products: what an explicit cotangent does, and which cotangents are refused."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("vjp.leaf-gets-cotangent-times-jacobian")
def test_doubling_three_times_scales_the_cotangent_by_eight(torch):
    x = torch.tensor([0.5, -1.5, 2.0], requires_grad=True)
    v = torch.tensor([0.1, 1.0, 0.0001])
    y = x * 2 * 2 * 2
    y.backward(v)
    assert_values(x.grad, [0.8, 8.0, 0.0008])


@clause("vjp.leaf-gets-cotangent-times-jacobian")
def test_gradient_may_be_passed_by_keyword(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(gradient=torch.tensor([-1.0, 0.25]))
    assert_values(x.grad, [-2.0, 1.0])


@clause("vjp.general-function-uses-full-jacobian")
def test_three_to_two_function_gives_transposed_jacobian_times_cotangent(torch):
    # y = (a*b + c, a*c^2), so J = [[b, a, 1], [c^2, 0, 2*a*c]]
    x = torch.tensor([2.0, 3.0, -1.0], requires_grad=True)
    a, b, c = x[0], x[1], x[2]
    y = torch.stack([a * b + c, a * c * c])
    y.backward(torch.tensor([10.0, 0.5]))
    assert_values(x.grad, [30.5, 20.0, 8.0])


@clause("vjp.general-function-uses-full-jacobian")
def test_matrix_product_uses_the_transposed_matrix(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (a @ x).backward(torch.tensor([1.0, -10.0]))
    assert_values(x.grad, [-39.0, -48.0, -57.0])


@clause("vjp.cotangent-of-other-shape-raises")
def test_cotangent_of_another_length_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("vjp.cotangent-of-other-shape-raises"):
        (x * 2).backward(torch.tensor([1.0, 2.0, 3.0]))
    assert x.grad is None


@clause("vjp.cotangent-of-other-shape-raises")
def test_cotangent_of_the_same_length_is_accepted(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 2).backward(torch.tensor([1.0, 3.0]))
    assert_values(x.grad, [2.0, 6.0])


@clause("vjp.scalar-cotangent-is-not-broadcast")
@pytest.mark.parametrize("shape", [(), (1,), (1, 2), (2, 1)], ids=str)
def test_cotangent_that_would_broadcast_is_refused(torch, shape):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("vjp.scalar-cotangent-is-not-broadcast"):
        (x * 2).backward(torch.ones(shape))
    assert x.grad is None


@clause("vjp.cotangent-of-wrong-type-raises")
@pytest.mark.parametrize("cotangent", [1.0, "one"], ids=["float", "str"])
def test_cotangent_that_is_no_tensor_raises(torch, cotangent):
    x = torch.tensor(3.0, requires_grad=True)
    with raises("vjp.cotangent-of-wrong-type-raises"):
        torch.autograd.backward([x * 2], [cotangent])
    assert x.grad is None


@clause("vjp.several-roots-add-up")
def test_two_roots_contribute_the_sum_of_their_products(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y1 = x * x
    y2 = 3 * x.flip(0)
    torch.autograd.backward([y1, y2], [torch.tensor([1.0, 0.5]), torch.tensor([10.0, -1.0])])
    assert_values(x.grad, [-1.0, 32.0])


@clause("vjp.several-roots-add-up")
def test_root_that_feeds_another_root_adds_its_own_cotangent(torch):
    x = torch.tensor(3.0, requires_grad=True)
    inner = x * x
    outer = inner * 5
    torch.autograd.backward([outer, inner], [torch.tensor(2.0), torch.tensor(7.0)])
    assert_values(x.grad, 102.0)


@clause("vjp.cotangent-list-of-wrong-length-raises")
def test_fewer_cotangents_than_roots_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("vjp.cotangent-list-of-wrong-length-raises"):
        torch.autograd.backward([x * 2, x * 3], [torch.tensor([1.0, 1.0])])
    assert x.grad is None


@clause("vjp.untracked-root-in-list-raises")
def test_untracked_root_beside_a_tracked_one_raises(torch):
    x = torch.tensor(2.0, requires_grad=True)
    constant = torch.tensor(5.0)
    with raises("vjp.untracked-root-in-list-raises"):
        torch.autograd.backward([x * x, constant], [torch.tensor(1.0), None])
    assert x.grad is None


@clause("vjp.same-root-twice-contributes-twice")
def test_same_root_with_two_cotangents_gets_their_sum(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    torch.autograd.backward([y, y], [torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.5])])
    assert_values(x.grad, [8.0, 2.0])


@clause("vjp.same-root-twice-contributes-twice")
def test_same_scalar_root_twice_without_cotangents_doubles(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    torch.autograd.backward([y, y])
    assert_values(x.grad, 12.0)


@clause("vjp.result-is-linear-in-cotangent")
def test_zero_cotangent_gives_a_zero_gradient_not_none(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(torch.zeros(2))
    assert_same(x.grad, torch.tensor([0.0, 0.0]))


@clause("vjp.result-is-linear-in-cotangent")
def test_scaled_and_summed_cotangents_scale_and_sum_the_result(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.stack([x[0] * x[1], x[0] ** 2])
    u, v = torch.tensor([1.0, -3.0]), torch.tensor([0.5, 4.0])
    (gu,) = torch.autograd.grad(y, x, u, retain_graph=True)
    (gv,) = torch.autograd.grad(y, x, v, retain_graph=True)
    (mixed,) = torch.autograd.grad(y, x, 2 * u - 4 * v)
    assert_values(gu, [-4.0, 1.0])
    assert_values(mixed, 2 * gu - 4 * gv)


@clause("vjp.ones-give-jacobian-column-sums")
def test_ones_give_the_column_sums_of_the_jacobian(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a = torch.tensor([[1.0, 2.0, 3.0], [40.0, 50.0, 60.0]])
    (a @ x).backward(torch.ones(2))
    assert_values(x.grad, [41.0, 52.0, 63.0])


@clause("vjp.ones-give-jacobian-column-sums")
def test_ones_give_the_derivative_of_an_elementwise_function(torch):
    x = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    (x**3).backward(torch.ones(3))
    assert_values(x.grad, [3.0, 0.75, 12.0])


@clause("vjp.one-hot-cotangents-recover-jacobian-rows")
def test_one_hot_cotangents_recover_the_rows_of_the_jacobian(torch):
    x = torch.tensor([2.0, 3.0, -1.0], requires_grad=True)
    y = torch.stack([x[0] * x[1] + x[2], x[0] * x[2] ** 2])
    rows = []
    for one_hot in ([1.0, 0.0], [0.0, 1.0]):
        x.grad = None
        y.backward(torch.tensor(one_hot), retain_graph=True)
        rows.append(x.grad.tolist())
    assert rows == [[3.0, 2.0, 1.0], [1.0, 0.0, -4.0]]


@clause("vjp.cotangent-of-other-float-dtype-converted")
def test_float64_cotangent_serves_a_float32_output(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    y = x * x
    seen = []
    y.register_hook(lambda ct: seen.append(ct.dtype))
    y.backward(torch.tensor([0.5, 2.0], dtype=torch.float64))
    assert seen == [torch.float32]
    assert_same(x.grad, torch.tensor([1.0, 8.0], dtype=torch.float32))


@clause("vjp.cotangent-of-other-float-dtype-converted")
def test_float32_cotangent_serves_a_float64_output(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    (x * x).backward(torch.tensor([0.5, 2.0], dtype=torch.float32))
    assert_same(x.grad, torch.tensor([1.0, 8.0], dtype=torch.float64))


@clause("vjp.integer-cotangent-is-converted")
def test_integer_cotangent_serves_a_float_output(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward(torch.tensor(2))
    assert_same(x.grad, torch.tensor(12.0))


@clause("vjp.cotangent-real-complex-mismatch-raises")
def test_complex_cotangent_for_a_real_output_raises(torch):
    x = torch.tensor(2.0, requires_grad=True)
    with raises("vjp.cotangent-real-complex-mismatch-raises"):
        (x * 3).backward(torch.tensor(1.0 + 1.0j))
    assert x.grad is None


@clause("vjp.cotangent-real-complex-mismatch-raises")
def test_real_cotangent_for_a_complex_output_raises(torch):
    z = torch.tensor(2.0 + 1.0j, requires_grad=True)
    with raises("vjp.cotangent-real-complex-mismatch-raises"):
        (z * 3).backward(torch.tensor(1.0))
    assert z.grad is None


@clause("vjp.several-values-per-row-add-up")
def test_two_row_system_differentiates_each_row(torch):
    x = torch.tensor([[1.0], [1.0]], requires_grad=True)
    a, b = torch.tensor([[2.0], [4.0]]), torch.tensor([[1.0], [0.0]])
    c = 1 - b
    zv = a * x + b * torch.sin(x) + c * torch.cos(x)
    zv.backward(torch.ones(2, 1))
    assert_values(x.grad, [[2.5403023], [3.1585290]])


@clause("vjp.several-values-per-row-add-up")
def test_two_row_system_weighs_the_rows_by_the_cotangent(torch):
    x = torch.tensor([[0.0], [0.0]], requires_grad=True)
    a, b = torch.tensor([[2.0], [4.0]]), torch.tensor([[1.0], [0.0]])
    c = 1 - b
    zv = a * x + b * torch.sin(x) + c * torch.cos(x)
    zv.backward(torch.tensor([[10.0], [0.5]]))
    assert_values(x.grad, [[30.0], [2.0]])


@clause("vjp.broadcast-input-sums-back-to-shape")
def test_broadcast_operands_get_gradients_of_their_own_shape(torch):
    row = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    column = torch.tensor([[10.0], [20.0]], requires_grad=True)
    ct = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (row * column).backward(ct)
    assert_values(row.grad, [90.0, 120.0, 150.0])
    assert_values(column.grad, [[14.0], [32.0]])


@clause("vjp.broadcast-input-sums-back-to-shape")
def test_broadcast_scalar_gets_a_zero_dimensional_gradient(torch):
    s = torch.tensor(2.0, requires_grad=True)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    (x + s).backward(torch.tensor([[1.0, -2.0], [0.5, 3.0]]))
    assert_values(s.grad, 2.5)


@clause("vjp.broadcast-input-sums-back-to-shape")
def test_tracked_gradients_of_broadcast_operands_have_their_shape_too(torch):
    # g = sum over columns of ct * column = (90, 120, 150); by the column it is ct @ w
    row = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    column = torch.tensor([[10.0], [20.0]], requires_grad=True)
    ct = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (first,) = torch.autograd.grad(row * column, row, ct, create_graph=True)
    (second,) = torch.autograd.grad(first, column, torch.tensor([1.0, 0.5, -1.0]))
    assert_values(first, [90.0, 120.0, 150.0])
    assert_values(second, [[-1.0], [0.5]])


@clause("vjp.several-paths-to-input-add-up")
def test_square_plus_triple_at_four_gives_eleven(torch):
    x = torch.tensor(4.0, requires_grad=True)
    (x * x + 3 * x).backward()
    assert_values(x.grad, 11.0)


@clause("vjp.several-paths-to-input-add-up")
def test_paths_of_different_length_add_up(torch):
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    short, long = x * 5, (x * x) * x
    (short + long).backward(torch.tensor([1.0, 0.1]))
    assert_values(x.grad, [8.0, 1.7])


@clause("vjp.result-is-differentiable-in-cotangent")
def test_product_can_be_differentiated_by_the_cotangent(torch):
    # d/dv of w . (v * 2x) is 2 * x * w: the transposed product, hence J w
    x = torch.tensor([1.0, 3.0], requires_grad=True)
    v = torch.tensor([0.5, 0.25], requires_grad=True)
    (g,) = torch.autograd.grad(x * x, x, v, create_graph=True)
    (back,) = torch.autograd.grad(g, v, torch.tensor([10.0, -1.0]))
    assert_values(g, [1.0, 1.5])
    assert_values(back, [20.0, -6.0])


@clause("vjp.result-is-differentiable-in-cotangent")
def test_without_create_graph_the_product_has_no_history(torch):
    x = torch.tensor([1.0, 3.0], requires_grad=True)
    v = torch.tensor([0.5, 0.25], requires_grad=True)
    (g,) = torch.autograd.grad(x * x, x, v)
    assert not g.requires_grad
    assert g.grad_fn is None


@clause("vjp.passed-cotangent-is-not-modified")
def test_passed_cotangent_keeps_value_and_version(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([0.5, -3.0])
    y = x * 4
    (y + y * y + y).backward(v)
    assert_same(v, torch.tensor([0.5, -3.0]))
    assert v._version == 0
    assert_values(x.grad, [20.0, -216.0])
