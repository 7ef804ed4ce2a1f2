"""Custom autograd.Function: how it joins the graph, and what its backward must return."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("function.static-forward-and-backward-join-graph")
def test_custom_exponential_saves_its_result(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result = x.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, ct):
            (result,) = ctx.saved_tensors
            return ct * result

    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = Exp.apply(x * 2)
    assert y.grad_fn.name() == "ExpBackward"
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [1.0, 7.3890561])
    assert_values(x.grad, [2.0, 7.3890561])


@clause("function.forward-runs-without-recording")
def test_forward_runs_without_recording(torch):
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            seen.append((x.requires_grad, y.requires_grad, torch.is_grad_enabled()))
            return y

        @staticmethod
        def backward(ctx, ct):
            return ct * 2

    y = Double.apply(torch.tensor([1.0, 2.0], requires_grad=True))
    assert seen == [(True, False, False)]
    assert y.requires_grad


@clause("function.setup-context-equals-combined-forward")
def test_separate_setup_context_equals_the_combined_form(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.factor = inputs
            ctx.save_for_backward(x, output)

        @staticmethod
        def backward(ctx, ct):
            x, output = ctx.saved_tensors
            assert output.tolist() == [3.0, 12.0]
            return ct * 2 * x * ctx.factor, None

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Scale.apply(x, 3.0)
    y.backward(torch.tensor([1.0, 0.5]))
    assert y.grad_fn.name() == "ScaleBackward"
    assert_values(x.grad, [6.0, 6.0])


@clause("function.vjp-replaces-backward-but-both-raises")
def test_vjp_may_stand_for_backward(torch):
    class Triple(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def vjp(ctx, ct):
            return ct * 3

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Triple.apply(x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [3.0, 1.5])


@clause("function.vjp-replaces-backward-but-both-raises")
def test_vjp_and_backward_together_raise(torch):
    class Triple(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, ct):
            return ct * 3

        vjp = backward

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Triple.apply(x)
    with raises("function.vjp-replaces-backward-but-both-raises"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("function.missing-forward-or-backward-raises")
def test_function_without_forward_cannot_be_applied(torch):
    class Nothing(torch.autograd.Function):
        @staticmethod
        def backward(ctx, ct):
            return ct

    with raises("function.missing-forward-or-backward-raises", index=0):
        Nothing.apply(torch.tensor(1.0, requires_grad=True))


@clause("function.missing-forward-or-backward-raises")
def test_function_without_backward_raises_in_the_backward_pass(torch):
    class OneWay(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

    x = torch.tensor(1.0, requires_grad=True)
    y = OneWay.apply(x)
    assert y.requires_grad
    with raises("function.missing-forward-or-backward-raises", index=1):
        y.backward()
    assert x.grad is None


@clause("function.wrong-number-of-gradients-raises")
@pytest.mark.parametrize("count", [1, 3])
def test_backward_must_return_one_gradient_for_each_argument(torch, count):
    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, ct):
            return (ct,) * count

    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    y = Sum.apply(a, b)
    with raises("function.wrong-number-of-gradients-raises"):
        y.backward()
    assert (a.grad, b.grad) == (None, None)


@clause("function.wrong-number-of-gradients-raises")
def test_extra_gradients_that_are_none_are_fine(torch):
    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, ct):
            return ct, ct * 2, None, None

    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    Sum.apply(a, b).backward()
    assert_values(a.grad, 1.0)
    assert_values(b.grad, 2.0)


@clause("function.gradient-for-non-tensor-raises")
def test_number_argument_must_get_none(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            return x * factor

        @staticmethod
        def backward(ctx, ct):
            return ct * 3, ct

    x = torch.tensor(1.0, requires_grad=True)
    with raises("function.gradient-for-non-tensor-raises"):
        Scale.apply(x, 3.0).backward()


@clause("function.gradient-of-wrong-shape-raises")
def test_gradient_of_an_unrelated_shape_raises(torch):
    class Odd(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        def backward(ctx, ct):
            return torch.ones(5)

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("function.gradient-of-wrong-shape-raises"):
        Odd.apply(x).backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("function.broadcast-gradient-is-summed-to-input")
def test_broadcast_gradient_is_summed_to_the_input(torch):
    class Wide(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + torch.zeros(3, 2)

        @staticmethod
        def backward(ctx, ct):
            return ct

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Wide.apply(x).backward(torch.tensor([[1.0, 10.0], [2.0, 20.0], [0.5, -1.0]]))
    assert_values(x.grad, [3.5, 29.0])


@clause("function.none-gradient-leaves-grad-none")
def test_none_for_a_tracked_tensor_leaves_its_grad_none(torch):
    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, ct):
            return ct * 2, None

    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    First.apply(a, b).backward()
    assert_values(a.grad, 2.0)
    assert b.grad is None


@clause("function.needs-input-grad-one-flag-per-argument")
def test_needs_input_grad_has_one_flag_for_each_argument(torch):
    seen = []

    class Mix(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, number, c):
            return a * b * number * c

        @staticmethod
        def backward(ctx, ct):
            seen.append(ctx.needs_input_grad)
            return ct, None, None, ct

    a, c = torch.tensor(1.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
    Mix.apply(a, torch.tensor(2.0), 3, c).backward()
    assert seen == [(True, False, False, True)]


@clause("function.save-for-backward-of-non-tensor-raises")
def test_save_for_backward_refuses_a_number(torch):
    class Save(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 2)
            return x * 2

    with raises("function.save-for-backward-of-non-tensor-raises"):
        Save.apply(torch.tensor(1.0, requires_grad=True))


@clause("function.save-for-backward-of-non-tensor-raises")
def test_save_for_backward_accepts_none(torch):
    seen = []

    class Save(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(None, x, None)
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            seen.extend(t if t is None else t.item() for t in ctx.saved_tensors)
            return ct * 2

    Save.apply(torch.tensor(7.0, requires_grad=True)).backward()
    assert seen == [None, 7.0, None]


@clause("function.none-gradient-leaves-grad-none")
def test_zero_for_a_tracked_tensor_gives_a_zero_grad(torch):
    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, ct):
            return ct * 2, torch.zeros(())

    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    First.apply(a, b).backward()
    assert_same(b.grad, torch.tensor(0.0))


@clause("function.non-tensor-output-passes-through")
def test_non_tensor_outputs_pass_through(torch):
    seen = []

    class Mixed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return "name", x * 3, 7, None

        @staticmethod
        def backward(ctx, *cts):
            seen.append([ct if ct is None else ct.tolist() for ct in cts])
            return cts[1] * 3

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    name, y, number, nothing = Mixed.apply(x)
    assert (name, number, nothing) == ("name", 7, None)
    y.backward(torch.tensor([1.0, 0.5]))
    assert seen == [[None, [1.0, 0.5], None, None]]
    assert_values(x.grad, [3.0, 1.5])


@clause("function.returned-input-becomes-new-object")
def test_returned_input_is_a_new_object_with_the_functions_node(torch):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, ct):
            return ct * 10

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Same.apply(x)
    assert y is not x
    assert (y.grad_fn.name(), y.is_leaf, x.is_leaf) == ("SameBackward", False, True)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [10.0, 5.0])


@clause("function.tensors-in-containers-are-untracked")
def test_tensor_inside_a_list_is_not_tracked(torch):
    class Total(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, others):
            return x + others[0]

        @staticmethod
        def backward(ctx, ct):
            return ct * 3, None

    x, hidden = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    Total.apply(x, [hidden]).backward()
    assert_values(x.grad, 3.0)
    assert hidden.grad is None
    assert not Total.apply(torch.tensor(1.0), [hidden]).requires_grad


@pytest.mark.filterwarnings("ignore:.* should not be instantiated:DeprecationWarning")
@clause("function.legacy-instance-call-raises")
def test_legacy_instance_cannot_be_called(torch):
    class Legacy(torch.autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, ct):
            return ct * 2

    instance = Legacy()
    with raises("function.legacy-instance-call-raises", index=1):
        instance(torch.tensor(1.0, requires_grad=True))


@clause("function.legacy-instance-call-raises")
def test_making_an_instance_warns(torch):
    class Double(torch.autograd.Function):
        pass

    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        Double()


@clause("function.no-tracked-input-gives-untracked-output")
def test_output_is_untracked_without_a_tracked_input_or_in_no_grad(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            return ct * 2

    with torch.no_grad():
        inside = Double.apply(torch.tensor(1.0, requires_grad=True))
    outside = Double.apply(torch.tensor(1.0))
    assert (inside.requires_grad, inside.grad_fn) == (False, None)
    assert (outside.requires_grad, outside.grad_fn) == (False, None)


@clause("function.exception-in-backward-propagates")
def test_exception_of_backward_reaches_the_caller(torch):
    error = ValueError("Some error in backward")

    class Fail(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            raise error

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Fail.apply(x * 1)
    with raises("function.exception-in-backward-propagates") as caught:
        y.backward(torch.tensor([1.0, 0.5]))
    assert caught.error is error
    assert x.grad is None


@clause("function.several-outputs-share-one-backward-call")
def test_several_outputs_share_one_backward_call(torch):
    seen = []

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, ct2, ct3):
            seen.append((ct2.tolist(), ct3.tolist()))
            return 2 * ct2 + 3 * ct3

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    double, triple = Both.apply(x)
    (double * 10 + triple).backward(torch.tensor([1.0, 0.5]))
    assert seen == [([10.0, 5.0], [1.0, 0.5])]
    assert_values(x.grad, [23.0, 11.5])
