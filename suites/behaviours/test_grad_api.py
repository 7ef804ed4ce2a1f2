"""torch.autograd.grad: what it returns, what it leaves alone, and which arguments it refuses."""

from types import MappingProxyType

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause


@clause("grad-api.returns-tuple-in-input-order")
def test_gradients_come_in_the_order_of_the_inputs(torch):
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    y = a * a * b
    v = torch.tensor([1.0, 0.5])
    grads = torch.autograd.grad(y, (b, a), v)
    assert type(grads) is tuple
    assert_values(grads[0], [1.0, 2.0])
    assert_values(grads[1], [6.0, 8.0])
    assert (a.grad, b.grad) == (None, None)


@clause("grad-api.single-input-still-gives-tuple")
def test_single_tensor_as_input_gives_a_tuple_of_one(torch):
    x = torch.tensor(3.0, requires_grad=True)
    grads = torch.autograd.grad(x * x, x)
    assert (type(grads), len(grads)) == (tuple, 1)
    assert_values(grads[0], 6.0)


@clause("grad-api.unused-input-raises-unless-allowed")
def test_unused_input_raises(torch):
    x = torch.tensor(3.0, requires_grad=True)
    unused = torch.tensor(1.0, requires_grad=True)
    with raises("grad-api.unused-input-raises-unless-allowed"):
        torch.autograd.grad(x * x, (x, unused))


@clause("grad-api.unused-input-raises-unless-allowed")
def test_allowed_unused_input_gives_none(torch):
    x = torch.tensor(3.0, requires_grad=True)
    unused = torch.tensor(1.0, requires_grad=True)
    grads = torch.autograd.grad(x * x, (unused, x), allow_unused=True)
    assert grads[0] is None
    assert_values(grads[1], 6.0)


@clause("grad-api.materialize-grads-gives-zeros")
def test_materialized_gradient_of_an_unused_input_is_zero(torch):
    x = torch.tensor(3.0, requires_grad=True)
    unused = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    grads = torch.autograd.grad(x * x, (x, unused), materialize_grads=True)
    assert_values(grads[0], 6.0)
    assert_same(grads[1], torch.zeros(2, dtype=torch.float64))


@clause("grad-api.materialize-without-allow-unused-raises")
def test_materialize_grads_excludes_allow_unused_false(torch):
    x = torch.tensor(3.0, requires_grad=True)
    with raises("grad-api.materialize-without-allow-unused-raises"):
        torch.autograd.grad(x * x, x, allow_unused=False, materialize_grads=True)


