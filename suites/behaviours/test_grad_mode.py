"""Grad modes: what no_grad, enable_grad and set_grad_enabled switch, for whom, and until when."""

import threading

import pytest

from suites.harness.assertions import assert_same, assert_values, warns
from suites.harness.clauses import clause


@clause("grad-mode.no-grad-results-are-untracked")
def test_results_inside_no_grad_are_untracked(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        inside = x**2
        assert not torch.is_grad_enabled()
    assert (inside.requires_grad, inside.grad_fn, inside.is_leaf) == (False, None, True)
    assert torch.is_grad_enabled()
    assert (x**2).requires_grad
    assert x.requires_grad


@clause("grad-mode.no-grad-spares-factory-requires-grad")
def test_factory_asked_for_a_tracked_tensor_gives_one_in_no_grad(torch):
    with torch.no_grad():
        x = torch.ones(2, requires_grad=True)
        y = torch.tensor([1.0, 2.0], requires_grad=True)
        z = torch.zeros(2).requires_grad_()
    assert (x.requires_grad, y.requires_grad, z.requires_grad) == (True, True, True)
    (x * y).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [1.0, 1.0])


@clause("grad-mode.no-grad-works-as-decorator")
@pytest.mark.parametrize("parentheses", [True, False], ids=["called", "bare"])
def test_no_grad_decorates_a_function(torch, parentheses):
    def double(x):
        """Doubles."""
        return x * 2

    decorated = torch.no_grad()(double) if parentheses else torch.no_grad(double)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert not decorated(x).requires_grad
    assert double(x).requires_grad
    assert (decorated.__name__, decorated.__doc__) == ("double", "Doubles.")
    assert torch.is_grad_enabled()


@clause("grad-mode.enable-grad-works-inside-no-grad")
def test_enable_grad_records_inside_no_grad(torch):
    x = torch.tensor(3.0, requires_grad=True)
    with torch.no_grad():
        with torch.enable_grad():
            y = x * x
        assert not (x * x).requires_grad
    y.backward()
    assert_values(x.grad, 6.0)


@clause("grad-mode.enable-grad-works-inside-no-grad")
def test_enable_grad_decorates_a_function(torch):
    x = torch.tensor(3.0, requires_grad=True)

    @torch.enable_grad()
    def square(x):
        return x * x

    with torch.no_grad():
        assert square(x).requires_grad
        assert not torch.is_grad_enabled()


@clause("grad-mode.set-grad-enabled-context-restores-mode")
@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_set_grad_enabled_restores_the_mode_it_found(torch, outer, inner):
    x = torch.tensor(3.0, requires_grad=True)
    with torch.set_grad_enabled(outer):
        with torch.set_grad_enabled(inner):
            assert torch.is_grad_enabled() == (x * x).requires_grad == inner
        assert torch.is_grad_enabled() == (x * x).requires_grad == outer
    assert torch.is_grad_enabled()


@clause("grad-mode.set-grad-enabled-call-persists")
def test_set_grad_enabled_as_a_call_persists(torch):
    x = torch.tensor(3.0, requires_grad=True)
    try:
        torch.set_grad_enabled(False)
        assert not torch.is_grad_enabled()
        assert not (x * x).requires_grad
    finally:
        torch.set_grad_enabled(True)
    assert (x * x).requires_grad


@clause("grad-mode.set-grad-enabled-decorator-spares-caller")
def test_set_grad_enabled_as_a_decorator_spares_the_caller(torch):
    @torch.set_grad_enabled(False)
    def double(x):
        return x * 2

    assert torch.is_grad_enabled()
    x = torch.tensor(3.0, requires_grad=True)
    assert not double(x).requires_grad
    assert torch.is_grad_enabled()


@clause("grad-mode.exception-restores-mode")
@pytest.mark.parametrize("mode", ["no_grad", "enable_grad", "set_grad_enabled"])
def test_exception_that_leaves_the_block_restores_the_mode(torch, mode):
    arguments = (False,) if mode == "set_grad_enabled" else ()
    outer = mode != "enable_grad"
    with torch.set_grad_enabled(outer):
        with pytest.raises(KeyError, match="boom"), getattr(torch, mode)(*arguments):
            raise KeyError("boom")
        assert torch.is_grad_enabled() == outer
    assert torch.is_grad_enabled()


@clause("grad-mode.exception-restores-mode")
def test_exception_that_leaves_a_decorated_function_restores_the_mode(torch):
    @torch.no_grad()
    def fail():
        raise KeyError("boom")

    with pytest.raises(KeyError, match="boom"):
        fail()
    assert torch.is_grad_enabled()


