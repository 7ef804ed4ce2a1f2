"""Saved tensors: what a node keeps, and hooks that pack it on the way in and unpack it on the way out."""

import threading

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("saved.saved-input-is-the-same-object")
def test_saved_input_is_the_input_itself(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.pow(2)
    assert y.grad_fn._saved_self is x
    assert y.grad_fn._saved_exponent == 2


@clause("saved.saved-result-is-another-object")
def test_saved_result_is_another_tensor_on_the_same_memory(torch):
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    y = x.exp()
    saved = y.grad_fn._saved_result
    assert saved is not y
    assert saved.data_ptr() == y.data_ptr()
    assert_same(saved.detach(), y.detach())
    assert saved.grad_fn is y.grad_fn


@clause("saved.pack-at-save-unpack-at-use")
def test_pack_runs_at_each_save_and_unpack_at_each_use(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed, unpacked = [], []
    pack = lambda t: packed.append(t) or len(packed) - 1  # noqa: E731
    unpack = lambda i: unpacked.append(i) or packed[i]  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x.sin() * torch.tensor([3.0, 4.0])
    assert (len(packed), unpacked) == (2, [])
    y.backward(torch.tensor([1.0, 0.5]), retain_graph=True)
    assert sorted(unpacked) == [0, 1]
    y.backward(torch.tensor([1.0, 0.5]))
    assert sorted(unpacked) == [0, 0, 1, 1]
    assert_values(x.grad, [3.2418138, -1.6645873])


@clause("saved.pack-at-save-unpack-at-use")
def test_operations_outside_the_context_are_not_packed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed = []
    y = x.sin()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        z = y + 1
    (z * z).backward(torch.tensor([1.0, 0.5]))
    assert packed == []


@clause("saved.pack-may-return-any-object")
def test_pack_may_return_a_tuple_of_an_array(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    pack = lambda t: ("packed", t.detach().cpu().numpy().copy())  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda p: torch.tensor(p[1])):
        y = x * x
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("saved.backward-uses-unpacked-values")
def test_backward_uses_what_unpack_returned(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t * 10):
        y = x * x
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [1.0, 4.0])
    assert_values(x.grad, [20.0, 20.0])


@clause("saved.only-innermost-hooks-apply")
def test_only_the_innermost_hooks_apply(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    hooks = torch.autograd.graph.saved_tensors_hooks
    seen = []
    with hooks(lambda t: seen.append("outer") or t, lambda t: t):
        with hooks(lambda t: seen.append("inner") or t.detach(), lambda t: t * 3):
            y = x.sin()
        assert seen == ["inner"]
        z = x.sin()
    assert seen == ["inner", "outer"]
    z.backward(torch.tensor([1.0, 0.5]))
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [-0.44969019, 0.27201172])


@clause("saved.pack-writing-its-input-raises")
def test_pack_may_not_write_to_its_input(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda t: t),
        raises("saved.pack-writing-its-input-raises"),
    ):
        y.sin()


