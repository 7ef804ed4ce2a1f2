"""Optimisers: steps worked out by hand, states, schedules."""

import math
import warnings
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import optim
from reference_impl.optim import lr_scheduler, swa_utils


def one_step(make: Any, grad: float = 2.0, start: float = 1.0, times: int = 1) -> float:
    """Where steps under a constant gradient lead."""
    w = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    for _ in range(times):
        w.grad = torch.tensor([grad], dtype=torch.float64)
        optimizer.step()
    return float(w.item())


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda p: optim.SGD(p, lr=0.1), 1 - 0.2),
        (lambda p: optim.SGD(p, lr=0.1, weight_decay=0.5), 1 - 0.1 * 2.5),
        (lambda p: optim.SGD(p, lr=0.1, maximize=True), 1 + 0.2),
        (lambda p: optim.Adam(p, lr=0.1), 1 - 0.1),
        (lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.5), 1 * (1 - 0.05) - 0.1),
        (lambda p: optim.Adamax(p, lr=0.1), 1 - 0.1),
        (lambda p: optim.RMSprop(p, lr=0.1, alpha=0.75), 1 - 0.1 * 2 / 1.0),
        (lambda p: optim.Adagrad(p, lr=0.1), 1 - 0.1),
        (lambda p: optim.Rprop(p, lr=0.1), 1 - 0.1),
        (lambda p: optim.RAdam(p, lr=0.1), 1 - 0.2),  # no scaling before the variance is finite
        (lambda p: optim.Adadelta(p, rho=0.75, eps=1e-6), 1 - 2 * math.sqrt(1e-6 / (1 + 1e-6))),
    ],
    ids=["sgd", "decay", "maximize", "adam", "adamw", "adamax", "rmsprop", "adagrad", "rprop", "radam", "adadelta"],
)  # fmt: skip
def test_first_step_is_the_formula(make, wanted):
    assert one_step(make) == pytest.approx(wanted, abs=1e-6)


def test_momentum_adds_up_and_nesterov_looks_ahead():
    # Buffers 2, 2 + 0.5 * 2 = 3; steps 0.1 times them, or times 2 + 0.5 * buffer.
    plain = one_step(lambda p: optim.SGD(p, lr=0.1, momentum=0.5), times=2)
    ahead = one_step(lambda p: optim.SGD(p, lr=0.1, momentum=0.5, nesterov=True), times=2)
    assert plain == pytest.approx(1 - 0.1 * (2 + 3))
    assert ahead == pytest.approx(1 - 0.1 * (3 + 3.5))


def test_rprop_grows_while_the_sign_stays():
    assert one_step(lambda p: optim.Rprop(p, lr=0.1), times=2) == pytest.approx(1 - 0.1 - 0.12)


@pytest.mark.parametrize("name", ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam",
                                  "RMSprop", "Rprop", "SGD"])  # fmt: skip
