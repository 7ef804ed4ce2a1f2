"""torch.autograd.functional: Jacobians, Hessians and products of functions, and their refusals."""

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


@clause("functional.jacobian-shape-is-output-then-input")
def test_jacobian_has_the_outputs_shape_then_the_inputs(torch):
    jacobian = torch.autograd.functional.jacobian(swirl(torch), torch.tensor(POINT))
    assert_values(jacobian, JACOBIAN)
    weights = torch.tensor([1.0, 10.0, 100.0])
    outer = torch.autograd.functional.jacobian(
        lambda x: x.reshape(2, 1) * weights, torch.tensor([[1.0, 2.0]])
    )
    assert tuple(outer.shape) == (2, 3, 1, 2)
    assert_values(outer[1, 2, 0], [0.0, 100.0])


@clause("functional.jacobian-nests-outputs-then-inputs")
def test_jacobian_of_several_outputs_and_inputs_is_a_tuple_of_tuples(torch):
    a, b = torch.tensor([1.0, 2.0]), torch.tensor(3.0)
    jacobian = torch.autograd.functional.jacobian(lambda a, b: (a * b, a.sum() + b**2), (a, b))
    assert [type(part) for part in (jacobian, *jacobian)] == [tuple] * 3
    assert_values(jacobian[0][0], [[3.0, 0.0], [0.0, 3.0]])
    assert_values(jacobian[0][1], [1.0, 2.0])
    assert_values(jacobian[1][0], [1.0, 1.0])
    assert_values(jacobian[1][1], 6.0)


@clause("functional.jacobian-nests-outputs-then-inputs")
def test_jacobian_of_one_output_or_one_input_is_a_flat_tuple(torch):
    jacobian = torch.autograd.functional.jacobian
    by_input = jacobian(lambda a, b: a * b, (torch.tensor(2.0), torch.tensor(3.0)))
    by_output = jacobian(lambda a: (a * a, 5 * a), torch.tensor(2.0))
    assert (type(by_input), type(by_output)) == (tuple, tuple)
    assert [part.item() for part in by_input] == [3.0, 2.0]
    assert [part.item() for part in by_output] == [4.0, 5.0]


@clause("functional.hessian-shape-is-input-twice")
def test_hessian_has_the_inputs_shape_twice(torch):
    hessian = torch.autograd.functional.hessian
    assert_values(hessian(cubic, torch.tensor([2.0, 3.0])), [[6.0, 4.0], [4.0, 18.0]])
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert tuple(hessian(lambda x: (x**3).sum(), x).shape) == (2, 2, 2, 2)


@clause("functional.hessian-shape-is-input-twice")
def test_hessian_of_several_inputs_is_a_tuple_of_tuples(torch):
    a, b = torch.tensor([1.0, 2.0]), torch.tensor(3.0)
    blocks = torch.autograd.functional.hessian(lambda a, b: (a * a).sum() * b + b**3, (a, b))
    assert_values(blocks[0][0], [[6.0, 0.0], [0.0, 6.0]])
    assert_values(blocks[0][1], [2.0, 4.0])
    assert_values(blocks[1][0], [2.0, 4.0])
    assert_values(blocks[1][1], 18.0)


@clause("functional.hessian-of-non-scalar-function-raises")
def test_hessian_needs_a_single_element(torch):
    with raises("functional.hessian-of-non-scalar-function-raises", index=0):
        torch.autograd.functional.hessian(lambda x: x**3, torch.tensor([1.0, 2.0]))


@clause("functional.hessian-of-non-scalar-function-raises")
def test_hessian_needs_a_single_output(torch):
    with raises("functional.hessian-of-non-scalar-function-raises", index=1):
        torch.autograd.functional.hessian(lambda x: (x**3, x), torch.tensor(1.0))


@clause("functional.vjp-returns-output-and-product")
def test_vjp_returns_the_output_and_the_product(torch):
    output, product = torch.autograd.functional.vjp(
        swirl(torch), torch.tensor(POINT), torch.tensor([10.0, 0.5])
    )
    assert_values(output, [5.0, 2.0])
    assert_values(product, [30.5, 20.0, 8.0])


