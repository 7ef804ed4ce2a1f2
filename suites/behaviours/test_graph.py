"""The graph itself: nodes, their names and edges, and what keeps them alive."""

import gc
import re
import weakref

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.capabilities import requires
from suites.harness.clauses import clause

NODE_NAMES = {
    "AddBackward0": lambda torch, x: x + 1,
    "SubBackward0": lambda torch, x: x - 1,
    "RsubBackward1": lambda torch, x: 1 - x,
    "MulBackward0": lambda torch, x: x * x,
    "DivBackward0": lambda torch, x: x / 2,
    "PowBackward0": lambda torch, x: x**2,
    "NegBackward0": lambda torch, x: -x,
    "MeanBackward0": lambda torch, x: x.mean(),
    "MeanBackward1": lambda torch, x: x.mean(0),
    "SumBackward0": lambda torch, x: x.sum(),
    "SumBackward1": lambda torch, x: x.sum(0),
    "ExpBackward0": lambda torch, x: x.exp(),
    "SinBackward0": lambda torch, x: torch.sin(x),
    "CosBackward0": lambda torch, x: torch.cos(x),
    "TanhBackward0": lambda torch, x: torch.tanh(x),
    "MaxBackward1": lambda torch, x: x.max(),
    "MaxBackward0": lambda torch, x: x.max(0)[0],
    "SliceBackward0": lambda torch, x: x[:1],
    "SelectBackward0": lambda torch, x: x[0],
    "TBackward0": lambda torch, x: x.t(),
    "MmBackward0": lambda torch, x: x @ x,
    "ReluBackward0": lambda torch, x: x.relu(),
    "CloneBackward0": lambda torch, x: x.clone(),
    "CatBackward0": lambda torch, x: torch.cat([x, x]),
    "StackBackward0": lambda torch, x: torch.stack([x, x]),
    "ViewBackward0": lambda torch, x: x.view(4),
    "TransposeBackward0": lambda torch, x: x.transpose(0, 1),
    "UnbindBackward0": lambda torch, x: x.unbind()[1],
}