@clause("saved.unpack-returning-non-tensor-raises")
def test_unpack_must_return_a_tensor(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 1.0):
        y = x.sin()
    with raises("saved.unpack-returning-non-tensor-raises"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert x.grad is None


@clause("saved.raw-saved-tensor-takes-own-hooks")
def test_hooks_on_one_saved_tensor_pack_at_once_and_unpack_at_each_access(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    other = torch.tensor([3.0, 4.0], requires_grad=True)
    y = x * other
    seen = []
    raw = y.grad_fn._raw_saved_self
    raw.register_hooks(
        lambda t: seen.append("pack") or t.detach(), lambda t: seen.append("unpack") or t * 10
    )
    assert seen == ["pack"]
    assert_values(y.grad_fn._saved_self, [10.0, 20.0])
    assert seen == ["pack", "unpack"]
    y.backward(torch.tensor([1.0, 0.5]))
    assert seen == ["pack", "unpack", "unpack"]
    assert_values(other.grad, [10.0, 10.0])
    assert_values(x.grad, [3.0, 2.0])


@clause("saved.raw-saved-tensor-takes-own-hooks")
def test_hooks_on_what_a_custom_function_saved(torch):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, ct):
            a, b = ctx.saved_tensors
            return ct * b, ct * a

    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    y = Product.apply(a, b)
    first, second = y.grad_fn._raw_saved_tensors
    second.register_hooks(lambda t: t.detach(), lambda t: t * 10)
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(a.grad, [30.0, 20.0])
    assert_values(b.grad, [1.0, 1.0])
    assert first is not second


@clause("saved.registering-hooks-twice-raises")
def test_one_saved_tensor_takes_hooks_once(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.sin()
    y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)
    with raises("saved.registering-hooks-twice-raises"):
        y.grad_fn._raw_saved_self.register_hooks(lambda t: t, lambda t: t)


@clause("saved.registering-hooks-after-release-raises")
def test_released_saved_tensor_takes_no_hooks(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.sin()
    raw = y.grad_fn._raw_saved_self
    y.backward(torch.tensor([1.0, 0.5]))
    with raises("saved.registering-hooks-after-release-raises"):
        raw.register_hooks(lambda t: t, lambda t: t)


@clause("saved.hooks-are-thread-local")
def test_forward_in_another_thread_is_not_packed(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        thread = threading.Thread(target=lambda: x.sin())
        thread.start()
        thread.join()
        assert packed == []
        x.sin()
    assert len(packed) == 1


@clause("saved.disabled-hooks-raise-given-message")
def test_disabled_hooks_raise_the_given_message(torch):
    graph = torch.autograd.graph
    with (
        graph.disable_saved_tensors_hooks("hooks are off here"),
        raises("saved.disabled-hooks-raise-given-message") as caught,
        graph.saved_tensors_hooks(lambda t: t, lambda t: t),
    ):
        pass
    assert str(caught.error) == "hooks are off here"
    packed = []
    with graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        torch.tensor(1.0, requires_grad=True).sin()
    assert len(packed) == 1


@clause("saved.save-on-cpu-keeps-gradients")
def test_save_on_cpu_leaves_values_and_gradients(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        y = (x * x).sin()
    y.backward(torch.tensor([1.0, 0.5]))
    assert_values(y, [0.84147098, -0.75680250])
    assert_values(x.grad, [1.0806046, -1.3072872])


@clause("saved.hooks-make-saved-tensors-distinct-objects")
def test_saved_tensors_are_distinct_objects_under_hooks(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * x
    first, second = y.grad_fn._saved_self, y.grad_fn._saved_other
    assert len({id(x), id(first), id(second)}) == 3
    assert first.data_ptr() == second.data_ptr() == x.data_ptr()


@clause("saved.hooks-make-saved-tensors-distinct-objects")
def test_saved_tensors_are_one_object_without_hooks(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    assert y.grad_fn._saved_self is x
    assert y.grad_fn._saved_other is x


@clause("saved.double-backward-works-through-packing")
def test_unpacked_tensors_have_their_history_back(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
        y = (x * 2) ** 3
        (first,) = torch.autograd.grad(y, x, torch.tensor([1.0, 0.5]), create_graph=True)
    (second,) = torch.autograd.grad(first, x, torch.tensor([1.0, 10.0]))
    assert_values(first, [24.0, 48.0])
    assert_values(second, [48.0, 480.0])


@clause("saved.hooks-cover-custom-function-saves")
def test_hooks_pack_what_a_custom_function_saves(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, ct):
            return 2 * ctx.saved_tensors[0] * ct

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    packed = []
    pack = lambda t: packed.append(t.tolist()) or t.detach()  # noqa: E731
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t * 10):
        y = Square.apply(x)
    y.backward(torch.tensor([1.0, 0.5]))
    assert packed == [[1.0, 2.0]]
    assert_values(x.grad, [20.0, 20.0])


@clause("saved.pack-runs-without-grad-mode")
def test_pack_runs_with_grad_mode_off(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    seen = []

    def pack(t):
        seen.append((torch.is_grad_enabled(), (t * 2).requires_grad))
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        x.sin()
        assert torch.is_grad_enabled()
    assert seen == [(False, False)]


@clause("saved.creating-saved-tensor-raises")
def test_saved_tensor_cannot_be_made_by_hand(torch):
    with raises("saved.creating-saved-tensor-raises"):
        torch.autograd.SavedTensor()


@clause("saved.reading-overwritten-saved-tensor-raises")
def test_overwritten_saved_result_cannot_be_read(torch):
    y = torch.tensor([0.0, 1.0], requires_grad=True).exp()
    node = y.grad_fn
    assert_values(node._saved_result, [1.0, 2.7182818])
    y.add_(1)
    with raises("saved.reading-overwritten-saved-tensor-raises"):
        node._saved_result  # noqa: B018


@clause("saved.memory-budget-outside-compile-raises")
def test_memory_budget_is_refused_outside_compile(torch):
    budget = torch.autograd.graph.region_activation_memory_budget
    with raises("saved.memory-budget-outside-compile-raises", index=0), budget(0.5):
        pass


@clause("saved.memory-budget-outside-compile-raises")
@pytest.mark.parametrize(("value", "index"), [(-0.1, 1), (1.5, 1), ("half", 2)], ids=str)
def test_memory_budget_must_be_a_number_from_zero_to_one(torch, value, index):
    budget = torch.autograd.graph.region_activation_memory_budget
    with raises("saved.memory-budget-outside-compile-raises", index=index), budget(value):
        pass
