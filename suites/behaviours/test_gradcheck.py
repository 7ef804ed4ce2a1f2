"""gradcheck and gradgradcheck: right derivatives pass, planted wrong ones do not."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause


def square(torch, backward=lambda x, ct: 2 * x * ct, **attributes):
    """x * x with a backward of the caller's choice, written with differentiable operations."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x * x

    def from_saved(ctx, ct):
        return backward(*ctx.saved_tensors, ct)

    Square.backward = staticmethod(from_saved)
    for name, value in attributes.items():
        setattr(Square, name, staticmethod(value))
    return Square.apply


def point(torch, values=(0.5, -1.5)):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@clause("gradcheck.correct-function-returns-true")
def test_right_derivatives_pass(torch):
    x, w = point(torch), point(torch, (2.0, 0.25))
    assert torch.autograd.gradcheck(square(torch), (x,)) is True
    assert torch.autograd.gradcheck(lambda x, w: (x.sin() * w, x.exp().sum()), (x, w)) is True


@clause("gradcheck.wrong-backward-raises")
def test_wrong_factor_is_reported_with_both_jacobians(torch):
    wrong = square(torch, lambda x, ct: 3 * x * ct)
    with raises("gradcheck.wrong-backward-raises") as caught:
        torch.autograd.gradcheck(wrong, (point(torch),))
    assert type(caught.error).__name__ == "GradcheckError"


@clause("gradcheck.wrong-backward-raises")
def test_error_in_one_element_of_many_is_found(torch):
    def backward(x, ct):
        factor = torch.full_like(x, 2.0)
        factor[7] = 2.01
        return factor * x * ct

    x = point(torch, [0.5 + 0.1 * i for i in range(12)])
    with raises("gradcheck.wrong-backward-raises"):
        torch.autograd.gradcheck(square(torch, backward), (x,))


@clause("gradcheck.failure-can-return-false")
def test_failure_returns_false_if_asked(torch):
    wrong = square(torch, lambda x, ct: 3 * x * ct)
    assert torch.autograd.gradcheck(wrong, (point(torch),), raise_exception=False) is False


@clause("gradcheck.other-errors-always-raise")
def test_inputs_that_track_nothing_always_raise(torch):
    x = torch.tensor([0.5, -1.5], dtype=torch.float64)
    with raises("gradcheck.other-errors-always-raise"):
        torch.autograd.gradcheck(torch.sin, (x,), raise_exception=False)


@clause("gradcheck.other-errors-always-raise")
def test_error_of_the_function_itself_always_propagates(torch):
    def fail(_):
        raise KeyError("boom")

    with pytest.raises(KeyError, match="boom"):
        torch.autograd.gradcheck(fail, (point(torch),), raise_exception=False)


@clause("gradcheck.single-precision-input-warns")
def test_single_precision_input_warns_and_fails(torch):
    x = torch.tensor([0.5, -1.5], dtype=torch.float32, requires_grad=True)
    with warns("gradcheck.single-precision-input-warns"):
        passes = torch.autograd.gradcheck(torch.sin, (x,), raise_exception=False)
    assert not passes


@clause("gradcheck.kink-at-input-raises")
def test_kink_at_the_input_fails(torch):
    with raises("gradcheck.kink-at-input-raises"):
        torch.autograd.gradcheck(torch.relu, (point(torch, (0.0, 1.0)),))


@clause("gradcheck.kink-at-input-raises")
def test_kink_away_from_the_input_passes(torch):
    assert torch.autograd.gradcheck(torch.relu, (point(torch, (0.25, -1.0)),))


@clause("gradcheck.expanded-input-raises")
def test_expanded_input_is_refused(torch):
    x = torch.ones(1, dtype=torch.float64).expand(3).requires_grad_()
    with raises("gradcheck.expanded-input-raises"):
        torch.autograd.gradcheck(torch.sin, (x,))


