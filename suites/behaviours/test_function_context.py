"""Custom autograd.Function, second part: what ctx can do, higher order, and how long saved tensors live."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


def square_function(torch, **attributes):
    """x * x with a backward that reads its saved input."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, ct):
            return 2 * ctx.saved_tensors[0] * ct

    for name, value in attributes.items():
        setattr(Square, name, value)
    return Square


@clause("function.write-to-saved-tensor-raises")
def test_write_to_a_saved_input_makes_backward_raise(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = square_function(torch).apply(y)
    y.add_(0)
    with raises("function.write-to-saved-tensor-raises"):
        z.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("function.write-to-saved-tensor-raises")
def test_write_to_the_unsaved_output_is_harmless(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    z = square_function(torch).apply(x * 1)
    z.mul_(10)
    z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [20.0, 20.0])


@clause("function.reading-freed-saved-tensors-raises")
def test_second_backward_that_reads_saved_tensors_raises(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = square_function(torch).apply(x)
    y.backward(torch.tensor([1.0, 0.5]))
    with raises("function.reading-freed-saved-tensors-raises"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("function.reading-freed-saved-tensors-raises")
def test_second_backward_that_never_reads_them_does_not(torch):
    ignore_saved = staticmethod(lambda ctx, ct: ct * 3)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = square_function(torch, backward=ignore_saved).apply(x)
    y.backward(torch.tensor([1.0, 0.5]))
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [6.0, 3.0])


class InPlace:
    """The two halves of an in-place doubling, for a Function to inherit."""

    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, ct):
        return ct * 2


@clause("function.mark-dirty-returns-same-object")
def test_dirty_input_is_returned_as_the_output(torch):
    class DoubleInPlace(InPlace, torch.autograd.Function):
        pass

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = DoubleInPlace.apply(y)
    assert z is y
    assert y.grad_fn.name() == "DoubleInPlaceBackward"
    assert y._version > 0
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [2.0, 4.0])
    assert_values(x.grad, [2.0, 1.0])


@clause("function.mark-dirty-misuse-raises")
def test_dirty_input_must_be_returned(torch):
    class Forget(InPlace, torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x.mul_(2))
            return x + 1

    y = torch.tensor([1.0, 2.0], requires_grad=True) * 1
    with raises("function.mark-dirty-misuse-raises", index=0):
        Forget.apply(y)


@clause("function.mark-dirty-misuse-raises")
def test_leaf_that_requires_grad_may_not_be_dirty(torch):
    class DoubleInPlace(InPlace, torch.autograd.Function):
        pass

    with raises("function.mark-dirty-misuse-raises", index=1):
        DoubleInPlace.apply(torch.tensor([1.0, 2.0], requires_grad=True))


@clause("function.mark-dirty-overwriting-saved-value-raises")
def test_dirty_write_to_a_saved_value_is_noticed(torch):
    class DoubleInPlace(InPlace, torch.autograd.Function):
        pass

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a = x * 1
    b = a * a
    DoubleInPlace.apply(a)
    with raises("function.mark-dirty-overwriting-saved-value-raises"):
        b.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("function.marked-non-differentiable-output-is-untracked")
def test_marked_output_is_untracked_and_counts_as_zero(torch):
    seen = []

    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            a, b = x * 2, x * 3
            ctx.mark_non_differentiable(b)
            return a, b

        @staticmethod
        def backward(ctx, ct_a, ct_b):
            seen.append(ct_b.tolist())
            return ct_a * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a, b = Pair.apply(x)
    assert (a.requires_grad, b.requires_grad) == (True, False)
    (a * b).backward(torch.tensor([1.0, 0.5]))
    assert seen == [[0.0, 0.0]]
    assert_values(x.grad, [6.0, 6.0])


@clause("function.integer-output-is-untracked")
def test_integer_output_is_untracked(torch):
    class WithIndex(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, torch.tensor([1, 0])

        @staticmethod
        def backward(ctx, ct, _):
            return ct * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y, index = WithIndex.apply(x)
    assert (y.requires_grad, index.requires_grad, index.grad_fn) == (True, False, None)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 1.0])


