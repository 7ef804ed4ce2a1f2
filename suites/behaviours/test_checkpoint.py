"""Activation checkpointing: recomputation in backward, in its two variants."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause

BOTH_VARIANTS = pytest.mark.parametrize(
    "use_reentrant", [True, False], ids=["reentrant", "non-reentrant"]
)


@clause("checkpoint.recomputes-with-same-gradients")
@BOTH_VARIANTS
def test_checkpoint_recomputes_and_gives_the_same_gradient(torch, use_reentrant):
    calls = []

    def fn(x):
        calls.append(torch.is_grad_enabled())
        return (x * x).sin()

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(fn, x, use_reentrant=use_reentrant)
    assert len(calls) == 1
    y.backward(torch.tensor([1.0, 0.5]))
    assert len(calls) == 2
    assert_values(y, [0.84147098, -0.75680250])
    assert_values(x.grad, [1.0806046, -1.3072872])


@clause("checkpoint.missing-use-reentrant-warns")
def test_missing_use_reentrant_warns_and_is_reentrant(torch):
    calls = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warns("checkpoint.missing-use-reentrant-warns"):
        y = torch.utils.checkpoint.checkpoint(
            lambda x: calls.append(torch.is_grad_enabled()) or x * x, x
        )
    # The reentrant variant runs forward without recording.
    assert calls == [False]
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("checkpoint.reentrant-with-autograd-grad-raises")
def test_reentrant_variant_supports_backward_only(torch):
    checkpoint = torch.utils.checkpoint.checkpoint
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    ct = torch.tensor([1.0, 0.5])
    y = checkpoint(torch.square, x, use_reentrant=True)
    with raises("checkpoint.reentrant-with-autograd-grad-raises"):
        torch.autograd.grad(y, x, ct)
    y = checkpoint(torch.square, x, use_reentrant=True)
    with raises("checkpoint.reentrant-with-autograd-grad-raises"):
        y.backward(ct, inputs=[x])
    assert x.grad is None


@clause("checkpoint.reentrant-with-autograd-grad-raises")
def test_non_reentrant_variant_supports_both(torch):
    checkpoint = torch.utils.checkpoint.checkpoint
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    ct = torch.tensor([1.0, 0.5])
    (grad,) = torch.autograd.grad(checkpoint(torch.square, x, use_reentrant=False), x, ct)
    checkpoint(torch.square, x, use_reentrant=False).backward(ct, inputs=[x])
    assert_values(grad, [2.0, 2.0])
    assert_values(x.grad, [2.0, 2.0])


@clause("checkpoint.reentrant-without-tracked-input-warns")
def test_reentrant_variant_needs_a_tracked_input(torch):
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    with warns("checkpoint.reentrant-without-tracked-input-warns"):
        y = torch.utils.checkpoint.checkpoint(
            lambda x: x * weight, torch.tensor([1.0, 2.0]), use_reentrant=True
        )
    assert not y.requires_grad


@clause("checkpoint.reentrant-without-tracked-input-warns")
def test_non_reentrant_variant_tracks_a_captured_parameter(torch):
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(
        lambda x: x * weight, torch.tensor([1.0, 2.0]), use_reentrant=False
    )
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(weight.grad, [1.0, 1.0])


@clause("checkpoint.only-non-reentrant-tracks-nested-inputs")
def test_non_reentrant_variant_tracks_nested_inputs(torch):
    hidden = torch.tensor([3.0, 4.0], requires_grad=True)
    nested = {"deep": [hidden]}
    y = torch.utils.checkpoint.checkpoint(
        lambda rest: rest["deep"][0] ** 2, nested, use_reentrant=False
    )
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(hidden.grad, [6.0, 4.0])


@clause("checkpoint.only-non-reentrant-tracks-nested-inputs")
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True")
def test_reentrant_variant_does_not_track_nested_inputs(torch):
    nested = {"deep": [torch.tensor([3.0, 4.0], requires_grad=True)]}
    y = torch.utils.checkpoint.checkpoint(
        lambda rest: rest["deep"][0] ** 2, nested, use_reentrant=True
    )
    assert (y.requires_grad, y.grad_fn) == (False, None)
    assert_values(y, [9.0, 16.0])


@clause("checkpoint.reentrant-with-detached-output-raises")
def test_reentrant_variant_refuses_a_detached_output(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(lambda x: (x * x).detach(), x, use_reentrant=True)
    with raises("checkpoint.reentrant-with-detached-output-raises"):
        y.backward(torch.tensor([1.0, 0.5]))


@clause("checkpoint.reentrant-with-keyword-arguments-raises")
def test_keyword_arguments_reach_the_function_of_the_non_reentrant_variant(torch):
    checkpoint = torch.utils.checkpoint.checkpoint
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = checkpoint(lambda x, k: x * x * k, x, use_reentrant=False, k=3.0)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [6.0, 6.0])
    with raises("checkpoint.reentrant-with-keyword-arguments-raises", index=0):
        checkpoint(lambda x, k: x * k, x, use_reentrant=True, k=3.0)


@clause("checkpoint.reentrant-with-keyword-arguments-raises")
def test_debug_is_refused_by_the_reentrant_variant(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("checkpoint.reentrant-with-keyword-arguments-raises", index=1):
        torch.utils.checkpoint.checkpoint(torch.square, x, use_reentrant=True, debug=True)


@clause("checkpoint.saving-fewer-tensors-on-recompute-raises")
def test_recomputation_must_save_as_many_tensors(torch):
    calls = []

    def fn(x):
        calls.append(None)
        return x.sin().exp() if len(calls) == 1 else x.sin()

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(fn, x, use_reentrant=False)
    with raises("checkpoint.saving-fewer-tensors-on-recompute-raises"):
        y.backward(torch.tensor([1.0, 0.5]))


def growing_function():
    """Saves a tensor of two elements at its first call and of three at its second."""
    sizes = iter((2, 3))
    return lambda x: x.expand(next(sizes)).sin().sum()


@clause("checkpoint.recomputed-metadata-mismatch-raises")
def test_recomputed_tensors_must_have_the_same_shape(torch):
    x = torch.tensor([0.5], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(growing_function(), x, use_reentrant=False)
    with raises("checkpoint.recomputed-metadata-mismatch-raises"):
        y.backward()
    assert x.grad is None


@clause("checkpoint.recomputed-metadata-mismatch-raises")
def test_determinism_check_can_be_turned_off(torch):
    values = iter((1.0, 2.0))
    x = torch.tensor([0.5], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(
        lambda x: (x * x.new_full((1,), next(values)).double()).sum(),
        x,
        use_reentrant=False,
        determinism_check="none",
    )
    y.backward()
    assert_values(x.grad, [2.0])


@clause("checkpoint.recomputation-reuses-random-state")
@BOTH_VARIANTS
def test_recomputation_draws_the_same_mask(torch, use_reentrant):
    torch.manual_seed(0)
    x = torch.arange(1.0, 65.0).requires_grad_()
    dropout = lambda x: torch.nn.functional.dropout(x, p=0.5)  # noqa: E731
    y = torch.utils.checkpoint.checkpoint(dropout, x, use_reentrant=use_reentrant)
    y.backward(torch.ones(64))
    assert 0 < (y == 0).sum().item() < 64
    assert_values(x.grad, (y / x).detach())


@clause("checkpoint.unpreserved-random-state-changes-mask")
def test_unpreserved_random_state_draws_another_mask(torch):
    torch.manual_seed(0)
    x = torch.arange(1.0, 65.0).requires_grad_()
    y = torch.utils.checkpoint.checkpoint(
        lambda x: torch.nn.functional.dropout(x, p=0.5),
        x,
        use_reentrant=False,
        preserve_rng_state=False,
    )
    y.backward(torch.ones(64))
    assert sorted(set(x.grad.tolist())) == [0.0, 2.0]
    assert ((x.grad == 0) != (y == 0)).any()


@clause("checkpoint.non-reentrant-supports-double-backward")
def test_second_derivative_through_a_checkpoint(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint(lambda x: x * x * x, x, use_reentrant=False)
    (first,) = torch.autograd.grad(y, x, torch.tensor([1.0, 0.5]), create_graph=True)
    (second,) = torch.autograd.grad(first, x, torch.tensor([1.0, 10.0]))
    assert_values(first, [3.0, 6.0])
    assert_values(second, [6.0, 60.0])


@clause("checkpoint.sequential-gives-same-gradients")
def test_checkpointed_sequence_gives_the_same_gradients(torch):
    functions = [torch.square, torch.sin, lambda x: x * 3, torch.exp]
    x = torch.tensor([0.5, -1.0], requires_grad=True)
    same = torch.tensor([0.5, -1.0], requires_grad=True)
    y = torch.utils.checkpoint.checkpoint_sequential(functions, 2, x, use_reentrant=False)
    z = torch.exp(torch.sin(torch.square(same)) * 3)
    y.backward(torch.tensor([1.0, 0.5]))
    z.backward(torch.tensor([1.0, 0.5]))
    assert_same(y.detach(), z.detach())
    assert_same(x.grad, same.grad)


@clause("checkpoint.sequential-gives-same-gradients")
def test_checkpointed_sequence_warns_without_use_reentrant(torch):
    x = torch.tensor([0.5, -1.0], requires_grad=True)
    with warns("checkpoint.sequential-gives-same-gradients"):
        torch.utils.checkpoint.checkpoint_sequential([torch.square, torch.sin], 2, x)


@clause("checkpoint.early-stop-can-be-disabled")
@pytest.mark.parametrize(("early_stop", "wanted"), [(True, 1), (False, 2)])
def test_recomputation_stops_once_all_saved_tensors_exist(torch, early_stop, wanted):
    reached = []

    def fn(x):
        y = x.sin()
        z = y + 1
        reached.append(None)
        return z

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.utils.checkpoint.set_checkpoint_early_stop(early_stop):
        y = torch.utils.checkpoint.checkpoint(fn, x, use_reentrant=False)
    y.backward(torch.tensor([1.0, 0.5]))
    assert len(reached) == wanted
    assert_values(x.grad, [0.54030231, -0.20807342])


@clause("checkpoint.selective-policy-of-wrong-type-raises")
def test_selective_policy_must_be_a_list_of_overloads_or_a_function(torch):
    make = torch.utils.checkpoint.create_selective_checkpoint_contexts
    with raises("checkpoint.selective-policy-of-wrong-type-raises", index=0):
        make([torch.ops.aten.mm])
    with raises("checkpoint.selective-policy-of-wrong-type-raises", index=1):
        make("mm")


@clause("checkpoint.selective-policy-of-wrong-type-raises")
def test_selective_checkpoint_leaves_the_gradient_unchanged(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    make = torch.utils.checkpoint.create_selective_checkpoint_contexts
    y = torch.utils.checkpoint.checkpoint(
        lambda x: torch.sin(x @ x),
        x,
        use_reentrant=False,
        context_fn=lambda: make([torch.ops.aten.mm.default]),
    )
    same = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    ct = torch.tensor([[1.0, 0.5], [-2.0, 3.0]])
    y.backward(ct)
    torch.sin(same @ same).backward(ct)
    assert_same(x.grad, same.grad)


@clause("checkpoint.no-grad-just-runs-function")
@BOTH_VARIANTS
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True")
def test_checkpoint_in_no_grad_just_runs_the_function(torch, use_reentrant):
    calls = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        y = torch.utils.checkpoint.checkpoint(
            lambda x: calls.append(None) or x * x, x, use_reentrant=use_reentrant
        )
    assert (y.requires_grad, len(calls)) == (False, 1)
    assert_same(y, torch.tensor([1.0, 4.0]))
