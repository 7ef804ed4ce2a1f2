"""Views and indexing: shared memory, shared history, and where gradients land."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause

CT = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


@clause("view.shares-storage-and-is-differentiable")
@pytest.mark.parametrize(
    "name", ["slice", "t", "view", "select", "unsqueeze", "permute", "diagonal", "narrow"]
)
def test_view_shares_memory_with_its_base(torch, name):
    base = torch.tensor(CT)
    view = {
        "slice": base[:2],
        "t": base.t(),
        "view": base.view(6),
        "select": base.select(0, 0),
        "unsqueeze": base.unsqueeze(1),
        "permute": base.permute(1, 0),
        "diagonal": base.diagonal(),
        "narrow": base.narrow(0, 0, 1),
    }[name]
    assert view._base is base
    base[0, 0] = 99.0
    assert view.flatten()[0].item() == 99.0
    view.zero_()
    assert base[0, 0].item() == 0.0


@clause("view.shares-storage-and-is-differentiable")
def test_transposed_view_passes_the_transposed_cotangent(torch):
    x = torch.tensor(CT, requires_grad=True)
    y = x.t()
    assert y.grad_fn.name() == "TBackward0"
    y.backward(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert_values(x.grad, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])


@clause("view.shares-storage-and-is-differentiable")
def test_reshaping_and_selecting_views_pass_gradients_through(torch):
    x = torch.tensor(CT, requires_grad=True)
    y = x.view(2, 3)
    assert y.grad_fn.name() == "ViewBackward0"
    row = y.select(0, 1)
    assert row.grad_fn.name() == "SelectBackward0"
    row.backward(torch.tensor([7.0, 8.0, 9.0]))
    assert_values(x.grad, [[0.0, 0.0], [0.0, 7.0], [8.0, 9.0]])


@clause("view.slice-gradient-is-zero-elsewhere")
def test_slice_gradient_lands_in_the_slice(torch):
    x = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0], requires_grad=True)
    x[1:4].backward(torch.tensor([10.0, 20.0, 30.0]))
    assert_same(x.grad, torch.tensor([0.0, 10.0, 20.0, 30.0, 0.0]))


@clause("view.slice-gradient-is-zero-elsewhere")
def test_strided_and_negative_slices_land_where_they_read(torch):
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], requires_grad=True)
    x[-1, ::3].backward(torch.tensor([10.0, 20.0]))
    assert_values(x.grad, [[0.0, 0.0, 0.0, 0.0], [10.0, 0.0, 0.0, 20.0]])


@clause("view.view-of-view-has-root-base")
def test_view_of_a_view_has_the_root_as_base(torch):
    base = torch.tensor(CT)
    view = base.t()[0][1:]
    assert view._base is base
    assert base._base is None
    assert (view._is_view(), base._is_view()) == (True, False)


@clause("view.view-of-view-has-root-base")
def test_clone_of_a_view_is_a_base(torch):
    assert torch.tensor(CT).t().clone()._base is None


@clause("view.column-slices-give-column-gradients")
def test_sines_of_two_columns_give_the_cosines(torch):
    xy = torch.tensor([[0.0, 0.5], [1.0, 2.0], [-1.0, 3.0]], requires_grad=True)
    z = torch.sin(xy[:, 0]) + torch.sin(xy[:, 1])
    z.backward(torch.ones(3))
    assert_values(
        xy.grad, [[1.0, 0.87758256], [0.54030231, -0.41614684], [0.54030231, -0.98999250]]
    )


@clause("view.column-slices-give-column-gradients")
def test_one_column_leaves_the_other_at_zero(torch):
    xy = torch.tensor([[0.0, 0.5], [1.0, 2.0]], requires_grad=True)
    (xy[:, 1] * 3).backward(torch.tensor([1.0, 10.0]))
    assert_values(xy.grad, [[0.0, 3.0], [0.0, 30.0]])


@clause("view.repeated-index-accumulates-per-occurrence")
def test_repeated_index_gets_one_contribution_per_occurrence(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[torch.tensor([0, 2, 0, 0])].backward(torch.tensor([1.0, 10.0, 100.0, 1000.0]))
    assert_values(x.grad, [1101.0, 0.0, 10.0])


@clause("view.repeated-index-accumulates-per-occurrence")
def test_mask_index_gets_one_contribution_per_hit(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[torch.tensor([True, False, True])].backward(torch.tensor([1.0, 10.0]))
    assert_values(x.grad, [1.0, 0.0, 10.0])


@clause("view.expand-sums-over-expanded-dims")
def test_expand_sums_the_cotangent_over_the_expanded_dims(torch):
    x = torch.tensor([[1.0], [2.0]], requires_grad=True)
    y = x.expand(2, 2, 3)
    ct = torch.arange(12.0).reshape(2, 2, 3)
    y.backward(ct)
    assert y.data_ptr() == x.data_ptr()
    assert_values(x.grad, [[24.0], [42.0]])


@clause("view.write-to-view-tracks-plain-base")
def test_tracked_write_to_a_view_tracks_its_base(torch):
    x = torch.tensor([5.0, 6.0], requires_grad=True)
    base = torch.tensor([1.0, 2.0, 3.0])
    view = base[1:]
    view.mul_(x)
    assert (base.requires_grad, base.is_leaf) == (True, False)
    base.backward(torch.tensor([100.0, 1.0, 0.5]))
    assert_values(base, [1.0, 10.0, 18.0])
    assert_values(x.grad, [2.0, 1.5])


@clause("view.write-to-view-tracks-plain-base")
def test_untracked_write_to_a_view_leaves_its_base_untracked(torch):
    base = torch.tensor([1.0, 2.0, 3.0])
    base[1:].mul_(2.0)
    assert (base.requires_grad, base.is_leaf, base.grad_fn) == (False, True, None)


@clause("view.outdated-view-gets-fresh-node")
def test_view_outdated_by_a_write_to_its_base_gets_a_fresh_node(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 1
    view = base[1:]
    assert view.grad_fn.name() == "SliceBackward0"
    old = view.grad_fn
    base.mul_(4)
    fresh = view.grad_fn
    assert fresh is not old
    assert fresh.name() in {"AsStridedBackward0", "SliceBackward0"}
    assert fresh.next_functions[0][0] is base.grad_fn


@clause("view.outdated-view-gets-fresh-node")
def test_view_keeps_its_node_while_nothing_is_written(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = x * 1
    view = base[1:]
    old = view.grad_fn
    base.mul(4)
    assert view.grad_fn is old


@clause("view.write-to-untracked-view-is-allowed")
def test_view_of_an_untracked_leaf_may_be_written(torch):
    base = torch.tensor([1.0, 2.0, 3.0])
    base[:1].add_(10)
    base.view(3, 1)[2].zero_()
    assert_same(base, torch.tensor([11.0, 2.0, 0.0]))
    assert base._version == 2


@clause("view.write-to-custom-function-view-raises")
def test_view_made_in_a_custom_function_cannot_be_written(torch):
    class FirstOf(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x[:1]

        @staticmethod
        def backward(ctx, ct):
            return torch.cat([ct, torch.zeros(1)])

    y = torch.tensor([1.0, 2.0], requires_grad=True) * 2
    first = FirstOf.apply(y)
    with raises("view.write-to-custom-function-view-raises"):
        first.add_(1)


@clause("view.write-to-custom-function-view-raises")
def test_copy_made_in_a_custom_function_may_be_written(torch):
    class FirstOf(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x[:1].clone()

        @staticmethod
        def backward(ctx, ct):
            return torch.cat([ct, torch.zeros(1)])

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    first = FirstOf.apply(x * 2)
    first.mul_(5)
    first.backward(torch.tensor([0.5]))
    assert_values(x.grad, [5.0, 0.0])