@clause("function.unused-output-cotangent-defaults-to-zeros")
@pytest.mark.parametrize("materialize", [True, False])
def test_cotangent_of_an_unused_output_is_zeros_or_none(torch, materialize):
    seen = []

    class Pair(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            if not materialize:
                ctx.set_materialize_grads(False)
            return x * 2, x.reshape(2, 1) * 3

        @staticmethod
        def backward(ctx, ct_a, ct_b):
            seen.append(ct_b)
            return ct_a * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Pair.apply(x)[0].backward(torch.tensor([1.0, 0.5]))
    if materialize:
        assert_same(seen[0], torch.zeros(2, 1))
    else:
        assert seen == [None]


@clause("function.second-derivative-of-once-differentiable-raises")
def test_once_differentiable_backward_cannot_be_differentiated(torch):
    once = torch.autograd.function.once_differentiable
    backward = staticmethod(once(lambda ctx, ct: 2 * ctx.saved_tensors[0] * ct))
    x = torch.tensor(3.0, requires_grad=True)
    y = square_function(torch, backward=backward).apply(x)
    (first,) = torch.autograd.grad(y * y, x, create_graph=True)
    assert_values(first, 108.0)
    with raises("function.second-derivative-of-once-differentiable-raises"):
        first.backward()


@clause("function.differentiable-backward-gives-higher-order")
def test_backward_of_differentiable_operations_gives_higher_order(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = square_function(torch).apply(x * 3)
    (first,) = torch.autograd.grad(y, x, torch.tensor([1.0, 0.5]), create_graph=True)
    (second,) = torch.autograd.grad(first, x, torch.tensor([1.0, 10.0]))
    assert_values(first, [18.0, 18.0])
    assert_values(second, [18.0, 90.0])


@clause("function.differentiable-backward-gives-higher-order")
def test_saved_result_carries_history_into_higher_orders(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            result = x.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, ct):
            return ct * ctx.saved_tensors[0]

    x = torch.tensor(0.0, requires_grad=True)
    derivative, values = Exp.apply(2 * x), []
    for _ in range(3):
        (derivative,) = torch.autograd.grad(derivative, x, create_graph=True)
        values.append(derivative.item())
    assert values == [2.0, 4.0, 8.0]


@clause("function.tensor-as-ctx-attribute-loses-gradient")
def test_intermediate_kept_on_ctx_has_no_history(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.dx = 3 * x**2
            return x**3

        @staticmethod
        def backward(ctx, ct):
            return ctx.dx * ct

    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    assert_values(first, 12.0)
    assert not first.requires_grad


@clause("function.clear-on-access-second-read-raises")
def test_saved_tensors_cleared_on_access_can_be_read_once(torch):
    def read_twice(ctx, ct):
        first = ctx.saved_tensors[0]
        return ct * first * ctx.saved_tensors[0]

    attributes = {"clear_saved_tensors_on_access": True, "backward": staticmethod(read_twice)}
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = square_function(torch, **attributes).apply(x)
    with raises("function.clear-on-access-second-read-raises"):
        y.backward(torch.tensor([1.0, 0.5]))


@clause("function.clear-on-access-second-read-raises")
def test_one_read_of_saved_tensors_cleared_on_access_works(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = square_function(torch, clear_saved_tensors_on_access=True).apply(x)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("function.boxed-call-passes-cotangents-as-list")
def test_boxed_backward_gets_one_list_of_cotangents(torch):
    seen = []

    class Pair(torch.autograd.Function):
        boxed_grads_call = True

        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, cts):
            seen.append(type(cts))
            first = cts.pop(0)
            return first * 2 + cts.pop() * 3

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a, b = Pair.apply(x)
    (a + b * 10).backward(torch.tensor([1.0, 0.5]))
    assert seen == [list]
    assert_values(x.grad, [32.0, 16.0])


@clause("function.defaults-are-filled-before-setup-context")
def test_setup_context_sees_default_arguments(torch):
    seen = []

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor=3.0, name="scale"):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            seen.append(inputs[1:])
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, ct):
            return ct * ctx.factor, None, None

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Scale.apply(x).backward(torch.tensor([1.0, 0.5]))
    assert seen == [(3.0, "scale")]
    assert_values(x.grad, [3.0, 1.5])
