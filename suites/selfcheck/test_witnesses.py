"""Where reference and subject differ, the third witness names the one that is wrong: proven by planting the fault."""

import numpy as np
import pytest
import torch

import reference_impl
from reference_impl.finite_difference import ShapeChangedError, derivative, numerical_jvp
from suites.harness import reference_driver, torch_driver
from suites.harness.case import Case, run_case
from suites.harness.examine import Sides, examine
from suites.harness.implementation import TorchSpelling
from suites.harness.subject import REFERENCE_SUBJECT, Subject
from suites.harness.tolerances import fixed_tolerance
from suites.harness.witnesses import Question, adjoint_gap, ask

CPU = Subject("cpu", "float64")
X = np.array([0.3, -1.2, 2.0])
SIN = Case(op="sin", args=(X,), differentiable=(0,), seed=3)
BOUND = fixed_tolerance("float64", 1)


def planted(module, wrong):
    """``sin`` of that module with ``wrong`` applied to its gradient."""

    class Planted(module.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, ct):
            (x,) = ctx.saved_tensors
            return wrong(ct * x.cos())

    return Planted.apply


FAULTS = {
    "wrong-sign": lambda g: -g,
    "twice-too-large-in-one-element": lambda g: g * g.new_tensor([1.0, 1.0, 2.0]),
    "five-percent-in-one-element": lambda g: g * g.new_tensor([1.0, 1.05, 1.0]),
    "one-in-a-million": lambda g: g * 1.000001,
    "zero": lambda g: g * 0.0,
    "two-elements-exchanged": lambda g: g[[1, 0, 2]],
}
NUMBERS = {
    "wrong-sign": [-1.0, -1.0, -1.0],
    "twice-too-large-in-one-element": [1.0, 1.0, 2.0],
    "one-in-a-million": [1.000001] * 3,
}


def right(module, subject):
    return (
        reference_driver.implementation(subject)
        if module is reference_impl
        else torch_driver.implementation(subject)
    )


REFERENCE = right(reference_impl, REFERENCE_SUBJECT)
TORCH = right(torch, CPU)


@pytest.mark.parametrize("wrong", FAULTS.values(), ids=FAULTS)
def test_wrong_derivative_in_torch_is_blamed_on_the_subject(wrong):
    subject = torch_driver.implementation(CPU, {"sin": planted(torch, wrong)})
    verdict = examine(
        Sides(reference=REFERENCE, subject=subject, forward=subject), SIN, "vjp", BOUND
    )
    assert (verdict.kind, verdict.blame) == ("differ", "subject")
    assert "subject is wrong" in verdict.witness.says


def test_the_taylor_slope_tells_a_wrong_derivative():
    subject = torch_driver.implementation(CPU, {"sin": planted(torch, FAULTS["wrong-sign"])})
    verdict = examine(
        Sides(reference=REFERENCE, subject=subject, forward=subject), SIN, "vjp", BOUND
    )
    assert verdict.witness.taylor_slope == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("factors", NUMBERS.values(), ids=NUMBERS)
def test_wrong_rule_in_the_reference_is_blamed_on_the_reference(factors):
    wrong = planted(
        reference_impl, lambda g: g * reference_impl.tensor(factors, dtype=reference_impl.float64)
    )
    reference = TorchSpelling(reference_impl, REFERENCE_SUBJECT, {"sin": wrong}.get)
    verdict = examine(Sides(reference=reference, subject=TORCH, forward=TORCH), SIN, "vjp", BOUND)
    assert (verdict.kind, verdict.blame) == ("differ", "reference")
    assert verdict.witness.taylor_slope > 1.5


def test_right_derivatives_agree():
    for check in ("value", "vjp", "double"):
        verdict = examine(
            Sides(reference=REFERENCE, subject=TORCH, forward=TORCH), SIN, check, BOUND
        )
        assert verdict.kind == "agree", (check, verdict)


def test_wrong_derivative_is_found_without_a_reference():
    subject = torch_driver.implementation(
        CPU, {"sin": planted(torch, FAULTS["five-percent-in-one-element"])}
    )
    lacking = TorchSpelling(reference_impl, REFERENCE_SUBJECT, lambda _: None)
    verdict = examine(Sides(reference=lacking, subject=subject, forward=subject), SIN, "vjp", BOUND)
    assert (verdict.kind, verdict.blame) == ("differ", "subject")


def test_right_derivative_without_a_reference_is_no_pass():
    lacking = TorchSpelling(reference_impl, REFERENCE_SUBJECT, lambda _: None)
    verdict = examine(Sides(reference=lacking, subject=TORCH, forward=TORCH), SIN, "vjp", BOUND)
    assert verdict.kind == "reference-lacks"


