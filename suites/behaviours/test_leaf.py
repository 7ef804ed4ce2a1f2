"""Leaves and requires_grad: where the flag comes from, who may change it, and what makes a leaf."""

import copy

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause


@clause("leaf.requires-grad-defaults-to-false")
@pytest.mark.parametrize("factory", ["zeros", "ones", "rand", "randn", "empty", "eye"])
def test_factories_make_untracked_tensors(torch, factory):
    x = getattr(torch, factory)(2)
    assert (x.requires_grad, x.is_leaf, x.grad_fn, x.grad) == (False, True, None, None)


@clause("leaf.requires-grad-defaults-to-false")
def test_data_and_flag_given_to_a_factory_are_kept(torch):
    assert not torch.tensor([1.0]).requires_grad
    assert not torch.ones_like(torch.ones(2, requires_grad=True)).requires_grad
    assert torch.zeros(2, requires_grad=True).requires_grad


@clause("leaf.result-requires-grad-if-input-does")
@pytest.mark.parametrize("flags", [(False, False), (True, False), (False, True), (True, True)])
def test_result_requires_grad_if_an_operand_does(torch, flags):
    a = torch.tensor([1.0, 2.0], requires_grad=flags[0])
    b = torch.tensor([3.0, 4.0], requires_grad=flags[1])
    for result in (a + b, a * b, torch.cat([a, b]), torch.stack([a, b]).sum()):
        assert result.requires_grad == any(flags)
        assert (result.grad_fn is not None) == any(flags)