@clause("gradcheck.fast-mode-finds-wrong-backward")
def test_fast_mode_finds_a_wrong_factor(torch):
    wrong = square(torch, lambda x, ct: 3 * x * ct)
    with raises("gradcheck.fast-mode-finds-wrong-backward"):
        torch.autograd.gradcheck(wrong, (point(torch),), fast_mode=True)
    assert torch.autograd.gradcheck(square(torch), (point(torch),), fast_mode=True)


def drifting_backward():
    """A backward that is off by another 1e-9 at each call."""
    calls = []

    def backward(x, ct):
        calls.append(None)
        return 2 * x * ct * (1 + 1e-9 * len(calls))

    return backward


@clause("gradcheck.nondeterministic-backward-raises")
def test_backward_that_drifts_is_not_reentrant(torch):
    with raises("gradcheck.nondeterministic-backward-raises"):
        torch.autograd.gradcheck(square(torch, drifting_backward()), (point(torch),))


@clause("gradcheck.nondeterministic-backward-raises")
def test_drift_may_be_allowed(torch):
    drifting = square(torch, drifting_backward())
    assert torch.autograd.gradcheck(drifting, (point(torch),), nondet_tol=1e-6)


@clause("gradcheck.backward-ignoring-cotangent-raises")
def test_backward_that_ignores_its_cotangent_is_found(torch):
    ignorant = square(torch, lambda x, ct: 2 * x)
    with raises("gradcheck.backward-ignoring-cotangent-raises"):
        torch.autograd.gradcheck(ignorant, (point(torch, (0.5,)),))


