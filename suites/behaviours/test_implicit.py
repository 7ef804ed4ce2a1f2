"""Implicit gradients: what backward() may assume when the caller names no cotangent."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("implicit.scalar-output-gets-cotangent-one")
def test_backward_of_a_mean_leaves_the_plain_derivative(torch):
    x = torch.tensor([[1.0, 1.0], [1.0, 1.0]], requires_grad=True)
    out = (3 * (x + 2) ** 2).mean()
    out.backward()
    assert_values(out, 27.0)
    assert_values(x.grad, [[4.5, 4.5], [4.5, 4.5]])


@clause("implicit.scalar-output-gets-cotangent-one")
def test_seed_has_the_shape_of_the_output(torch):
    x = torch.tensor([3.0], requires_grad=True)
    y = x.reshape(1, 1) * 2
    seen = []
    y.register_hook(seen.append)
    y.backward()
    assert_same(seen[0], torch.ones(1, 1))
    assert_values(x.grad, [2.0])


@clause("implicit.scalar-means-one-element-any-shape")
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)], ids=str)
def test_any_one_element_shape_needs_no_cotangent(torch, shape):
    x = torch.full(shape, 4.0, requires_grad=True)
    (x * x).backward()
    assert tuple(x.grad.shape) == shape
    assert x.grad.item() == 8.0


@clause("implicit.many-element-output-raises")
def test_two_elements_need_an_explicit_cotangent(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    with raises("implicit.many-element-output-raises"):
        y.backward()
    assert x.grad is None


@clause("implicit.many-element-output-raises")
def test_refused_backward_leaves_the_graph_usable(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with raises("implicit.many-element-output-raises"):
        y.backward()
    y.backward(torch.tensor([1.0, 10.0]))
    assert_values(x.grad, [2.0, 40.0])


@clause("implicit.empty-output-raises")
def test_an_output_without_elements_is_no_scalar(torch):
    x = torch.ones(0, requires_grad=True)
    with raises("implicit.empty-output-raises"):
        (x * 2).backward()
    assert x.grad is None


@clause("implicit.empty-output-raises")
def test_an_empty_cotangent_serves_an_empty_output(torch):
    x = torch.ones(0, requires_grad=True)
    (x * 2).backward(torch.ones(0))
    assert tuple(x.grad.shape) == (0,)


@clause("implicit.no-argument-equals-explicit-ones")
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_no_argument_is_a_one_of_the_outputs_shape(torch, shape):
    implicit = torch.full(shape, 0.3, requires_grad=True)
    explicit = torch.full(shape, 0.3, requires_grad=True)
    implicit.sin().backward()
    explicit.sin().backward(torch.ones(shape))
    assert_same(implicit.grad, explicit.grad)


@clause("implicit.no-argument-equals-explicit-ones")
def test_another_cotangent_is_not_equivalent(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward(torch.tensor(0.5))
    assert_values(x.grad, 3.0)


@clause("implicit.complex-scalar-output-raises")
def test_a_complex_scalar_needs_an_explicit_cotangent(torch):
    z = torch.tensor(1.0 + 2.0j, requires_grad=True)
    with raises("implicit.complex-scalar-output-raises"):
        (z * z).backward()
    assert z.grad is None


@clause("implicit.complex-scalar-output-raises")
def test_an_explicit_complex_cotangent_is_enough(torch):
    z = torch.tensor(1.0 + 2.0j, requires_grad=True)
    (z * z).backward(torch.tensor(1.0 + 0.0j))
    assert_values(z.grad, 2.0 - 4.0j)


@clause("implicit.complex-scalar-output-raises")
def test_a_real_scalar_of_a_complex_input_needs_none(torch):
    z = torch.tensor(3.0 + 4.0j, requires_grad=True)
    z.abs().backward()
    assert_values(z.grad, 0.6 + 0.8j)


@clause("implicit.autograd-grad-follows-same-rule")
def test_autograd_grad_of_a_vector_needs_grad_outputs(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("implicit.autograd-grad-follows-same-rule"):
        torch.autograd.grad(x * x, x)


@clause("implicit.autograd-grad-follows-same-rule")
def test_autograd_grad_of_one_element_needs_none(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (grad,) = torch.autograd.grad((x * x).sum().reshape(1, 1), x)
    assert_values(grad, [2.0, 4.0])


@clause("implicit.none-cotangent-needs-one-element-output")
def test_none_stands_for_one_beside_an_explicit_cotangent(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    scalar = x.prod()
    vector = x * 10
    torch.autograd.backward([scalar, vector], [None, torch.tensor([1.0, 0.5])])
    assert_values(x.grad, [13.0, 7.0])


@clause("implicit.none-cotangent-needs-one-element-output")
def test_none_for_a_vector_among_the_outputs_raises(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    with raises("implicit.none-cotangent-needs-one-element-output"):
        torch.autograd.backward([x.prod(), x * 10], [torch.tensor(1.0), None])
    assert x.grad is None


@clause("implicit.backward-on-untracked-tensor-raises")
@pytest.mark.parametrize("values", [1.0, [1.0, 2.0]], ids=["scalar", "vector"])
def test_backward_on_an_untracked_tensor_raises(torch, values):
    x = torch.tensor(values)
    with raises("implicit.backward-on-untracked-tensor-raises"):
        x.backward()
    with raises("implicit.backward-on-untracked-tensor-raises"):
        (x * 2).backward(torch.ones_like(x))


@clause("implicit.backward-on-untracked-tensor-raises")
def test_one_tracked_operand_is_enough_for_backward(torch):
    x = torch.tensor(1.5)
    w = torch.tensor(2.0, requires_grad=True)
    (x * w).backward()
    assert_values(w.grad, 1.5)
    assert x.grad is None


@clause("implicit.backward-on-scalar-leaf-gives-one")
def test_a_scalar_leaf_differentiates_to_one(torch):
    x = torch.tensor([7.0], requires_grad=True)
    x.backward()
    assert_same(x.grad, torch.tensor([1.0]))
    assert x.is_leaf


@clause("implicit.backward-on-scalar-leaf-gives-one")
def test_a_vector_leaf_still_needs_a_cotangent(torch):
    x = torch.tensor([7.0, 8.0], requires_grad=True)
    with raises("implicit.many-element-output-raises"):
        x.backward()
    x.backward(torch.tensor([0.25, -2.0]))
    assert_values(x.grad, [0.25, -2.0])


@clause("implicit.cotangent-has-output-dtype")
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_seed_has_the_dtype_of_the_output(torch, name):
    dtype = getattr(torch, name)
    x = torch.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    loss = (x * x).sum()
    seen = []
    loss.register_hook(lambda ct: seen.append(ct.dtype))
    loss.backward()
    assert seen == [dtype]
    assert x.grad.dtype == dtype


@clause("implicit.backward-returns-none")
def test_backward_returns_none(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.tensor(2.0, requires_grad=True)
    assert (x * x).backward() is None
    assert torch.autograd.backward(y * y) is None
    assert_values(x.grad, 4.0)
    assert_values(y.grad, 4.0)