@clause("leaf.requires-grad-method-sets-true-in-place")
def test_requires_grad_method_sets_true_and_returns_itself(torch):
    x = torch.tensor([1.0, 2.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("leaf.requires-grad-method-sets-true-in-place")
def test_requires_grad_method_may_clear_the_flag_of_a_leaf(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert x.requires_grad_(False) is x
    assert not x.requires_grad
    assert not (x * 2).requires_grad


@clause("leaf.clearing-flag-on-non-leaf-raises")
def test_clearing_the_flag_of_a_result_raises(torch):
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 2
    with raises("leaf.clearing-flag-on-non-leaf-raises"):
        y.requires_grad_(False)
    with raises("leaf.clearing-flag-on-non-leaf-raises"):
        y.requires_grad = False
    assert y.requires_grad


@clause("leaf.clearing-flag-on-non-leaf-raises")
def test_clearing_the_flag_of_a_leaf_is_fine(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    x.requires_grad = False
    assert (x.requires_grad, x.is_leaf) == (False, True)


@clause("leaf.setting-flag-on-non-leaf-is-noop")
def test_setting_the_flag_of_a_result_changes_nothing(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    node = y.grad_fn
    assert y.requires_grad_(True) is y
    assert (y.requires_grad, y.is_leaf) == (True, False)
    assert y.grad_fn is node
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])


@clause("leaf.setting-flag-on-non-leaf-is-noop")
def test_assigning_the_flag_of_a_result_raises_though_it_is_set(torch):
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 3
    with raises("leaf.setting-flag-on-non-leaf-is-noop"):
        y.requires_grad = True
    assert (y.requires_grad, y.is_leaf) == (True, False)


@clause("leaf.integer-or-bool-requiring-grad-raises")
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_integers_and_booleans_cannot_require_grad(torch, dtype):
    x = torch.ones(2, dtype=getattr(torch, dtype))
    with raises("leaf.integer-or-bool-requiring-grad-raises"):
        x.requires_grad_()
    with raises("leaf.integer-or-bool-requiring-grad-raises"):
        x.requires_grad = True
    with raises("leaf.integer-or-bool-requiring-grad-raises"):
        torch.tensor([1, 0], dtype=getattr(torch, dtype), requires_grad=True)
    assert not x.requires_grad


@clause("leaf.integer-or-bool-requiring-grad-raises")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_every_float_can_require_grad(torch, dtype):
    x = torch.ones(2, dtype=getattr(torch, dtype))
    assert x.requires_grad_().requires_grad
    assert torch.tensor(1.0, dtype=getattr(torch, dtype), requires_grad=True).requires_grad


@clause("leaf.complex-can-require-grad")
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_tensors_can_require_grad(torch, dtype):
    z = torch.tensor([1.0 + 2.0j], dtype=getattr(torch, dtype), requires_grad=True)
    assert torch.zeros(2, dtype=getattr(torch, dtype)).requires_grad_().requires_grad
    (z * z.conj()).real.backward(torch.tensor([1.0], dtype=z.real.dtype))
    assert_values(z.grad, [2.0 + 4.0j])


@clause("leaf.untracked-tensors-are-leaves")
def test_untracked_results_are_leaves(torch):
    x = torch.tensor([1.0, 2.0])
    y = (x * 2).exp().sum()
    assert (y.is_leaf, y.grad_fn) == (True, None)
    tracked = torch.tensor([1.0, 2.0], requires_grad=True)
    assert tracked.detach().is_leaf
    assert (tracked > 1).is_leaf
    with torch.no_grad():
        assert (tracked * 2).is_leaf


@clause("leaf.user-tensor-is-leaf-result-is-not")
def test_user_tensor_is_a_leaf_and_its_results_are_not(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x + 0
    assert (x.is_leaf, x.grad_fn) == (True, None)
    assert (y.is_leaf, y.grad_fn.name()) == (False, "AddBackward0")


@clause("leaf.late-requires-grad-starts-new-leaf")
def test_flag_set_after_a_computation_starts_a_leaf_there(torch):
    a = torch.tensor([[0.5, 3.0]])
    a = (a * 3) / (a - 1)
    assert not a.requires_grad
    a.requires_grad_(True)
    assert (a.is_leaf, a.grad_fn) == (True, None)
    (a * a).backward(torch.tensor([[1.0, 2.0]]))
    assert_values(a.grad, [[-6.0, 18.0]])


@clause("leaf.conversion-of-leaf-is-non-leaf")
def test_converted_leaf_is_no_leaf(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    y = x.to(torch.float64)
    assert (y.is_leaf, y.requires_grad, y.dtype) == (False, True, torch.float64)
    assert y.grad_fn.name() == "ToCopyBackward0"


@clause("leaf.conversion-of-leaf-is-non-leaf")
def test_conversion_that_changes_nothing_gives_the_leaf_itself(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    assert x.to(torch.float32) is x
    assert x.float() is x


@clause("leaf.rebinding-an-update-loses-the-leaf")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_rebound_update_is_no_leaf_and_gets_no_grad(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    leaf = x
    (x * x).backward(torch.tensor([1.0, 0.5]))
    x = x - 0.5 * x.grad
    assert (x.is_leaf, x.grad_fn.name()) == (False, "SubBackward0")
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None
    assert_values(leaf.grad, [2.0, 3.0])


@clause("leaf.no-grad-update-keeps-the-leaf")
@pytest.mark.parametrize("way", ["no_grad", "data"])
def test_update_outside_the_graph_keeps_the_leaf(torch, way):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    leaf = x
    (x * x).backward(torch.tensor([1.0, 0.5]))
    if way == "data":
        x.data -= 0.25 * x.grad
    else:
        with torch.no_grad():
            x -= 0.25 * x.grad
    assert x is leaf
    assert (x.is_leaf, x.requires_grad, x.grad_fn) == (True, True, None)
    assert_same(x, torch.tensor([0.5, 1.5]))


@clause("leaf.parameter-requires-grad-by-default")
def test_parameter_of_an_untracked_tensor_requires_grad(torch):
    data = torch.tensor([1.0, 2.0])
    parameter = torch.nn.Parameter(data)
    assert (parameter.requires_grad, parameter.is_leaf, parameter.grad_fn) == (True, True, None)
    assert not data.requires_grad
    with torch.no_grad():
        assert torch.nn.Parameter(data).requires_grad


@clause("leaf.parameter-requires-grad-by-default")
def test_parameter_may_be_told_not_to_require_grad(torch):
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0]), requires_grad=False)
    assert not parameter.requires_grad
    assert isinstance(parameter, torch.Tensor)


@clause("leaf.freezing-module-freezes-all-parameters")
def test_frozen_module_tracks_nothing(torch):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    assert model(torch.ones(4, 2)).requires_grad
    assert model.requires_grad_(False) is model
    out = model(torch.ones(4, 2))
    assert not out.requires_grad
    assert [p.requires_grad for p in model.parameters()] == [False] * 4
    x = torch.ones(4, 2, requires_grad=True)
    model(x).backward(torch.ones(4, 1))
    assert all(p.grad is None for p in model.parameters())
    assert x.grad is not None


@clause("leaf.freezing-one-leaf-spares-the-others")
def test_frozen_leaf_gets_none_and_the_other_the_same_gradient(torch):
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    ct = torch.tensor([1.0, 0.5])
    (a * b).backward(ct)
    free = a.grad.clone()
    a.grad = b.grad = None
    b.requires_grad_(False)
    (a * b).backward(ct)
    assert b.grad is None
    assert_same(a.grad, free)
    assert_values(free, [3.0, 2.0])


@clause("leaf.deprecated-variable-returns-plain-tensor")
def test_variable_gives_a_plain_tensor_on_the_same_memory(torch):
    data = torch.tensor([1.0, 2.0])
    x = torch.autograd.Variable(data, requires_grad=True)
    assert type(x) is torch.Tensor
    assert (x.requires_grad, x.is_leaf) == (True, True)
    data[0] = 5.0
    assert_same(x, torch.tensor([5.0, 2.0]))


@clause("leaf.deprecated-variable-returns-plain-tensor")
def test_variable_is_untracked_unless_asked(torch):
    assert not torch.autograd.Variable(torch.ones(2)).requires_grad


@clause("leaf.deepcopy-of-non-leaf-raises")
def test_deepcopy_of_a_result_raises(torch):
    y = torch.tensor([1.0, 2.0], requires_grad=True) * 2
    with raises("leaf.deepcopy-of-non-leaf-raises"):
        copy.deepcopy(y)


@clause("leaf.deepcopy-of-non-leaf-raises")
def test_deepcopy_of_a_leaf_is_an_independent_leaf(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = copy.deepcopy(x)
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (True, True, None)
    assert y.data_ptr() != x.data_ptr()
    assert_same(y, x)
    assert not copy.deepcopy(torch.ones(2)).requires_grad


@clause("leaf.deepcopy-of-non-leaf-raises")
def test_deepcopy_keeps_grads_and_identities(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(torch.tensor([1.0, 0.5]))
    first, second = copy.deepcopy([x, x])
    assert first is second
    assert_same(first.grad, torch.tensor([2.0, 2.0]))
    first.grad.zero_()
    assert_same(x.grad, torch.tensor([2.0, 2.0]))


@clause("leaf.numpy-of-tracked-tensor-raises")
def test_numpy_of_a_tracked_tensor_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("leaf.numpy-of-tracked-tensor-raises"):
        x.numpy()
    with raises("leaf.numpy-of-tracked-tensor-raises"):
        (x * 2).numpy()


@clause("leaf.numpy-of-tracked-tensor-raises")
def test_numpy_of_a_detached_tensor_shows_the_values(torch):
    x = torch.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    assert (x * 2).detach().numpy().tolist() == [2.0, 4.0]


@clause("leaf.copy-by-tensor-constructor-warns")
def test_copy_by_constructor_warns_and_starts_a_leaf(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warns("leaf.copy-by-tensor-constructor-warns"):
        y = torch.tensor(x * 2)
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (False, True, None)
    assert_same(y, torch.tensor([2.0, 4.0]))
    assert y.data_ptr() != x.data_ptr()


@clause("leaf.flags-along-chain-match-tutorials")
def test_flags_along_a_chain(torch):
    y = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    z = 2 * y + 1
    out = z.sum()
    assert [t.requires_grad for t in (y, z, out)] == [True, True, True]
    assert [t.is_leaf for t in (y, z, out)] == [True, False, False]
    assert y.grad_fn is None
    assert (z.grad_fn.name(), out.grad_fn.name()) == ("AddBackward0", "SumBackward0")


@clause("leaf.optimizer-rejects-non-leaf")
def test_optimizer_rejects_a_result(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("leaf.optimizer-rejects-non-leaf"):
        torch.optim.SGD([x * 2], lr=0.1)


@clause("leaf.optimizer-rejects-non-leaf")
def test_optimizer_steps_a_leaf_against_its_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.25)
    (x * x).backward(torch.tensor([1.0, 0.5]))
    optimizer.step()
    assert_values(x, [0.5, 1.5])
    assert x.is_leaf