@pytest.mark.filterwarnings("ignore:Backwards compatibility:UserWarning")
@clause("gradcheck.undefined-cotangents-are-also-checked")
def test_backward_must_handle_undefined_cotangents(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            if ct is None:
                raise RuntimeError("no cotangent")
            return ct * 2

    x = point(torch)
    with raises("gradcheck.undefined-cotangents-are-also-checked"):
        torch.autograd.gradcheck(Double.apply, (x,))
    assert torch.autograd.gradcheck(Double.apply, (x,), check_undefined_grad=False)


@clause("gradcheck.wrong-jvp-rule-raises")
@pytest.mark.parametrize("factor", [2.0, 3.0], ids=["right", "wrong"])
def test_jvp_rule_is_checked_on_request(torch, factor):
    fn = square(torch, jvp=lambda ctx, t: factor * ctx.saved_tensors[0] * t)
    assert torch.autograd.gradcheck(fn, (point(torch),))
    if factor == 2.0:
        assert torch.autograd.gradcheck(fn, (point(torch),), check_forward_ad=True)
    else:
        with raises("gradcheck.wrong-jvp-rule-raises"):
            torch.autograd.gradcheck(fn, (point(torch),), check_forward_ad=True)


@clause("gradcheck.no-mode-selected-raises")
def test_at_least_one_mode_must_be_checked(torch):
    with raises("gradcheck.no-mode-selected-raises"):
        torch.autograd.gradcheck(torch.sin, (point(torch),), check_backward_ad=False)


@clause("gradcheck.wrong-double-backward-raises")
def test_right_second_derivatives_pass(torch):
    assert torch.autograd.gradgradcheck(lambda x: x**3, (point(torch),)) is True
    assert torch.autograd.gradgradcheck(square(torch), (point(torch),)) is True


@clause("gradcheck.wrong-double-backward-raises")
def test_backward_that_forgets_its_own_derivative_fails(torch):
    forgetful = square(torch, lambda x, ct: 2 * x.detach() * ct)
    assert torch.autograd.gradcheck(forgetful, (point(torch),))
    with raises("gradcheck.wrong-double-backward-raises"):
        torch.autograd.gradgradcheck(forgetful, (point(torch),))


@clause("gradcheck.gradgradcheck-misses-wrong-first-derivative")
def test_consistently_wrong_linear_backward_passes_the_second_check_only(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            return ct * 5

    assert torch.autograd.gradgradcheck(Double.apply, (point(torch),))
    assert not torch.autograd.gradcheck(Double.apply, (point(torch),), raise_exception=False)


@clause("gradcheck.batched-grad-option-checks-vmap")
def test_batched_gradients_are_checked_on_request(torch):
    def data_dependent(x, ct):
        return 2 * x * ct if ct.abs().sum().item() >= 0 else ct

    wrong = square(torch, data_dependent)
    assert torch.autograd.gradcheck(torch.sin, (point(torch),), check_batched_grad=True)
    assert torch.autograd.gradcheck(wrong, (point(torch),))
    passes = torch.autograd.gradcheck(
        wrong, (point(torch),), check_batched_grad=True, raise_exception=False
    )
    assert not passes


@clause("gradcheck.independent-and-integer-outputs-pass")
def test_outputs_without_a_gradient_pass(torch):
    constant = torch.ones(2, dtype=torch.float64, requires_grad=True) * 1
    assert torch.autograd.gradcheck(lambda x: (x * x, constant), (point(torch),))
    assert torch.autograd.gradcheck(lambda x: (x * x, x.long()), (point(torch),))


@clause("gradcheck.detached-dependency-raises")
def test_detached_dependency_is_found(torch):
    with raises("gradcheck.detached-dependency-raises"):
        torch.autograd.gradcheck(lambda x: x * x.detach(), (point(torch),))
    with raises("gradcheck.detached-dependency-raises"):
        torch.autograd.gradcheck(lambda x: x.detach() * 2, (point(torch),))


@clause("gradcheck.tolerances-are-honoured")
def test_error_of_one_percent_passes_within_two_percent_only(torch):
    off = square(torch, lambda x, ct: 2.02 * x * ct)
    x = point(torch)
    assert not torch.autograd.gradcheck(off, (x,), raise_exception=False)
    assert not torch.autograd.gradcheck(off, (x,), rtol=0.005, raise_exception=False)
    assert torch.autograd.gradcheck(off, (x,), rtol=0.02)
    assert torch.autograd.gradcheck(off, (x,), atol=0.1)


@clause("gradcheck.tolerances-are-honoured")
def test_coarse_step_makes_a_right_derivative_fail(torch):
    cube = lambda x: x**3  # noqa: E731
    assert torch.autograd.gradcheck(cube, (point(torch),), eps=1e-6)
    assert not torch.autograd.gradcheck(cube, (point(torch),), eps=0.5, raise_exception=False)


@clause("gradcheck.error-names-failing-output-index")
def test_error_in_the_second_output_names_it(torch):
    wrong = square(torch, lambda x, ct: 3 * x * ct)
    with raises("gradcheck.error-names-failing-output-index"):
        torch.autograd.gradcheck(lambda x: (x * x, wrong(x)), (point(torch),))


@clause("gradcheck.inputs-are-left-unchanged")
def test_inputs_keep_value_and_grad(torch):
    x = point(torch)
    x.grad = torch.tensor([7.0, 8.0], dtype=torch.float64)
    grad = x.grad
    torch.autograd.gradcheck(torch.sin, (x,))
    assert x.grad is grad
    assert_same(x.grad, torch.tensor([7.0, 8.0], dtype=torch.float64))
    assert_values(x, [0.5, -1.5])
    assert (x.requires_grad, x.is_leaf) == (True, True)


@clause("gradcheck.untracked-inputs-are-constants")
def test_untracked_input_is_not_checked(torch):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, c):
            ctx.save_for_backward(x, c)
            return x * c

        @staticmethod
        def backward(ctx, ct):
            x, c = ctx.saved_tensors
            return ct * c, ct * x * 100

    x, c = point(torch), point(torch, (3.0, 4.0))
    assert torch.autograd.gradcheck(Product.apply, (x, c.detach()))
    assert not torch.autograd.gradcheck(Product.apply, (x, c), raise_exception=False)
