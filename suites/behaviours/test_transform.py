"""torch.func: grad, vjp, jvp, Jacobians and Hessians as functions of functions."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


def swirl(torch):
    """(a, b, c) -> (a b + c, a c^2), with J = [[b, a, 1], [c^2, 0, 2 a c]]."""
    return lambda x: torch.stack([x[0] * x[1] + x[2], x[0] * x[2] ** 2])


def cubic(x):
    """(a, b) -> a^2 b + b^3, with gradient (2 a b, a^2 + 3 b^2) and Hessian [[2 b, 2 a], [2 a, 6 b]]."""
    return x[0] ** 2 * x[1] + x[1] ** 3


POINT = [2.0, 3.0, -1.0]
JACOBIAN = [[3.0, 2.0, 1.0], [1.0, 0.0, -4.0]]


@clause("transform.nested-grad-gives-second-derivative")
def test_nested_grad_of_sine_runs_through_its_derivatives(torch):
    grad, x = torch.func.grad, torch.tensor(0.75)
    assert_values(grad(torch.sin)(x), 0.73168887)
    assert_values(grad(grad(torch.sin))(x), -0.68163876)
    assert_values(grad(grad(grad(torch.sin)))(x), -0.73168887)


@clause("transform.nested-grad-gives-second-derivative")
def test_grad_of_a_function_of_a_vector_is_its_gradient(torch):
    assert_values(torch.func.grad(cubic)(torch.tensor([2.0, 3.0])), [12.0, 31.0])


@clause("transform.grad-of-one-dim-output-raises")
@pytest.mark.parametrize(("shape", "index"), [((1,), 0), ((2,), 0), ((1, 1), 1)], ids=str)
def test_grad_refuses_an_output_with_a_dimension(torch, shape, index):
    with raises("transform.grad-of-one-dim-output-raises", index=index):
        torch.func.grad(lambda x: x * 2)(torch.ones(shape))


@clause("transform.grad-of-one-dim-output-raises")
def test_backward_accepts_what_grad_refuses(torch):
    x = torch.ones(1, requires_grad=True)
    (x * 2).backward()
    assert_values(x.grad, [2.0])
    assert_values(torch.func.grad(lambda x: (x * 2)[0])(torch.ones(1)), [2.0])


@clause("transform.argnums-selects-differentiated-arguments")
def test_argnums_selects_and_shapes_the_result(torch):
    a, b, c = torch.tensor(2.0), torch.tensor(3.0), torch.tensor(5.0)
    fn = lambda a, b, c: a * b * b * c  # noqa: E731
    assert_values(torch.func.grad(fn)(a, b, c), 45.0)
    assert_values(torch.func.grad(fn, argnums=1)(a, b, c), 60.0)
    both = torch.func.grad(fn, argnums=(2, 0))(a, b, c)
    assert type(both) is tuple
    assert [g.item() for g in both] == [18.0, 45.0]


@clause("transform.argnums-selects-differentiated-arguments")
@pytest.mark.parametrize(("argnums", "index"), [(2, 0), ((0, 0), 1), ((), 2)], ids=str)
def test_argnums_out_of_range_repeated_or_empty_are_refused(torch, argnums, index):
    with raises("transform.argnums-selects-differentiated-arguments", index=index):
        torch.func.grad(lambda a, b: a * b, argnums=argnums)(torch.tensor(2.0), torch.tensor(3.0))


@clause("transform.has-aux-returns-gradient-and-aux")
def test_aux_comes_back_beside_the_gradient(torch):
    grad, aux = torch.func.grad(lambda x: (x**3, {"double": x * 2}), has_aux=True)(
        torch.tensor(2.0)
    )
    assert_values(grad, 12.0)
    assert_values(aux["double"], 4.0)


@clause("transform.has-aux-returns-gradient-and-aux")
def test_function_with_aux_must_return_a_pair(torch):
    with raises("transform.has-aux-returns-gradient-and-aux"):
        torch.func.grad(lambda x: x**3, has_aux=True)(torch.tensor(2.0))


@clause("transform.grad-and-value-returns-both")
def test_grad_and_value_returns_the_gradient_first(torch):
    grad, value = torch.func.grad_and_value(cubic)(torch.tensor([2.0, 3.0]))
    assert_values(grad, [12.0, 31.0])
    assert_values(value, 39.0)


@clause("transform.vjp-function-may-be-called-again")
def test_vjp_function_may_be_called_again_with_another_cotangent(torch):
    output, vjp_fn = torch.func.vjp(swirl(torch), torch.tensor(POINT))
    assert_values(output, [5.0, 2.0])
    first, second = vjp_fn(torch.tensor([10.0, 0.5])), vjp_fn(torch.tensor([0.0, -1.0]))
    assert (type(first), len(first)) == (tuple, 1)
    assert_values(first[0], [30.5, 20.0, 8.0])
    assert_values(second[0], [-1.0, 0.0, 4.0])


@clause("transform.vjp-function-may-be-called-again")
def test_vjp_function_gives_one_gradient_for_each_primal(torch):
    a, b = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    _, vjp_fn = torch.func.vjp(lambda a, b: a * b * b, a, b)
    by_a, by_b = vjp_fn(torch.tensor([1.0, 0.5]))
    assert_values(by_a, [9.0, 8.0])
    assert_values(by_b, [6.0, 8.0])


@clause("transform.vjp-cotangent-structure-mismatch-raises")
def test_cotangents_must_have_the_structure_of_the_output(torch):
    _, vjp_fn = torch.func.vjp(lambda x: (x * 2, x * 3), torch.tensor(1.0))
    with raises("transform.vjp-cotangent-structure-mismatch-raises", index=0):
        vjp_fn(torch.tensor(1.0))
    (grad,) = vjp_fn((torch.tensor(1.0), torch.tensor(10.0)))
    assert_values(grad, 32.0)


@clause("transform.vjp-cotangent-structure-mismatch-raises")
def test_outputs_of_vjp_must_be_floating_point(torch):
    with raises("transform.vjp-cotangent-structure-mismatch-raises", index=1):
        torch.func.vjp(lambda x: x.long(), torch.tensor(1.0))


@clause("transform.jvp-returns-output-and-product")
def test_jvp_returns_the_output_and_the_product(torch):
    output, product = torch.func.jvp(
        swirl(torch), (torch.tensor(POINT),), (torch.tensor([1.0, 10.0, 0.5]),)
    )
    assert_values(output, [5.0, 2.0])
    assert_values(product, [23.5, -1.0])


@clause("transform.jvp-returns-output-and-product")
def test_jvp_wants_tuples_of_one_structure(torch):
    x = torch.tensor(POINT)
    with raises("transform.jvp-returns-output-and-product", index=0):
        torch.func.jvp(swirl(torch), x, x)
    with raises("transform.jvp-returns-output-and-product", index=1):
        torch.func.jvp(swirl(torch), (x,), (x, x))


@clause("transform.jvp-strict-independent-output-raises")
def test_independent_output_has_a_zero_tangent_unless_strict(torch):
    x, t = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5])
    constant = torch.tensor([5.0, 6.0, 7.0])
    output, product = torch.func.jvp(lambda x: constant, (x,), (t,))
    assert_values(output, [5.0, 6.0, 7.0])
    assert_same(product, torch.zeros(3))
    with raises("transform.jvp-strict-independent-output-raises"):
        torch.func.jvp(lambda x: constant, (x,), (t,), strict=True)


@clause("transform.jacrev-and-jacfwd-agree")
@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
def test_jacobian_has_the_outputs_shape_then_the_inputs(torch, name):
    jacobian = getattr(torch.func, name)
    assert_values(jacobian(swirl(torch))(torch.tensor(POINT)), JACOBIAN)
    weights = torch.tensor([1.0, 10.0, 100.0])
    outer = jacobian(lambda x: x.reshape(2, 1) * weights)(torch.tensor([[1.0, 2.0]]))
    assert tuple(outer.shape) == (2, 3, 1, 2)
    assert_values(outer[1, 2, 0], [0.0, 100.0])


@clause("transform.hessian-equals-analytic-hessian")
def test_hessian_equals_the_analytic_one(torch):
    hessian = torch.func.hessian(cubic)
    assert_values(hessian(torch.tensor([2.0, 3.0])), [[6.0, 4.0], [4.0, 18.0]])


@clause("transform.hessian-equals-analytic-hessian")
def test_hessian_composes_with_vmap(torch):
    points = torch.tensor([[2.0, 3.0], [-1.0, 0.5]])
    hessians = torch.func.vmap(torch.func.hessian(cubic))(points)
    assert_values(hessians, [[[6.0, 4.0], [4.0, 18.0]], [[1.0, -2.0], [-2.0, 3.0]]])


@clause("transform.jacrev-chunking-keeps-result")
@pytest.mark.parametrize("chunk_size", [1, 2, 5])
def test_chunked_jacobian_is_the_same(torch, chunk_size):
    jacobian = torch.func.jacrev(swirl(torch), chunk_size=chunk_size)(torch.tensor(POINT))
    assert_values(jacobian, JACOBIAN)


@clause("transform.jacrev-chunking-keeps-result")
def test_chunk_of_zero_is_refused(torch):
    with raises("transform.jacrev-chunking-keeps-result"):
        torch.func.jacrev(swirl(torch), chunk_size=0)


@clause("transform.jacobian-of-complex-input-raises")
@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
def test_jacobian_of_a_complex_input_is_refused(torch, name):
    with raises("transform.jacobian-of-complex-input-raises"):
        getattr(torch.func, name)(lambda z: z * z)(torch.tensor([1.0 + 2.0j]))


@clause("transform.per-sample-gradients-equal-loop")
def test_per_sample_gradients_equal_a_loop(torch):
    weight = torch.tensor([1.0, -2.0])
    inputs = torch.tensor([[1.0, 0.5], [3.0, -1.0], [0.0, 2.0]])
    targets = torch.tensor([1.0, -1.0, 0.5])
    loss = lambda w, x, y: ((w * x).sum() - y) ** 2  # noqa: E731
    grads = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(weight, inputs, targets)
    assert_values(grads, [[-2.0, -1.0], [36.0, -12.0], [0.0, -18.0]])
    for row, x, y in zip(grads, inputs, targets, strict=True):
        assert_values(torch.func.grad(loss)(weight, x, y), row)


@clause("transform.grad-respects-inner-no-grad-only")
def test_no_grad_inside_the_function_is_respected(torch):
    def fn(x):
        with torch.no_grad():
            c = x**2
        return x - c

    assert_values(torch.func.grad(fn)(torch.tensor(3.0)), 1.0)


@clause("transform.grad-respects-inner-no-grad-only")
def test_no_grad_around_the_call_is_ignored(torch):
    with torch.no_grad():
        grad = torch.func.grad(lambda x: x - x**2)(torch.tensor(3.0))
    assert_values(grad, -5.0)
    assert not grad.requires_grad


@clause("transform.backward-inside-transform-raises")
def test_backward_inside_a_transform_raises(torch):
    def fn(x):
        (x * x).backward()
        return x

    with raises("transform.backward-inside-transform-raises"):
        torch.func.grad(fn)(torch.tensor(3.0))


@clause("transform.requires-grad-inside-transform-raises")
@pytest.mark.parametrize(("name", "index"), [("requires_grad_", 0), ("retain_grad", 1)])
def test_flags_cannot_be_changed_inside_a_transform(torch, name, index):
    def fn(x):
        y = x * 1
        getattr(y, name)()
        return y

    with raises("transform.requires-grad-inside-transform-raises", index=index):
        torch.func.grad(fn)(torch.tensor(3.0))


@clause("transform.autograd-grad-inside-needs-create-graph")
@pytest.mark.parametrize(("create_graph", "outer"), [(False, 0.0), (True, 18.0)])
def test_autograd_grad_inside_is_differentiable_with_create_graph_only(torch, create_graph, outer):
    def fn(x):
        return torch.autograd.grad(x**3, x, create_graph=create_graph)[0]

    assert_values(torch.func.grad(fn)(torch.tensor(3.0)), outer)


@clause("transform.write-to-captured-tensor-raises")
def test_write_to_a_captured_tensor_raises(torch):
    captured = torch.tensor(1.0)

    def fn(x):
        captured.add_(x)
        return captured

    with raises("transform.write-to-captured-tensor-raises"):
        torch.func.grad(fn)(torch.tensor(3.0))
    assert_same(captured, torch.tensor(1.0))


@clause("transform.write-to-captured-tensor-raises")
def test_write_to_a_tensor_made_inside_is_differentiated(torch):
    def fn(x):
        y = x * 1
        y.mul_(x)
        return y

    assert_values(torch.func.grad(fn)(torch.tensor(3.0)), 6.0)


@clause("transform.leaves-input-grad-untouched")
def test_transforms_leave_grad_and_flags_of_their_inputs(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    x.grad = torch.tensor([7.0, 8.0])
    grad = x.grad
    torch.func.grad(cubic)(x)
    torch.func.jacfwd(cubic)(x)
    assert x.grad is grad
    assert_same(x.grad, torch.tensor([7.0, 8.0]))
    untracked = torch.tensor([2.0, 3.0])
    assert not torch.func.grad(cubic)(untracked).requires_grad
    assert not untracked.requires_grad


@clause("transform.grad-keeps-outer-graph-link")
def test_result_can_be_propagated_back_to_a_tracked_input(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    grad = torch.func.grad(cubic)(x)
    assert grad.requires_grad
    grad.backward(torch.tensor([10.0, 0.5]))
    assert_values(x.grad, [62.0, 49.0])


@clause("transform.grad-of-independent-output-is-zero")
def test_gradient_by_an_unused_input_is_zero(torch):
    constant = torch.tensor(5.0)
    assert_same(torch.func.grad(lambda x: constant)(torch.tensor([1.0, 2.0])), torch.zeros(2))
    by_b = torch.func.grad(lambda a, b: a * a, argnums=1)(torch.tensor(2.0), torch.ones(3))
    assert_same(by_b, torch.zeros(3))


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")
@clause("transform.linearize-returns-output-and-jvp")
def test_linearized_function_maps_tangents(torch):
    output, jvp_fn = torch.func.linearize(swirl(torch), torch.tensor(POINT))
    assert_values(output, [5.0, 2.0])
    assert_values(jvp_fn(torch.tensor([1.0, 10.0, 0.5])), [23.5, -1.0])
    assert_values(jvp_fn(torch.tensor([0.0, 0.0, 1.0])), [1.0, -4.0])


@clause("transform.functional-call-matches-module-backward")
def test_functional_call_computes_with_the_given_parameters(torch):
    layer = torch.nn.Linear(2, 1)
    parameters = {"weight": torch.tensor([[3.0, -1.0]]), "bias": torch.tensor([0.5])}
    x = torch.tensor([[1.0, 2.0], [0.0, 4.0]])
    before = layer.weight.detach().clone()
    assert_values(torch.func.functional_call(layer, parameters, (x,)), [[1.5], [-3.5]])
    assert_same(layer.weight.detach(), before)


@clause("transform.functional-call-matches-module-backward")
def test_grad_over_functional_call_equals_backward(torch):
    layer = torch.nn.Linear(2, 1)
    x = torch.tensor([[1.0, 2.0], [0.0, 4.0]])
    parameters = {name: p.detach() for name, p in layer.named_parameters()}
    loss = lambda p: (torch.func.functional_call(layer, p, (x,)) ** 2).sum()  # noqa: E731
    grads = torch.func.grad(loss)(parameters)
    (layer(x) ** 2).sum().backward()
    assert sorted(grads) == ["bias", "weight"]
    assert_values(grads["weight"], layer.weight.grad)
    assert_values(grads["bias"], layer.bias.grad)


@clause("transform.stacked-module-state-is-new-leaves")
def test_stacked_parameters_are_new_leaves(torch):
    models = [torch.nn.Linear(2, 1) for _ in range(3)]
    parameters, buffers = torch.func.stack_module_state(models)
    weight = parameters["weight"]
    assert (sorted(parameters), buffers) == (["bias", "weight"], {})
    assert (tuple(weight.shape), weight.is_leaf, weight.requires_grad) == ((3, 1, 2), True, True)
    for i, model in enumerate(models):
        assert_same(weight[i].detach(), model.weight.detach())
    (weight * 2).backward(torch.ones(3, 1, 2))
    assert all(model.weight.grad is None for model in models)