def test_second_derivative_that_is_wrong_is_blamed_on_the_subject():
    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, ct):
            (x,) = ctx.saved_tensors
            return ct * (x.cos().detach() + 0.5 * (x.cos() - x.cos().detach()))

    subject = torch_driver.implementation(CPU, {"sin": Planted.apply})
    sides = Sides(reference=REFERENCE, subject=subject, forward=subject)
    assert examine(sides, SIN, "vjp", BOUND).kind == "agree"
    verdict = examine(sides, SIN, "double", BOUND)
    assert (verdict.kind, verdict.blame) == ("differ", "subject")


def test_a_missing_error_is_a_difference():
    case = Case(op="matmul", args=(np.ones((2, 3)), np.ones((2, 3))), differentiable=(0, 1))
    lenient = torch_driver.implementation(CPU, {"matmul": lambda a, b: a @ b.T})
    verdict = examine(
        Sides(reference=REFERENCE, subject=lenient, forward=lenient), case, "value", BOUND
    )
    assert (verdict.kind, verdict.failure) == ("differ", "missing-error")


def test_none_for_a_gradient_of_zeros_is_a_difference():
    case = Case(op="mul", args=(X, X), differentiable=(0, 1))
    subject = torch_driver.implementation(CPU, {"mul": lambda a, b: a * b.detach()})
    verdict = examine(
        Sides(reference=REFERENCE, subject=subject, forward=TORCH), case, "vjp", BOUND
    )
    assert verdict.kind == "differ"
    assert verdict.differences[0].actual == "None"


def test_a_kink_is_blamed_on_the_input():
    class OneAtZero(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.abs()

        @staticmethod
        def backward(ctx, ct):
            (x,) = ctx.saved_tensors
            return ct * torch.where(x >= 0, 1.0, -1.0)

    case = Case(op="abs", args=(np.array([0.0, 1.0, -2.0]),), differentiable=(0,))
    subject = torch_driver.implementation(CPU, {"abs": OneAtZero.apply})
    verdict = examine(
        Sides(reference=REFERENCE, subject=subject, forward=subject), case, "vjp", BOUND
    )
    assert (verdict.kind, verdict.blame) == ("differ", "input")
    assert "kink" in verdict.witness.says


def test_the_adjoint_identity_holds_and_breaks():
    outcome = run_case(TORCH, SIN, ("value", "vjp", "jvp"))
    cts = SIN.drawn_cotangents([outcome.values[0].value])
    assert adjoint_gap(outcome.vjp, outcome.jvp, cts, SIN.drawn_tangents()) < 1e-15
    assert adjoint_gap((-outcome.vjp[0],), outcome.jvp, cts, SIN.drawn_tangents()) > 0.1


SMOOTH = {
    "sine": (np.sin, 0.3, np.cos(0.3)),
    "steep": (np.exp, 5.0, np.exp(5.0)),
    "near-a-pole": (np.log, 0.01, 100.0),
    "flat": (lambda x: 0 * x + 3.0, 1.0, 0.0),
    "fast": (lambda x: np.sin(100 * x), 0.3, 100 * np.cos(30.0)),
    "complex": (lambda x: np.exp(1j * x), 0.3, 1j * np.exp(0.3j)),
    "beside-a-kink": (np.abs, 1e-3, 1.0),
}


@pytest.mark.parametrize(("fn", "x", "slope"), SMOOTH.values(), ids=SMOOTH)
def test_an_estimate_lies_within_its_own_error_bar(fn, x, slope):
    estimate = derivative(lambda s: np.asarray(fn(x + s)))
    assert abs(estimate.value - slope) <= 4 * estimate.error
    assert estimate.error <= 1e-7 * max(abs(slope), 1.0)
    assert not estimate.kink


def test_a_kink_is_seen_and_a_jump_decides_nothing():
    assert derivative(lambda s: np.abs(np.asarray(s))).kink
    jump = derivative(lambda s: np.asarray(1.0 if s > 0 else 0.0))
    assert not jump.decides(rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("distance", np.geomspace(1e-9, 1e-2, 29))
def test_beside_a_kink_an_estimate_claims_no_more_than_it_knows(distance):
    estimate = derivative(lambda s: np.abs(s + distance) + 0.25 * np.sin(s))
    assert estimate.kink or abs(estimate.value - 1.25) <= 4 * estimate.error


def test_numerical_jvp_is_the_directional_derivative():
    x, t = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    found = numerical_jvp(lambda v: v**3, x, t, step=1e-5)
    np.testing.assert_allclose(found, 3 * x**2 * t, rtol=1e-9)


def test_a_function_that_changes_shape_is_refused():
    with pytest.raises(ShapeChangedError, match="shape"):
        derivative(lambda s: np.ones(2 if s > 0 else 3))


@pytest.mark.parametrize(("claim", "blame"), [(1e-10, "undecided"), (1e-4, "subject")])
def test_a_slope_below_the_rounding_of_large_values_blames_nobody(claim, blame):
    question = Question(
        reference=None,
        subject=(np.array([claim]),),
        like=[np.zeros(1)],
        line=lambda _: lambda s: np.asarray(1e3 + 0.0 * s),
        rtol=1e-7,
    )
    assert ask(question).blame == blame
