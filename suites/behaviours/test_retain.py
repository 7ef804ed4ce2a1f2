"""Graph retention: when a graph may be walked again, and what create_graph adds."""

import gc
import weakref

import pytest

from suites.harness.assertions import assert_values, raises
from suites.harness.clauses import clause


@clause("retain.second-backward-through-freed-graph-raises")
def test_second_backward_through_a_product_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(torch.tensor([1.0, 0.5]))
    with raises("retain.second-backward-through-freed-graph-raises"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("retain.retain-graph-allows-another-backward")
def test_retained_graph_may_be_walked_until_a_call_frees_it(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert_values(x.grad, 18.0)
    with raises("retain.retain-graph-allows-another-backward"):
        y.backward()
    assert_values(x.grad, 18.0)


@clause("retain.graph-without-saved-tensors-runs-again")
def test_sums_and_views_may_be_walked_again(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = -(x.t() + 1.0).reshape(4).sum()
    y.backward()
    y.backward()
    assert_values(x.grad, [[-2.0, -2.0], [-2.0, -2.0]])


@clause("retain.graph-without-saved-tensors-runs-again")
def test_product_with_a_python_number_may_not(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (2 * x).sum()
    y.backward()
    with raises("retain.graph-without-saved-tensors-runs-again"):
        y.backward()
    assert_values(x.grad, [2.0, 2.0])


@clause("retain.create-graph-implies-retain-graph")
def test_create_graph_keeps_the_graph(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (again,) = torch.autograd.grad(y, x)
    assert_values(first, 12.0)
    assert_values(again, 12.0)
    with raises("retain.create-graph-implies-retain-graph"):
        torch.autograd.grad(y, x)


@clause("retain.explicit-no-retain-overrides-create-graph")
def test_retain_graph_false_frees_the_forward_graph_despite_create_graph(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    torch.autograd.grad(y, x, create_graph=True, retain_graph=False)
    with raises("retain.explicit-no-retain-overrides-create-graph"):
        torch.autograd.grad(y, x)


@clause("retain.explicit-no-retain-overrides-create-graph")
def test_derivative_graph_survives_the_freed_forward_graph(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x**3
    (first,) = torch.autograd.grad(y, x, create_graph=True, retain_graph=False)
    (second,) = torch.autograd.grad(first, x)
    assert_values(second, 12.0)


@clause("retain.backward-frees-shared-subgraph-only")
def test_second_output_through_a_freed_subgraph_raises(torch):
    x = torch.tensor(3.0, requires_grad=True)
    shared = x * x
    first, second = shared + 1, shared + 2
    first.backward()
    with raises("retain.backward-frees-shared-subgraph-only"):
        second.backward()
    assert_values(x.grad, 6.0)


@clause("retain.backward-frees-shared-subgraph-only")
def test_second_output_that_shares_no_saved_tensor_works(torch):
    x = torch.tensor(3.0, requires_grad=True)
    shared = x + 1
    first, second = shared * shared, shared * 5
    first.backward()
    second.backward()
    assert_values(x.grad, 13.0)


@clause("retain.reading-freed-saved-tensor-raises")
def test_saved_tensor_of_a_freed_node_cannot_be_read(torch):
    x = torch.tensor(0.0, requires_grad=True)
    y = x.sin()
    assert_values(y.grad_fn._saved_self, 0.0)
    y.backward()
    with raises("retain.reading-freed-saved-tensor-raises"):
        y.grad_fn._saved_self  # noqa: B018


@clause("retain.reading-freed-saved-tensor-raises")
def test_saved_tensor_of_a_retained_node_can_be_read(torch):
    x = torch.tensor(0.5, requires_grad=True)
    y = x.sin()
    y.backward(retain_graph=True)
    assert_values(y.grad_fn._saved_self, 0.5)


@clause("retain.fresh-forward-needs-no-retain")
def test_forward_and_backward_in_a_loop_need_no_retain_graph(torch):
    w = torch.tensor(2.0, requires_grad=True)
    for _ in range(5):
        (w * w * 0.5).backward()
    assert_values(w.grad, 10.0)


@clause("retain.autograd-grad-also-frees-graph")
def test_autograd_grad_frees_the_graph(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    torch.autograd.grad(y, x)
    with raises("retain.autograd-grad-also-frees-graph"):
        y.backward()
    assert x.grad is None


@clause("retain.autograd-grad-also-frees-graph")
def test_autograd_grad_with_retain_graph_keeps_it(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    torch.autograd.grad(y, x, retain_graph=True)
    y.backward()
    assert_values(x.grad, 6.0)


@clause("retain.create-graph-allows-any-order")
def test_fourth_power_differentiates_four_times(torch):
    x = torch.tensor(2.0, requires_grad=True)
    derivative, values = x**4, []
    for _ in range(4):
        (derivative,) = torch.autograd.grad(derivative, x, create_graph=True)
        values.append(derivative.item())
    assert values == [32.0, 48.0, 48.0, 24.0]


@clause("retain.create-graph-allows-any-order")
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_sine_differentiates_to_any_order(torch, order):
    x = torch.tensor(0.75, requires_grad=True)
    derivative = torch.sin(x)
    for _ in range(order):
        (derivative,) = torch.autograd.grad(derivative, x, create_graph=True)
    sine, cosine = 0.68163876, 0.73168887
    assert_values(derivative, [sine, cosine, -sine, -cosine][order % 4])


@clause("retain.second-derivative-without-create-graph-raises")
def test_gradient_without_create_graph_cannot_be_differentiated(torch):
    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(x**3, x)
    assert not first.requires_grad
    with raises("retain.second-derivative-without-create-graph-raises"):
        torch.autograd.grad(first, x)


@clause("retain.backward-releases-saved-tensors")
def test_saved_intermediate_dies_once_backward_freed_it(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    intermediate = x.exp()
    loss = intermediate.sin().sum()
    alive = weakref.ref(intermediate)
    del intermediate
    gc.collect()
    assert alive() is not None
    loss.backward()
    gc.collect()
    assert alive() is None


@clause("retain.backward-releases-saved-tensors")
def test_saved_intermediate_lives_on_in_a_retained_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    intermediate = x.exp()
    loss = intermediate.sin().sum()
    alive = weakref.ref(intermediate)
    del intermediate
    loss.backward(retain_graph=True)
    gc.collect()
    assert alive() is not None
