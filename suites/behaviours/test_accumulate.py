"""Accumulation: which tensors get a .grad, what is added to it, and what may be assigned to it."""

import warnings
from types import MappingProxyType

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause

create_graph = pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
reading_non_leaf_grad = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")


@clause("accumulate.grad-is-none-before-backward")
def test_grad_is_none_until_backward_ran(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    assert x.grad is None
    y.backward()
    assert x.grad is not None


@clause("accumulate.adds-to-existing-grad")
def test_each_backward_adds_72(torch):
    x = torch.tensor([4.0], requires_grad=True)
    z = x**3 + 2 * x**2 + 8 * x
    seen = []
    for _ in range(3):
        z.backward(retain_graph=True)
        seen.append(x.grad.item())
    assert seen == [72.0, 144.0, 216.0]


@clause("accumulate.adds-to-existing-grad")
def test_different_cotangents_add_up_in_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    y.backward(torch.tensor([-3.0, 0.25]))
    assert_values(x.grad, [-4.0, 3.0])


@clause("accumulate.adds-across-separate-graphs")
def test_graphs_that_share_a_leaf_accumulate_into_it(torch):
    x = torch.tensor(3.0, requires_grad=True)
    first = x * x
    second = 5 * x
    second.backward()
    assert_values(x.grad, 5.0)
    first.backward()
    assert_values(x.grad, 11.0)


@clause("accumulate.zeroing-in-place-keeps-grad-object")
@pytest.mark.parametrize("through_data", [False, True], ids=["grad", "grad.data"])
def test_zeroed_grad_is_the_same_object_and_restarts(torch, through_data):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(torch.tensor([1.0, 10.0]))
    before = x.grad
    target = before.data if through_data else before
    target.zero_()
    assert_same(x.grad, torch.zeros(2))
    (x * 3).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is before
    assert_values(before, [3.0, 1.5])


@clause("accumulate.setting-grad-none-resets")
def test_grad_set_to_none_is_created_anew(torch):
    x = torch.tensor(2.0, requires_grad=True)
    (x * x).backward()
    before = x.grad
    x.grad = None
    assert x.grad is None
    (x * 7).backward()
    assert x.grad is not before
    assert_values(x.grad, 7.0)
    assert_values(before, 4.0)


@clause("accumulate.plain-backward-adds-in-place")
def test_second_backward_writes_into_the_same_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    grad, version = x.grad, x.grad._version
    y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is grad
    assert grad._version > version
    assert_values(grad, [4.0, 4.0])


@create_graph
@clause("accumulate.create-graph-replaces-grad-object")
def test_create_graph_adds_out_of_place(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    old = x.grad
    y.backward(torch.tensor([3.0, 0.25]), create_graph=True)
    assert x.grad is not old
    assert_values(old, [2.0, 2.0])
    assert_values(x.grad, [8.0, 3.0])


@clause("accumulate.grad-tracked-only-with-create-graph")
def test_grad_of_a_plain_backward_is_untracked(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (x**3).backward()
    assert not x.grad.requires_grad
    assert x.grad.grad_fn is None


@create_graph
@clause("accumulate.grad-tracked-only-with-create-graph")
def test_grad_of_a_create_graph_backward_is_tracked(torch):
    x = torch.tensor(3.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    assert x.grad.grad_fn is not None
    assert_values(x.grad, 27.0)


@reading_non_leaf_grad
@clause("accumulate.non-leaf-keeps-no-grad")
def test_intermediates_keep_no_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    z.backward()
    assert y.grad is None
    assert z.grad is None
    assert_values(x.grad, [8.0, 16.0])


@clause("accumulate.reading-non-leaf-grad-warns")
def test_reading_grad_of_a_non_leaf_warns_and_gives_none(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x
    with warns("accumulate.reading-non-leaf-grad-warns"):
        grad = y.grad
    assert grad is None


@clause("accumulate.reading-leaf-or-retained-grad-is-silent")
def test_reading_grad_of_leaf_and_retaining_non_leaf_is_silent(torch):
    x = torch.tensor(2.0, requires_grad=True)
    untracked = torch.tensor(2.0)
    y = x * x
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (x.grad, y.grad, untracked.grad) == (None, None, None)
        (y * 5).backward()
        assert (x.grad.item(), y.grad.item(), untracked.grad) == (20.0, 5.0, None)


@clause("accumulate.untracked-leaf-never-gets-grad")
def test_leaf_that_does_not_require_grad_gets_none(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    c = torch.tensor([3.0, 4.0])
    (x * c).backward(torch.tensor([1.0, 0.5]))
    assert c.grad is None
    assert not c.requires_grad
    assert_values(x.grad, [3.0, 2.0])


@clause("accumulate.unused-leaf-grad-stays-none")
def test_leaf_outside_the_graph_keeps_none(torch):
    used = torch.tensor(2.0, requires_grad=True)
    unused = torch.tensor(2.0, requires_grad=True)
    (used * used).backward()
    assert_values(used.grad, 4.0)
    assert unused.grad is None


@clause("accumulate.unused-leaf-grad-stays-none")
def test_leaf_used_with_factor_zero_gets_zero_not_none(torch):
    x = torch.tensor(2.0, requires_grad=True)
    (x * 0.0).backward()
    assert_same(x.grad, torch.tensor(0.0))


@clause("accumulate.only-listed-inputs-get-grad")
def test_backward_with_inputs_ignores_other_leaves(torch):
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    c = torch.tensor(5.0, requires_grad=True)
    (a * b * c).backward(inputs=[c, a])
    assert_values(a.grad, 15.0)
    assert_values(c.grad, 6.0)
    assert b.grad is None


@clause("accumulate.only-listed-inputs-get-grad")
def test_backward_with_inputs_still_accumulates(torch):
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    y = a * b
    y.backward(retain_graph=True)
    y.backward(inputs=[a])
    assert_values(a.grad, 6.0)
    assert_values(b.grad, 2.0)


@clause("accumulate.inputs-may-be-tensor-or-dict")
def test_inputs_may_be_a_single_tensor(torch):
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    (a * b).backward(inputs=b)
    assert a.grad is None
    assert_values(b.grad, 2.0)


@clause("accumulate.inputs-may-be-tensor-or-dict")
def test_inputs_may_be_a_dict_of_tensors(torch):
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    c = torch.tensor(4.0, requires_grad=True)
    torch.autograd.backward(a * b * c, inputs={"first": a, "last": c})
    assert_values(a.grad, 12.0)
    assert_values(c.grad, 6.0)
    assert b.grad is None


@clause("accumulate.inputs-as-other-mapping-raises")
def test_inputs_as_a_mapping_that_is_no_dict_raises(torch):
    a = torch.tensor(2.0, requires_grad=True)
    with raises("accumulate.inputs-as-other-mapping-raises"):
        torch.autograd.backward(a * a, inputs=MappingProxyType({"a": a}))
    assert a.grad is None


@clause("accumulate.empty-inputs-raises")
@pytest.mark.parametrize("kind", [list, tuple], ids=["list", "tuple"])
def test_empty_inputs_raises(torch, kind):
    a = torch.tensor(2.0, requires_grad=True)
    with raises("accumulate.empty-inputs-raises"):
        (a * a).backward(inputs=kind())
    assert a.grad is None


@clause("accumulate.listed-non-leaf-gets-grad")
def test_listed_non_leaf_gets_its_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    (y * y).backward(torch.tensor([1.0, 0.5]), inputs=[y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grad = y.grad
    assert_values(grad, [6.0, 6.0])
    assert x.grad is None


@clause("accumulate.assigned-grad-is-added-to")
def test_backward_adds_to_an_assigned_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    mine = torch.tensor([100.0, 200.0])
    x.grad = mine
    assert x.grad is mine
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [102.0, 202.0])


@clause("accumulate.assigning-other-shape-raises")
def test_assigning_a_grad_of_other_shape_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("accumulate.assigning-other-shape-raises"):
        x.grad = torch.zeros(3)
    assert x.grad is None


@clause("accumulate.assigning-other-dtype-raises")
def test_assigning_a_grad_of_other_dtype_raises(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    with raises("accumulate.assigning-other-dtype-raises"):
        x.grad = torch.zeros(2, dtype=torch.float16)
    assert x.grad is None


@clause("accumulate.assigning-other-dtype-raises")
def test_grad_dtype_allows_a_grad_of_other_dtype(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    x.grad_dtype = torch.float16
    x.grad = torch.tensor([0.5, 0.25], dtype=torch.float16)
    assert_same(x.grad, torch.tensor([0.5, 0.25], dtype=torch.float16))


@clause("accumulate.assigning-non-tensor-raises")
@pytest.mark.parametrize("value", [0, [0.0, 0.0]], ids=["int", "list"])
def test_assigning_a_non_tensor_raises(torch, value):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("accumulate.assigning-non-tensor-raises"):
        x.grad = value
    assert x.grad is None


@clause("accumulate.tensor-as-own-grad-raises")
def test_tensor_cannot_be_its_own_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("accumulate.tensor-as-own-grad-raises"):
        x.grad = x
    assert x.grad is None


@clause("accumulate.tensor-as-own-grad-raises")
def test_detached_alias_may_be_the_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.grad = x.detach()
    assert_same(x.grad, torch.tensor([1.0, 2.0]))


@clause("accumulate.deleting-grad-leaves-none")
def test_deleting_grad_leaves_none(torch):
    x = torch.tensor(2.0, requires_grad=True)
    (x * x).backward()
    del x.grad
    assert x.grad is None
    (x * 5).backward()
    assert_values(x.grad, 5.0)


@clause("accumulate.create-graph-backward-warns-of-cycle")
def test_create_graph_backward_warns_of_a_reference_cycle(torch):
    x = torch.tensor(2.0, requires_grad=True)
    with warns("accumulate.create-graph-backward-warns-of-cycle"):
        (x * x).backward(create_graph=True)
    assert_values(x.grad, 4.0)
    x.grad = None


@create_graph
@clause("accumulate.grad-can-be-differentiated-again")
def test_backward_of_grad_accumulates_the_second_derivative(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x**3).backward(torch.tensor([1.0, 0.5]), create_graph=True)
    assert_values(x.grad, [3.0, 6.0])
    x.grad.backward(torch.tensor([1.0, 10.0]))
    assert_values(x.grad, [9.0, 66.0])


@clause("accumulate.grad-is-not-the-passed-cotangent")
def test_changing_the_passed_cotangent_later_leaves_grad_alone(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([0.5, -3.0])
    (x + 0.0).backward(v)
    assert x.grad is not v
    v.fill_(99.0)
    assert_values(x.grad, [0.5, -3.0])


@clause("accumulate.grad-is-not-the-passed-cotangent")
def test_changing_the_cotangent_of_a_view_later_leaves_grad_alone(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([[0.5, -3.0]])
    x.unsqueeze(0).backward(v)
    v.fill_(99.0)
    assert_values(x.grad, [0.5, -3.0])


@clause("accumulate.grad-is-not-the-passed-cotangent")
def test_changing_grad_later_leaves_the_passed_cotangent_alone(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([0.5, -3.0])
    x.backward(v)
    x.grad.zero_()
    assert_values(v, [0.5, -3.0])


@clause("accumulate.grad-is-not-the-passed-cotangent")
def test_two_leaves_of_one_sum_do_not_share_a_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor([3.0, 4.0], requires_grad=True)
    (x + y).backward(torch.tensor([0.5, -3.0]))
    x.grad.zero_()
    assert_values(y.grad, [0.5, -3.0])


@clause("accumulate.grad-variables-argument-warns")
def test_grad_variables_warns_and_acts_as_grad_tensors(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warns("accumulate.grad-variables-argument-warns"):
        torch.autograd.backward([x * x], grad_variables=[torch.tensor([1.0, -2.0])])
    assert_values(x.grad, [2.0, -8.0])


@pytest.mark.filterwarnings("ignore:.*grad_variables.* is deprecated:FutureWarning")
@clause("accumulate.both-cotangent-arguments-raises")
def test_grad_tensors_and_grad_variables_together_raise(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = [torch.ones(2)]
    with raises("accumulate.both-cotangent-arguments-raises"):
        torch.autograd.backward([x * x], grad_tensors=v, grad_variables=v)
    assert x.grad is None


@clause("accumulate.repeated-passes-add-plainly")
@pytest.mark.parametrize("passes", [1, 2, 7])
def test_n_identical_passes_give_n_times_the_gradient(torch, passes):
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    for _ in range(passes):
        (x * x).backward(torch.tensor([0.5, 4.0]))
    assert_same(x.grad, torch.tensor([1.0 * passes, -16.0 * passes]))


@clause("accumulate.grad-is-not-the-passed-cotangent")
def test_gradient_of_a_sum_has_a_memory_cell_for_each_element(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x.sum().backward()
    x.grad[0] = 7.0
    assert_values(x.grad, [7.0, 1.0, 1.0])


@clause("accumulate.setting-grad-none-resets")
def test_grads_of_two_passes_are_two_tensors(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    ct = torch.tensor([1.0, 0.5])
    y.backward(ct, retain_graph=True)
    first, x.grad = x.grad, None
    y.backward(ct)
    first.zero_()
    assert_values(x.grad, [1.0, 0.5])
    assert_values(ct, [1.0, 0.5])