@clause("grad-api.materialize-without-allow-unused-raises")
def test_materialize_grads_accepts_allow_unused_true(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (grad,) = torch.autograd.grad(x * x, x, allow_unused=True, materialize_grads=True)
    assert_values(grad, 6.0)


@clause("grad-api.untracked-input-raises")
def test_untracked_input_raises(torch):
    x = torch.tensor(3.0, requires_grad=True)
    c = torch.tensor(2.0)
    with raises("grad-api.untracked-input-raises"):
        torch.autograd.grad(x * c, c)
    with raises("grad-api.untracked-input-raises"):
        torch.autograd.grad(x * c, (x, c), allow_unused=True)


@clause("grad-api.non-leaf-input-is-allowed")
def test_gradient_by_an_intermediate(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    grads = torch.autograd.grad(y * y, (y, x), torch.tensor([1.0, 0.5]))
    assert_values(grads[0], [6.0, 6.0])
    assert_values(grads[1], [18.0, 18.0])


@clause("grad-api.non-leaf-input-is-allowed")
def test_gradient_by_an_intermediate_counts_all_its_uses(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x * 3
    z = y * y + 5 * y
    (grad,) = torch.autograd.grad(z * 10, y)
    assert_values(grad, 170.0)


@clause("grad-api.several-outputs-are-summed")
def test_outputs_contribute_the_sum_of_their_products(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    outputs = [x * x, x.flip(0) * 3]
    cotangents = [torch.tensor([1.0, 0.5]), torch.tensor([10.0, -1.0])]
    (grad,) = torch.autograd.grad(outputs, x, cotangents)
    assert_values(grad, [-1.0, 32.0])


@clause("grad-api.empty-inputs-raises")
def test_empty_inputs_raise(torch):
    x = torch.tensor(3.0, requires_grad=True)
    with raises("grad-api.empty-inputs-raises"):
        torch.autograd.grad(x * x, [])


@clause("grad-api.only-inputs-false-warns")
def test_only_inputs_false_warns_and_is_ignored(torch):
    x = torch.tensor(3.0, requires_grad=True)
    other = torch.tensor(2.0, requires_grad=True)
    with warns("grad-api.only-inputs-false-warns"):
        (grad,) = torch.autograd.grad(x * x * other, x, only_inputs=False)
    assert_values(grad, 12.0)
    assert (x.grad, other.grad) == (None, None)


@clause("grad-api.batched-cotangents-give-stacked-products")
def test_identity_batch_gives_the_jacobian(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = torch.stack([x[0] * x[1], x[0] ** 2, 10 * x[1]])
    (jacobian,) = torch.autograd.grad(y, x, torch.eye(3), is_grads_batched=True)
    assert_values(jacobian, [[3.0, 2.0], [4.0, 0.0], [0.0, 10.0]])


@clause("grad-api.batched-cotangents-give-stacked-products")
def test_batch_of_two_vectors_gives_two_products(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    batch = torch.tensor([[1.0, 0.5, 0.0], [-1.0, 2.0, 10.0]])
    (products,) = torch.autograd.grad(x * x, x, batch, is_grads_batched=True)
    assert_values(products, [[2.0, 2.0, 0.0], [-2.0, 8.0, 60.0]])


@clause("grad-api.batched-cotangents-shape-mismatch-raises")
def test_batched_cotangents_of_other_shape_raise(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with raises("grad-api.batched-cotangents-shape-mismatch-raises"):
        torch.autograd.grad(x * x, x, torch.ones(3, 2), is_grads_batched=True)


@clause("grad-api.dict-inputs-give-dict")
def test_dict_of_inputs_gives_a_dict_of_gradients(torch):
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    grads = torch.autograd.grad(a * b * b, {"weight": b, "bias": a})
    assert type(grads) is dict
    assert list(grads) == ["weight", "bias"]
    assert_values(grads["weight"], 12.0)
    assert_values(grads["bias"], 9.0)


@clause("grad-api.repeated-input-is-answered-twice")
def test_repeated_input_gets_the_full_gradient_each_time(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    other = torch.tensor([5.0, 7.0], requires_grad=True)
    grads = torch.autograd.grad(x * x * other, (x, other, x), torch.tensor([1.0, 0.5]))
    assert_values(grads[0], [10.0, 14.0])
    assert_values(grads[1], [1.0, 2.0])
    assert_values(grads[2], [10.0, 14.0])


@clause("grad-api.output-as-input-gives-cotangent")
def test_gradient_of_an_output_by_itself_is_the_cotangent(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    v = torch.tensor([0.5, -3.0])
    (of_result,) = torch.autograd.grad(y, y, v)
    (of_leaf,) = torch.autograd.grad(x, x, v)
    assert_same(of_result, v)
    assert_same(of_leaf, v)


@clause("grad-api.create-graph-result-is-differentiable")
def test_squared_gradient_of_a_cube_differentiates_to_36_x_cubed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    assert first.requires_grad
    (second,) = torch.autograd.grad((first**2).sum(), x)
    assert_values(first, [3.0, 12.0])
    assert_values(second, [36.0, 288.0])


@clause("grad-api.create-graph-result-is-differentiable")
def test_result_without_create_graph_is_untracked(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (first,) = torch.autograd.grad((x**3).sum(), x)
    assert (first.requires_grad, first.grad_fn) == (False, None)


@clause("grad-api.gradient-edge-stands-for-tensor")
@pytest.mark.parametrize("where", ["output", "input", "both"])
def test_gradient_edge_gives_what_the_tensor_gives(torch, where):
    edge = torch.autograd.graph.get_gradient_edge
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    z = y * y
    output = edge(z) if where != "input" else z
    inputs = [edge(y), edge(x)] if where != "output" else [y, x]
    grads = torch.autograd.grad(output, inputs, torch.tensor([1.0, 0.5]))
    assert_values(grads[0], [6.0, 6.0])
    assert_values(grads[1], [18.0, 18.0])
    assert x.grad is None


@clause("grad-api.existing-grad-is-untouched")
def test_existing_grads_of_all_leaves_stay_as_they_are(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    x.grad, w.grad = torch.tensor([7.0, 8.0]), torch.tensor([9.0, 10.0])
    before = (x.grad, w.grad)
    torch.autograd.grad(x * w, x, torch.tensor([1.0, 0.5]))
    assert x.grad is before[0]
    assert w.grad is before[1]
    assert (x.grad.tolist(), w.grad.tolist()) == ([7.0, 8.0], [9.0, 10.0])
    assert (x.grad._version, w.grad._version) == (0, 0)


@clause("grad-api.inputs-as-other-mapping-raises")
def test_mapping_that_is_no_dict_raises(torch):
    x = torch.tensor(3.0, requires_grad=True)
    with raises("grad-api.inputs-as-other-mapping-raises"):
        torch.autograd.grad(x * x, MappingProxyType({"x": x}))


@clause("grad-api.rebound-input-counts-as-unused")
def test_rebound_name_is_not_in_the_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    x = x - 0.1
    with raises("grad-api.rebound-input-counts-as-unused"):
        torch.autograd.grad(y, x)


@clause("grad-api.rebound-input-counts-as-unused")
def test_name_rebound_before_the_output_was_computed_is_in_the_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x = x - 0.5
    (grad,) = torch.autograd.grad(x * x, x, torch.tensor([1.0, 2.0]))
    assert_values(grad, [1.0, 6.0])