@clause("functional.vjp-returns-output-and-product")
def test_vjp_needs_no_vector_for_a_single_element_only(torch):
    _, product = torch.autograd.functional.vjp(cubic, torch.tensor([2.0, 3.0]))
    assert_values(product, [12.0, 31.0])
    with raises("functional.vjp-returns-output-and-product"):
        torch.autograd.functional.vjp(swirl(torch), torch.tensor(POINT))


@clause("functional.jvp-returns-output-and-product")
def test_jvp_returns_the_output_and_the_product(torch):
    output, product = torch.autograd.functional.jvp(
        swirl(torch), torch.tensor(POINT), torch.tensor([1.0, 10.0, 0.5])
    )
    assert_values(output, [5.0, 2.0])
    assert_values(product, [23.5, -1.0])


@clause("functional.jvp-returns-output-and-product")
def test_jvp_needs_no_vector_for_a_single_element_input_only(torch):
    _, product = torch.autograd.functional.jvp(lambda x: x**3, torch.tensor(2.0))
    assert_values(product, 12.0)
    with raises("functional.jvp-returns-output-and-product"):
        torch.autograd.functional.jvp(swirl(torch), torch.tensor(POINT))


@clause("functional.vhp-equals-hvp-for-smooth-functions")
@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_hessian_products_return_the_value_and_the_product(torch, name):
    value, product = getattr(torch.autograd.functional, name)(
        cubic, torch.tensor([2.0, 3.0]), torch.tensor([10.0, 0.5])
    )
    assert_values(value, 39.0)
    assert_values(product, [62.0, 49.0])


@clause("functional.vector-of-other-size-raises")
@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_vector_of_another_size_is_refused(torch, name):
    with raises("functional.vector-of-other-size-raises", index=0):
        getattr(torch.autograd.functional, name)(cubic, torch.tensor([2.0, 3.0]), torch.ones(3))


@clause("functional.vector-of-other-size-raises")
@pytest.mark.parametrize("name", ["vjp", "jvp", "vhp", "hvp"])
def test_tuple_of_another_length_is_refused(torch, name):
    inputs = (torch.tensor(2.0), torch.tensor(3.0))
    fn = (lambda a, b: (a * b, a)) if name == "vjp" else (lambda a, b: a * b)
    for v in (inputs[:1], (*inputs, torch.tensor(1.0))):
        with raises("functional.vector-of-other-size-raises", index=1):
            getattr(torch.autograd.functional, name)(fn, inputs, v)


@clause("functional.strict-independent-output-raises")
def test_independent_output_gives_zeros_unless_strict(torch):
    x = torch.tensor([1.0, 2.0])
    constant = torch.tensor([5.0, 6.0, 7.0])
    jacobian = torch.autograd.functional.jacobian
    assert_same(jacobian(lambda x: constant.clone(), x), torch.zeros(3, 2))
    with raises("functional.strict-independent-output-raises", index=0):
        jacobian(lambda x: constant.clone(), x, strict=True)


@clause("functional.strict-independent-output-raises")
def test_output_independent_of_one_input_gives_zeros_unless_strict(torch):
    a, b = torch.tensor([1.0, 2.0]), torch.tensor(3.0)
    jacobian = torch.autograd.functional.jacobian
    by_a, by_b = jacobian(lambda a, b: a * 2, (a, b))
    assert_values(by_a, [[2.0, 0.0], [0.0, 2.0]])
    assert_same(by_b, torch.zeros(2))
    with raises("functional.strict-independent-output-raises", index=1):
        jacobian(lambda a, b: a * 2, (a, b), strict=True)


@clause("functional.strict-hessian-of-linear-raises")
def test_hessian_of_a_linear_function_is_zero_unless_strict(torch):
    x = torch.tensor([1.0, 2.0])
    hessian = torch.autograd.functional.hessian
    assert_same(hessian(lambda x: (3 * x).sum(), x), torch.zeros(2, 2))
    with raises("functional.strict-hessian-of-linear-raises"):
        hessian(lambda x: (3 * x).sum(), x, strict=True)


@clause("functional.create-graph-decides-differentiability")
@pytest.mark.parametrize("create_graph", [True, False])
def test_result_is_tracked_with_create_graph_only(torch, create_graph):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    fn = torch.autograd.functional
    jacobian = fn.jacobian(lambda x: x**3, x, create_graph=create_graph)
    value, product = fn.vjp(lambda x: x**3, x, torch.ones(2), create_graph=create_graph)
    flags = (jacobian.requires_grad, value.requires_grad, product.requires_grad)
    assert flags == (create_graph,) * 3


