"""Anomaly detection: NaN in backward, and where the forward call was."""

import warnings

import pytest

from suites.harness.assertions import assert_values, raises, warns
from suites.harness.clauses import clause

enabled = pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")


def failing_function(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            raise RuntimeError("Some error in backward")

    return F


@clause("anomaly.creating-context-warns")
def test_detect_anomaly_warns_when_it_is_made(torch):
    with warns("anomaly.creating-context-warns"):
        context = torch.autograd.detect_anomaly()
    assert not torch.is_anomaly_enabled()
    with context:
        assert torch.is_anomaly_enabled()
    assert not torch.is_anomaly_enabled()


@enabled
@clause("anomaly.nan-in-backward-raises")
@pytest.mark.filterwarnings("ignore:Error detected in SqrtBackward0")
def test_nan_made_by_a_node_raises_and_names_it(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = torch.sqrt(x)
        with raises("anomaly.nan-in-backward-raises"):
            y.backward(torch.tensor([0.0, 1.0]))
    assert x.grad is None


@enabled
@clause("anomaly.nan-in-backward-raises")
def test_infinity_made_by_a_node_does_not_raise(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        torch.sqrt(x).backward(torch.tensor([1.0, 1.0]))
    assert_values(x.grad, [float("inf"), 0.25])


@enabled
@clause("anomaly.nan-check-can-be-disabled")
def test_unchecked_nan_passes(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    with torch.autograd.detect_anomaly(check_nan=False):
        torch.sqrt(x).backward(torch.tensor([0.0, 1.0]))
    assert_values(x.grad, [float("nan"), 0.25])


@enabled
@clause("anomaly.backward-error-warns-with-forward-traceback")
def test_error_in_backward_comes_with_the_forward_traceback(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.detect_anomaly():
        y = failing_function(torch).apply(x)
        with (
            warns("anomaly.backward-error-warns-with-forward-traceback", index=0) as caught,
            raises("anomaly.backward-error-warns-with-forward-traceback", index=1),
        ):
            y.backward(torch.tensor([1.0, 0.5]))
    assert "failing_function(torch).apply(x)" in str(caught.error)


@clause("anomaly.backward-error-warns-with-forward-traceback")
def test_error_in_backward_comes_alone_outside_the_mode(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = failing_function(torch).apply(x)
    with (
        warnings.catch_warnings(),
        raises("anomaly.backward-error-warns-with-forward-traceback", index=1),
    ):
        warnings.simplefilter("error")
        y.backward(torch.tensor([1.0, 0.5]))


@enabled
@clause("anomaly.warns-when-forward-was-not-recorded")
def test_warning_says_that_the_forward_was_not_recorded(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.add_(1)
    with (
        torch.autograd.detect_anomaly(),
        warns("anomaly.warns-when-forward-was-not-recorded", index=0),
        raises("anomaly.warns-when-forward-was-not-recorded", index=1),
    ):
        y.backward(torch.tensor([1.0, 0.5]))


@clause("anomaly.setter-works-as-context-and-call")
def test_setter_as_a_context_restores_the_previous_state(torch):
    with torch.autograd.set_detect_anomaly(True):
        assert torch.is_anomaly_enabled()
        with torch.autograd.set_detect_anomaly(False):
            assert not torch.is_anomaly_enabled()
        assert torch.is_anomaly_enabled()
    assert not torch.is_anomaly_enabled()


@clause("anomaly.setter-works-as-context-and-call")
def test_setter_as_a_call_persists(torch):
    try:
        torch.autograd.set_detect_anomaly(True, check_nan=False)
        assert torch.is_anomaly_enabled()
        assert not torch.is_anomaly_check_nan_enabled()
    finally:
        torch.autograd.set_detect_anomaly(False)
    assert not torch.is_anomaly_enabled()


@clause("anomaly.nan-is-silent-outside-mode")
def test_nan_is_silent_outside_the_mode(torch):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.sqrt(x).backward(torch.tensor([0.0, 1.0]))
    assert_values(x.grad, [float("nan"), 0.25])


@enabled
@pytest.mark.filterwarnings("ignore:Error detected in ExpBackward0")
@clause("anomaly.inplace-hint-depends-on-mode")
@pytest.mark.parametrize(("mode", "index"), [(False, 0), (True, 1)], ids=["off", "on"])
def test_hint_of_the_in_place_error_depends_on_the_mode(torch, mode, index):
    with torch.autograd.set_detect_anomaly(mode):
        y = torch.tensor([1.0, 2.0], requires_grad=True).exp()
        y.add_(1)
        with raises("anomaly.inplace-hint-depends-on-mode", index=index):
            y.backward(torch.tensor([1.0, 0.5]))