def test_loaded_state_goes_on_as_the_first_would(name):
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    first = getattr(optim, name)([w], lr=0.05)

    def step(optimizer, x):
        optimizer.zero_grad()
        (x**4).sum().backward()
        optimizer.step()

    step(first, w)
    copied = w.detach().clone().requires_grad_()
    second = getattr(optim, name)([copied], lr=0.3)
    state = first.state_dict()
    kept = {i: {n: v.clone() for n, v in s.items()} for i, s in state["state"].items()}
    second.load_state_dict({"state": kept, "param_groups": state["param_groups"]})
    step(first, w)
    step(second, copied)
    assert torch.equal(w, copied)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_minimum_of_a_quadratic(search):
    a = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    b = torch.tensor([1.0, -1.0], dtype=torch.float64)
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimizer = optim.LBFGS([x], max_iter=30, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = 0.5 * x @ a @ x - b @ x
        loss.backward()
        return loss

    optimizer.step(closure)
    assert torch.allclose(x, torch.linalg.solve(a, b), atol=1e-6)


def rates(schedule: Any, steps: int, lr: float = 1.0) -> list[float]:
    """The learning rates of some steps."""
    optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=lr, momentum=0.9)
    made, found = schedule(optimizer), []
    for _ in range(steps):
        found.append(round(optimizer.param_groups[0]["lr"], 6))
        optimizer.step()
        made.step()
    return found


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        (lambda o: lr_scheduler.StepLR(o, 2, 0.5), [1, 1, 0.5, 0.5, 0.25]),
        (lambda o: lr_scheduler.MultiStepLR(o, [1, 3], 0.5), [1, 0.5, 0.5, 0.25, 0.25]),
        (lambda o: lr_scheduler.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
        (lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 / (n + 1)), [1, 0.5, 0.333333, 0.25, 0.2]),
        (lambda o: lr_scheduler.LinearLR(o, 0.2, 1.0, 4), [0.2, 0.4, 0.6, 0.8, 1.0]),
        (lambda o: lr_scheduler.ConstantLR(o, 0.5, 2), [0.5, 0.5, 1, 1, 1]),
        (lambda o: lr_scheduler.PolynomialLR(o, 4), [1, 0.75, 0.5, 0.25, 0]),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 4), [1, 0.853553, 0.5, 0.146447, 0]),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2), [1, 0.5, 1, 0.5, 1]),
        (
            lambda o: lr_scheduler.SequentialLR(
                o, [lr_scheduler.ConstantLR(o, 0.1, 9), lr_scheduler.ExponentialLR(o, 0.5)], [2]
            ),
            [0.1, 0.1, 1, 0.5, 0.25],
        ),
        (
            lambda o: lr_scheduler.CyclicLR(o, 0.0, 1.0, 2, cycle_momentum=False),
            [0, 0.5, 1, 0.5, 0],
        ),
    ],
    ids=["step", "steps", "exp", "lambda", "linear", "constant", "poly", "cosine", "restarts", "sequence", "cyclic"],
)  # fmt: skip
def test_schedule_goes_through_its_documented_rates(schedule, wanted):
    assert rates(schedule, 5) == pytest.approx(wanted, abs=1e-5)


def test_one_cycle_rises_to_the_top_and_falls_far_below_the_start():
    found = rates(lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=11), 10)
    assert found[0] == pytest.approx(1 / 25)
    assert max(found) == pytest.approx(1.0, abs=0.05)
    assert found[-1] < 0.1


def test_plateau_lowers_the_rate_after_patience():
    optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    found = []
    for loss in (3.0, 2.0, 2.0, 2.0, 2.0):
        schedule.step(loss)
        found.append(optimizer.param_groups[0]["lr"])
    assert found == [1.0, 1.0, 1.0, 0.5, 0.5]


def test_schedule_before_the_optimiser_is_warned_of():
    optimizer = optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    schedule = lr_scheduler.StepLR(optimizer, 2)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        schedule.step()
    assert "before `optimizer.step()`" in str(seen[0].message)


def test_what_cannot_be_optimised_is_refused():
    w = torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="empty parameter list"):
        optim.SGD([], lr=0.1)
    with pytest.raises(ValueError, match="non-leaf"):
        optim.SGD([w * 2], lr=0.1)
    with pytest.raises(TypeError, match="iterable of Tensors"):
        optim.SGD(w, lr=0.1)
    with pytest.raises(ValueError, match="Invalid learning rate"):
        optim.Adam([w], lr=-1.0)
    with pytest.raises(ValueError, match="more than one parameter group"):
        optim.SGD([{"params": [w]}, {"params": [w]}], lr=0.1)


def test_averaged_model_holds_the_mean():
    model = torch.nn.Linear(1, 1)
    averaged = swa_utils.AveragedModel(model)
    for value in (1.0, 2.0, 6.0):
        torch.nn.init.constant_(model.weight, value)
        averaged.update_parameters(model)
    assert averaged.module.weight.item() == pytest.approx(3.0)