@clause("grad-mode.mode-is-thread-local")
def test_new_thread_starts_with_grad_enabled(torch):
    x = torch.tensor(3.0, requires_grad=True)
    seen = []
    with torch.no_grad():
        thread = threading.Thread(
            target=lambda: seen.append((torch.is_grad_enabled(), (x * x).requires_grad))
        )
        thread.start()
        thread.join()
        assert not torch.is_grad_enabled()
    assert seen == [(True, True)]


@clause("grad-mode.mode-is-thread-local")
def test_mode_set_in_a_thread_stays_there(torch):
    thread = threading.Thread(target=lambda: torch.set_grad_enabled(False))
    thread.start()
    thread.join()
    assert torch.is_grad_enabled()


@clause("grad-mode.backward-inside-no-grad-works")
def test_backward_inside_no_grad_accumulates(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with torch.no_grad():
        y.backward(torch.tensor([1.0, 0.5]))
        assert not torch.is_grad_enabled()
    assert_values(x.grad, [2.0, 2.0])


@clause("grad-mode.no-grad-result-is-later-constant")
def test_result_of_no_grad_is_a_constant_later(torch):
    x = torch.tensor([3.0, -1.0], requires_grad=True)
    with torch.no_grad():
        c = x * x
    (x * c).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [9.0, 0.5])


@clause("grad-mode.no-grad-keeps-forward-mode")
def test_tangent_survives_no_grad(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([3.0, -1.0]), torch.tensor([1.0, 0.5]))
        with torch.no_grad():
            out = forward_ad.unpack_dual(dual * dual)
    assert_values(out.primal, [9.0, 1.0])
    assert_values(out.tangent, [6.0, -1.0])


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@clause("grad-mode.create-graph-decides-mode-inside-backward")
@pytest.mark.parametrize("create_graph", [True, False])
def test_hooks_run_in_grad_mode_with_create_graph_only(torch, create_graph):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    seen = []
    y.register_hook(lambda ct: seen.append(torch.is_grad_enabled()))
    y.backward(torch.tensor([1.0, 0.5]), create_graph=create_graph)
    x.grad = None
    assert seen == [create_graph]
    assert torch.is_grad_enabled()


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@clause("grad-mode.create-graph-decides-mode-inside-backward")
@pytest.mark.parametrize("create_graph", [True, False])
def test_custom_backward_runs_in_grad_mode_with_create_graph_only(torch, create_graph):
    seen = []

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            seen.append(torch.is_grad_enabled())
            return ct * 2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    Double.apply(x).backward(torch.tensor([1.0, 0.5]), create_graph=create_graph)
    x.grad = None
    assert seen == [create_graph]


@clause("grad-mode.no-grad-view-still-reports-requires-grad")
def test_view_in_no_grad_reports_its_bases_flag(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        view, product = x[:1], x * 1
    assert (view.requires_grad, view.grad_fn, view.is_leaf) == (True, None, True)
    assert (product.requires_grad, product.grad_fn, product.is_leaf) == (False, None, True)


@clause("grad-mode.no-grad-view-still-reports-requires-grad")
def test_no_gradient_reaches_the_base_through_such_a_view(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        view = x[:1]
    (view * 3).backward()
    assert x.grad is None


@clause("grad-mode.module-eval-still-records")
def test_module_in_eval_mode_still_records(torch):
    model = torch.nn.Linear(2, 1).eval()
    assert not model.training
    out = model(torch.tensor([[1.0, 2.0]]))
    assert out.requires_grad
    out.backward()
    assert_same(model.weight.grad, torch.tensor([[1.0, 2.0]]))


@clause("grad-mode.generator-decorator-switches-per-step")
def test_decorated_generator_switches_the_mode_for_each_step(torch):
    @torch.no_grad()
    def steps():
        for _ in range(2):
            yield torch.is_grad_enabled()

    seen = []
    for inside in steps():
        seen += [inside, torch.is_grad_enabled()]
    assert seen == [False, True, False, True]


@clause("grad-mode.generator-decorator-switches-per-step")
def test_decorated_generator_follows_the_callers_mode_between_steps(torch):
    @torch.enable_grad()
    def steps():
        yield torch.is_grad_enabled()
        yield torch.is_grad_enabled()

    generator = steps()
    with torch.no_grad():
        assert next(generator)
        assert not torch.is_grad_enabled()
    assert next(generator)
    assert torch.is_grad_enabled()
    generator.close()


@clause("grad-mode.decorating-a-class-warns")
def test_decorating_a_class_warns(torch):
    class Holder:
        def __init__(self):
            self.enabled = torch.is_grad_enabled()

    with warns("grad-mode.decorating-a-class-warns"):
        decorated = torch.no_grad()(Holder)
    assert not decorated().enabled
    assert torch.is_grad_enabled()
