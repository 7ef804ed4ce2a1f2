"""Threads: independent passes, shared leaves, freed graphs, and where backward runs."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


def pass_over(torch, i):
    """Gradient of (i + 1) x^3 by x at (1, 2), weighted by (1, 0.5): (3 (i + 1), 6 (i + 1))."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (i + 1) * x**3
    for _ in range(20):
        y = y + 0.0
    y.backward(torch.tensor([1.0, 0.5]))
    return x.grad


@clause("thread.independent-passes-equal-sequential")
def test_independent_passes_in_threads_equal_sequential_ones(torch):
    with ThreadPoolExecutor(4) as pool:
        grads = list(pool.map(lambda i: pass_over(torch, i), range(16)))
    assert [g.tolist() for g in grads] == [[3.0 * (i + 1), 6.0 * (i + 1)] for i in range(16)]


@clause("thread.autograd-grad-on-shared-leaves-is-safe")
def test_autograd_grad_on_a_shared_leaf_accumulates_nothing(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    ct = torch.tensor([1.0, 0.5])
    with ThreadPoolExecutor(4) as pool:
        grads = list(pool.map(lambda i: torch.autograd.grad(x * x * (i + 1), x, ct)[0], range(16)))
    assert [g.tolist() for g in grads] == [[2.0 * (i + 1), 2.0 * (i + 1)] for i in range(16)]
    assert x.grad is None


@clause("thread.backward-in-other-thread-works")
def test_backward_may_run_in_another_thread(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    thread = threading.Thread(target=y.backward, args=(torch.tensor([1.0, 0.5]),))
    thread.start()
    thread.join()
    assert_values(x.grad, [2.0, 2.0])


@clause("thread.graph-freed-by-other-thread-raises")
def test_graph_freed_by_another_thread_cannot_be_walked_again(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    thread = threading.Thread(target=y.backward, args=(torch.tensor([1.0, 0.5]),))
    thread.start()
    thread.join()
    with raises("thread.graph-freed-by-other-thread-raises"):
        y.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [2.0, 2.0])


@clause("thread.cpu-backward-runs-in-calling-thread")
def test_hooks_and_custom_backward_run_in_the_calling_thread(torch):
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            seen.append(threading.get_ident())
            return ct * 2

    def forward_and_backward():
        x = torch.ones(2, device="cpu", requires_grad=True)
        y = Double.apply(x)
        y.register_hook(lambda ct: seen.append(threading.get_ident()))
        y.backward(torch.ones(2, device="cpu"))
        return threading.get_ident()

    assert forward_and_backward() == threading.get_ident()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(forward_and_backward).result()
    assert seen == [threading.get_ident()] * 2 + [other] * 2


@clause("thread.multithreading-switch-restores-state")
@pytest.mark.parametrize("enabled", [True, False])
def test_multithreading_switch_leaves_gradients_and_restores_itself(torch, enabled):
    before = torch.autograd.is_multithreading_enabled()
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.set_multithreading_enabled(enabled):
        assert torch.autograd.is_multithreading_enabled() == enabled
        with torch.autograd.set_multithreading_enabled(not enabled):
            assert torch.autograd.is_multithreading_enabled() != enabled
        assert torch.autograd.is_multithreading_enabled() == enabled
        (x * x).backward(torch.tensor([1.0, 0.5]))
    assert torch.autograd.is_multithreading_enabled() == before
    assert_values(x.grad, [2.0, 2.0])


@clause("thread.error-stays-in-its-thread")
def test_error_in_one_thread_leaves_the_others_alone(torch):
    def fail_or_pass(i):
        return (torch.ones(1) * 2).backward() if i % 2 else pass_over(torch, i)

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(fail_or_pass, i) for i in range(8)]
    for i, future in enumerate(futures):
        if i % 2:
            with raises("thread.error-stays-in-its-thread"):
                future.result()
        else:
            assert_values(future.result(), [3.0 * (i + 1), 6.0 * (i + 1)])


@clause("thread.reentrant-backward-works-when-nested")
def test_hook_may_differentiate_another_graph(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)

    def scale(ct):
        with torch.enable_grad():
            (inner,) = torch.autograd.grad((w * w).sum(), w)
        return ct * inner

    x.register_hook(scale)
    (x * 2).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [12.0, 8.0])
    assert w.grad is None


@clause("thread.reentrant-backward-works-when-nested")
def test_custom_backward_may_call_backward_to_a_great_depth(torch):
    class Nest(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, depth):
            ctx.depth = depth
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            if ctx.depth == 0:
                return ct * 2, None
            with torch.enable_grad():
                x = ctx.saved_tensors[0].detach().requires_grad_()
                Nest.apply(x, ctx.depth - 1).backward(ct)
            return x.grad + 1, None

    depth = min(60, sys.getrecursionlimit() // 10)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Nest.apply(x, depth).backward(torch.tensor([1.0, 0.5]))
    assert_same(x.grad, torch.tensor([2.0 + depth, 1.0 + depth]))