@clause("graph.grad-fn-is-node-or-none")
def test_grad_fn_of_a_result_is_a_node(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert isinstance((x * 2).grad_fn, torch.autograd.graph.Node)
    assert x.grad_fn is None
    assert (torch.ones(2) * 2).grad_fn is None
    assert x.detach().grad_fn is None


@clause("graph.node-names-follow-last-operation")
@pytest.mark.parametrize("name", NODE_NAMES)
def test_node_is_named_after_the_last_operation(torch, name):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = NODE_NAMES[name](torch, x * 1)
    assert y.grad_fn.name() == name
    assert type(y.grad_fn).__name__ == name


@clause("graph.tensor-repr-shows-flag-or-node")
def test_repr_shows_the_flag_of_a_leaf_and_the_node_of_a_result(torch):
    x = torch.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(x.detach()) == "tensor([1., 2.])"
    assert repr(x.sum()) == "tensor(3., grad_fn=<SumBackward0>)"


@clause("graph.node-repr-shows-its-name")
def test_repr_of_a_node_starts_with_its_name(torch):
    y = torch.tensor(1.0, requires_grad=True) + 2
    assert re.match(r"<AddBackward0 object at 0x[0-9a-f]+>", repr(y.grad_fn))


@clause("graph.grad-fn-is-same-object-while-held")
def test_grad_fn_is_one_object_while_it_is_held(torch):
    y = torch.tensor(1.0, requires_grad=True) + 2
    z = y * 3
    node = y.grad_fn
    assert y.grad_fn is node
    assert z.grad_fn.next_functions[0][0] is node


@clause("graph.next-functions-has-edge-per-input")
def test_next_functions_has_one_edge_for_each_input(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    y = x.exp()
    (first, first_nr), (second, second_nr), (third, third_nr) = torch.stack(
        [c, y, x]
    ).grad_fn.next_functions
    assert (first, first_nr) == (None, 0)
    assert (second is y.grad_fn, second_nr) == (True, 0)
    assert (type(third).__name__, third_nr) == ("AccumulateGrad", 0)


@clause("graph.next-functions-has-edge-per-input")
def test_edge_names_the_output_of_a_node_that_has_several(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    _, second = x.unbind()
    (node, number), *_ = (second * 2).grad_fn.next_functions
    assert (node.name(), number) == ("UnbindBackward0", 1)


@clause("graph.leaf-has-one-accumulate-node")
def test_accumulate_node_knows_its_leaf_and_is_shared(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y, z = x * 2, x.exp()
    node = y.grad_fn.next_functions[0][0]
    assert node.variable is x
    assert z.grad_fn.next_functions[0][0] is node
    assert node.next_functions == ()


@clause("graph.node-metadata-keeps-user-data")
def test_node_keeps_what_the_user_stores_in_its_metadata(torch):
    y = torch.tensor(1.0, requires_grad=True) + 2
    z = y * 3
    y.grad_fn.metadata["layer"] = {"name": "first"}
    assert y.grad_fn.metadata == {"layer": {"name": "first"}}
    assert z.grad_fn.next_functions[0][0].metadata["layer"]["name"] == "first"
    assert z.grad_fn.metadata == {}


@clause("graph.output-number-is-position-among-outputs")
def test_output_number_counts_the_outputs_of_a_node(torch):
    x = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
    parts = x.unbind()
    assert [p.output_nr for p in parts] == [0, 1, 2]
    assert parts[0].grad_fn is parts[2].grad_fn
    assert ((x * 2).output_nr, x.output_nr) == (0, 0)


@clause("graph.gradient-edge-gives-node-and-output")
def test_gradient_edge_of_a_result_is_its_node_and_number(torch):
    x = torch.tensor([[1.0], [2.0]], requires_grad=True)
    _, second = x.unbind()
    edge = torch.autograd.graph.get_gradient_edge(second)
    assert isinstance(edge, torch.autograd.graph.GradientEdge)
    assert edge.node is second.grad_fn
    assert edge.output_nr == 1


@clause("graph.gradient-edge-gives-node-and-output")
def test_gradient_edge_of_a_leaf_is_its_accumulate_node(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge(x)
    assert type(edge.node).__name__ == "AccumulateGrad"
    assert edge.node.variable is x
    assert edge.output_nr == 0


@clause("graph.gradient-edge-of-untracked-raises")
def test_untracked_tensor_has_no_gradient_edge(torch):
    with raises("graph.gradient-edge-of-untracked-raises"):
        torch.autograd.graph.get_gradient_edge(torch.ones(2))


@clause("graph.control-flow-follows-path-that-ran")
@pytest.mark.parametrize(("start", "slope"), [(1.0, 128.0), (3.0, 64.0), (200.0, 1.0)])
def test_loop_of_data_dependent_length_is_differentiated_as_it_ran(torch, start, slope):
    x = torch.tensor(start, requires_grad=True)
    y = x
    while y < 100:
        y = y * 2
    y.backward()
    assert_values(x.grad, slope)


@clause("graph.control-flow-follows-path-that-ran")
@pytest.mark.parametrize(("start", "slope"), [(2.0, 12.0), (-2.0, 5.0)])
def test_only_the_branch_that_ran_is_differentiated(torch, start, slope):
    x = torch.tensor(start, requires_grad=True)
    y = x**3 if x > 0 else 5 * x
    y.backward()
    assert_values(x.grad, slope)


@clause("graph.custom-node-is-named-after-class")
def test_node_of_a_custom_function_is_named_after_its_class(torch):
    class Triple(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, ct):
            return ct * 3

    y = Triple.apply(torch.tensor(1.0, requires_grad=True))
    assert y.grad_fn.name() == "TripleBackward"
    assert repr(y.detach()) != repr(y)
    assert "grad_fn=<TripleBackward>" in repr(y)


@clause("graph.backward-may-start-from-edge")
def test_backward_may_start_from_an_edge(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge(x * x)
    torch.autograd.backward(edge, torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("graph.backward-may-start-from-edge")
def test_backward_from_the_edge_of_a_scalar_needs_no_cotangent(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge((x * x).sum())
    torch.autograd.backward(edge)
    assert_values(x.grad, [2.0, 4.0])


@clause("graph.materializing-unused-edge-raises")
def test_unused_edge_cannot_be_materialized(torch):
    x = torch.tensor(2.0, requires_grad=True)
    unused = torch.autograd.graph.get_gradient_edge(torch.tensor(1.0, requires_grad=True) * 1)
    with raises("graph.materializing-unused-edge-raises"):
        torch.autograd.grad(x * x, [x, unused], materialize_grads=True)


@clause("graph.materializing-unused-edge-raises")
def test_used_edge_may_be_asked_for_with_materialize_grads(torch):
    x = torch.tensor(2.0, requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge(x)
    (grad,) = torch.autograd.grad(x * x, [edge], materialize_grads=True)
    assert_values(grad, 4.0)


@clause("graph.output-alone-keeps-graph-alive")
def test_output_alone_keeps_its_graph_alive(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a = x * 3
    b = a * a
    out = b.exp().log()
    del a, b
    gc.collect()
    out.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [18.0, 18.0])


@clause("graph.output-alone-keeps-graph-alive")
def test_graph_dies_with_its_output(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a = x * 3
    alive = weakref.ref(a)
    out = (a * a).sum()
    del a
    assert alive() is not None
    del out
    gc.collect()
    assert alive() is None


@clause("graph.deep-chain-does-not-overflow-stack")
def test_hundred_thousand_operations_are_differentiated_and_freed(torch):
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = -y
    y.backward(torch.tensor(3.0))
    assert_same(x.grad, torch.tensor(3.0))
    del y
    gc.collect()


@clause("graph.write-node-points-to-former-node")
def test_node_of_a_write_points_to_the_former_node(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    former = y.grad_fn
    y.exp_()
    assert y.grad_fn.name() == "ExpBackward0"
    assert y.grad_fn.next_functions[0][0] is former
    y.mul_(2)
    assert y.grad_fn.next_functions[0][0].name() == "ExpBackward0"


@clause("graph.creation-hook-sees-each-new-node")
def test_creation_hook_is_called_for_each_node_made_inside(torch):
    requires(
        hasattr(torch.autograd.graph, "node_creation_hook"),
        "torch.autograd.graph.node_creation_hook",
    )
    seen = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.node_creation_hook(seen.append):
        y = (x * 3).sin()
    y.exp()
    assert [node.name() for node in seen] == ["MulBackward0", "SinBackward0"]