@clause("functional.create-graph-decides-differentiability")
def test_tracked_jacobian_can_be_differentiated(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    jacobian = torch.autograd.functional.jacobian(lambda x: x**3, x, create_graph=True)
    jacobian.backward(torch.tensor([[1.0, 100.0], [100.0, 0.5]]))
    assert_values(x.grad, [12.0, 9.0])


@clause("functional.leaves-input-grad-untouched")
def test_grads_of_the_inputs_stay_as_they_are(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    x.grad = torch.tensor([7.0, 8.0])
    grad = x.grad
    torch.autograd.functional.hessian(cubic, x)
    torch.autograd.functional.vjp(cubic, x)
    assert x.grad is grad
    assert_same(x.grad, torch.tensor([7.0, 8.0]))
    assert (x.requires_grad, x.is_leaf, x._version) == (True, True, 0)


@clause("functional.leaves-input-grad-untouched")
def test_untracked_inputs_work_inside_no_grad(torch):
    x = torch.tensor([2.0, 3.0])
    with torch.no_grad():
        jacobian = torch.autograd.functional.jacobian(cubic, x)
        assert not torch.is_grad_enabled()
    assert_values(jacobian, [12.0, 31.0])
    assert not x.requires_grad


@clause("functional.non-tensor-input-or-output-raises")
def test_inputs_and_outputs_must_be_tensors(torch):
    jacobian = torch.autograd.functional.jacobian
    with raises("functional.non-tensor-input-or-output-raises", index=0):
        jacobian(lambda x: x, 1.0)
    with raises("functional.non-tensor-input-or-output-raises", index=1):
        jacobian(lambda x, y: x, (torch.tensor(1.0), 2.0))
    with raises("functional.non-tensor-input-or-output-raises", index=2):
        jacobian(lambda x: "text", torch.tensor(1.0))


@clause("functional.vectorize-with-strict-raises")
def test_vectorized_jacobian_has_the_same_values(torch):
    jacobian = torch.autograd.functional.jacobian
    assert_values(jacobian(swirl(torch), torch.tensor(POINT), vectorize=True), JACOBIAN)
    with raises("functional.vectorize-with-strict-raises"):
        jacobian(swirl(torch), torch.tensor(POINT), vectorize=True, strict=True)


@clause("functional.forward-strategy-without-vectorize-raises")
def test_forward_strategy_has_the_same_values(torch):
    jacobian = torch.autograd.functional.jacobian(
        swirl(torch), torch.tensor(POINT), vectorize=True, strategy="forward-mode"
    )
    assert_values(jacobian, JACOBIAN)


@clause("functional.forward-strategy-without-vectorize-raises")
@pytest.mark.parametrize(
    ("options", "index"),
    [
        ({"strategy": "forward-mode"}, 0),
        ({"strategy": "forward-mode", "vectorize": True, "create_graph": True}, 1),
        ({"strategy": "forward-mode", "vectorize": True, "strict": True}, 2),
        ({"strategy": "sideways"}, 3),
    ],
    ids=["not-vectorized", "create-graph", "strict", "unknown"],
)
def test_forward_strategy_refuses_what_it_cannot_do(torch, options, index):
    with raises("functional.forward-strategy-without-vectorize-raises", index=index):
        torch.autograd.functional.jacobian(swirl(torch), torch.tensor(POINT), **options)


@clause("functional.hessian-forward-strategy-gives-same-values")
def test_forward_over_reverse_hessian_has_the_same_values(torch):
    hessian = torch.autograd.functional.hessian(
        cubic,
        torch.tensor([2.0, 3.0]),
        vectorize=True,
        outer_jacobian_strategy="forward-mode",
    )
    assert_values(hessian, [[6.0, 4.0], [4.0, 18.0]])


@clause("functional.captured-values-are-constants")
def test_captured_tensor_is_a_constant(torch):
    captured = torch.tensor([3.0, 4.0], requires_grad=True)
    square = True
    jacobian = torch.autograd.functional.jacobian(
        lambda x: x * x * captured if square else x, torch.tensor([1.0, 2.0])
    )
    assert_values(jacobian, [[6.0, 0.0], [0.0, 16.0]])
    assert captured.grad is None
    assert not jacobian.requires_grad
