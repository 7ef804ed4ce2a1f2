"""The gradient checker on torch functions: what it must find, accept, refuse and call undecided."""

import pytest
import torch

from suites.gradcheck import (
    GradientError,
    InputError,
    NondeterministicError,
    Settings,
    UndecidedError,
    check,
    inspect,
)
from suites.gradcheck.planting import PLANTS, planted

FAULTS = [p for p in PLANTS if p.is_fault]
RIGHT = [p for p in PLANTS if not p.is_fault]


def uniform(seed, *shape, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return drawn.to(dtype).requires_grad_()


X, W = uniform(0, 4, 5), uniform(1, 5, 3)
Z = torch.complex(uniform(2, 6).detach(), uniform(3, 6).detach()).requires_grad_()


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("plant", FAULTS, ids=lambda p: p.name.replace(" ", "-"))
def test_a_planted_mistake_is_found(plant, size):
    fn, inputs = plant.make(size, 7)
    assert inspect(fn, inputs, modes=("reverse",), order=plant.order).verdict == "wrong"


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("plant", RIGHT, ids=lambda p: p.name.replace(" ", "-"))
def test_a_right_function_is_accepted(plant, size):
    fn, inputs = plant.make(size, 7)
    assert inspect(fn, inputs, modes=("reverse",), order=plant.order).verdict == "right"


def test_a_pass_costs_two_evaluations_whatever_the_number_of_elements():
    counts = [check(torch.sin, uniform(0, n), modes=("reverse",)).counts for n in (1, 100_000)]
    assert counts[0] == counts[1] == {"values": 2, "vjps": 1, "jvps": 0}


def test_the_message_names_output_input_element_size_and_likeness():
    def spoil(gradients, *_):
        wrong = gradients[1].clone()
        wrong[2, 1] *= -1
        return gradients[0], wrong

    with pytest.raises(GradientError) as caught:
        check(planted(torch.matmul, spoil), (X, W), modes=("reverse",))
    text = str(caught.value)
    assert "/ d input 1[2, 1]" in text
    assert "claimed / difference = -1" in text
    assert "only 1 of 15 elements looked at are wrong" in text
    assert "shrinks as h^1" in text


LIKE = {
    "zero": (lambda g, *_: torch.zeros_like(g[0]), "it is zero (or None)"),
    "none": (lambda *_: None, "it is zero (or None)"),
    "double": (lambda g, *_: 2 * g[0], "it is twice"),
    "negated": (lambda g, *_: -g[0], "the sign is wrong"),
    "transposed": (lambda g, *_: g[0].T.reshape(4, 5), "transposed"),
    "nan": (lambda g, *_: g[0] * torch.nan, "it is nan or inf"),
}


@pytest.mark.parametrize("fault", LIKE)
def test_a_usual_mistake_is_recognised_by_name(fault):
    spoil, name = LIKE[fault]
    result = inspect(planted(lambda x: x.sin() * x, spoil), X, modes=("reverse",))
    assert name in result.findings[0].likenesses[0]


def test_a_conjugated_gradient_is_recognised():
    fn = planted(lambda z: z * z, lambda g, *_: g[0].conj())
    assert "conjugated" in inspect(fn, Z, modes=("reverse",)).findings[0].likenesses[0]


def test_a_gradient_of_the_output_s_shape_is_said_to_lack_its_sum():
    fn = planted(lambda b: b.expand(4, 5) * 2.0, lambda g, ct, *_: 2 * ct)
    result = inspect(fn, uniform(0, 5), modes=("reverse",))
    # The engine sums such a gradient to the shape of the input where it can: this one is right.
    assert result.ok
    fn = planted(lambda b: b.sum(), lambda g, ct, *_: torch.ones(2, 7, dtype=torch.float64))
    result = inspect(fn, uniform(0, 5), modes=("reverse",))
    assert result.verdict == "wrong"
    assert "expected shape compatible" in str(result)


ACCEPTED = {
    "several-inputs-and-outputs": (lambda x, w: (x @ w, (x * 2).sum()), (X, W)),
    "complex": (lambda z: (z.exp(), z.abs()), (Z,)),
    "nested": (lambda a, *, k: {"y": [a["p"] * k]}, None),
    "transposed-input": (lambda x: x.exp(), (uniform(4, 3, 4).detach().T.requires_grad_(),)),
    "strided-input": (lambda x: x.exp(), (uniform(4, 9).detach()[::2].requires_grad_(),)),
    "unused-input": (lambda x, w: x.exp(), (X, W)),
    "integer-beside": (lambda x, i: x[i], (X, torch.tensor([0, 2]))),
    "number-beside": (lambda x, p: x.abs() ** p, (X, 3.0)),
    "no-input-requires-grad": (lambda x: x.exp(), (X.detach(),)),
    "empty": (lambda x: x.exp(), (torch.ones(0, 3, dtype=torch.float64),)),
    "differentiates-inside": (
        lambda x: torch.autograd.grad((x**3).sum(), x, create_graph=True)[0],
        (X,),
    ),
    "output-is-the-input": (lambda x: x, (X,)),
    "view-of-the-input": (lambda x: x.T, (X,)),
    "large-numbers": (lambda x: x.sqrt(), ((X.detach().abs() + 1) * 1e6,)),
    "small-numbers": (lambda x: x.log(), ((X.detach().abs() + 1) * 1e-6,)),
    "infinite-outputs": (lambda x: torch.log(x), (torch.tensor([0.0, 1.0], dtype=torch.float64),)),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_right_functions_of_every_shape_are_accepted(case):
    fn, inputs = ACCEPTED[case]
    if inputs is None:
        fn, inputs = (lambda a, k: [a["p"] * k]), {"a": {"p": X}, "k": 2.0}
    assert check(fn, inputs, order=2).verdict == "right"


def test_a_module_is_checked_by_its_parameters_too():
    module = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.BatchNorm1d(3)).double()
    before = {name: b.clone() for name, b in module.named_buffers()}
    assert check(module, X).ok
    assert all(torch.equal(b, before[name]) for name, b in module.named_buffers())

    class Wrong(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(W.detach().clone())

        def forward(self, x):
            return planted(torch.matmul, lambda g, *_: (g[0], 2 * g[1]))(x, self.weight)

    finding = inspect(Wrong(), X, modes=("reverse",)).findings[0]
    assert "parameter weight" in finding.says


def test_inputs_and_their_gradients_are_left_alone():
    x = uniform(5, 4)
    x.grad = torch.full((4,), 3.0, dtype=torch.float64)
    before = x.detach().clone()
    check(lambda x: x.exp(), x, order=2, relations=("all",))
    assert torch.equal(x, before)
    assert torch.equal(x.grad, torch.full((4,), 3.0, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.complex64])
def test_low_precision_is_checked_against_differences_in_float64(dtype):
    x = (Z if dtype.is_complex else X).detach().to(dtype).requires_grad_()
    right = check(lambda x: x * x + 2 * x, x, modes=("reverse",))
    assert "differences were taken in float64" in right.notes[0]
    assert right.resolution > 1e-7
    fn = planted(lambda x: x * x + 2 * x, lambda g, *_: 2 * g[0])
    assert inspect(fn, x, modes=("reverse",)).verdict == "wrong"


def test_a_function_that_only_computes_in_float32_is_checked_with_longer_steps():
    def refusing(x):
        if x.dtype != torch.float32:
            raise TypeError("float32 only")
        return x.sin()

    x = uniform(6, 30, dtype=torch.float32)
    result = check(refusing, x, modes=("reverse",))
    assert "in its own precision" in result.notes[0]
    wrong = planted(refusing, lambda g, *_: 1.2 * g[0])
    assert inspect(wrong, x, modes=("reverse",)).verdict == "wrong"
    assert check(refusing, x, settings=Settings(widen=False)).ok


class OnlyReverse(torch.autograd.Function):
    """An exponential without a forward mode."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, ct):
        return ct * ctx.saved_tensors[0].exp()


def test_a_mode_that_is_not_there_is_noted_or_raised():
    result = check(OnlyReverse.apply, X)
    assert result.ok
    assert "forward mode" in result.lacks[0]
    with pytest.raises(InputError, match="not there: forward mode"):
        check(OnlyReverse.apply, X, settings=Settings(missing="raise"))


class WrongTangent(torch.autograd.Function):
    """An exponential whose tangent is one percent too small."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, ct):
        return ct * ctx.saved_tensors[0].exp()

    @staticmethod
    def jvp(ctx, t):
        return 0.99 * t * ctx.saved_tensors[0].exp()


def test_a_wrong_tangent_is_found_beside_a_right_gradient():
    findings = inspect(WrongTangent.apply, X).findings
    assert [f.what for f in findings] == ["forward mode"]
    assert findings[0].likenesses[0] == "it is 0.99 times the right value"


@pytest.mark.parametrize("given", [0.0, 0.5, 1.0])
def test_any_subgradient_of_relu_at_zero_is_accepted(given):
    x = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64, requires_grad=True)
    slopes = torch.tensor([given, 1.0, 0.0], dtype=torch.float64)
    assert inspect(planted(torch.relu, lambda g, ct, _: ct * slopes), x).verdict == "right"


def test_what_is_no_subgradient_of_relu_at_zero_is_found():
    x = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64, requires_grad=True)
    slopes = torch.tensor([1.5, 1.0, 0.0], dtype=torch.float64)
    assert inspect(planted(torch.relu, lambda g, ct, _: ct * slopes), x).verdict == "wrong"


def test_dropout_is_called_random_and_not_wrong():
    with pytest.raises(NondeterministicError, match="apart for the same inputs"):
        check(lambda x: torch.dropout(x, 0.5, train=True), uniform(0, 50))


def test_undecided_is_raised_or_noted():
    def picky(x):
        if not torch.equal(x, X):
            raise ValueError("no other point")
        return x * 1.0

    with pytest.raises(UndecidedError, match="the function fails"):
        check(picky, X)
    result = check(picky, X, settings=Settings(undecided="note"))
    assert result.verdict == "undecided"


def test_an_input_along_which_the_function_jumps_is_held_and_named():
    def labelled(x, label):
        return torch.where(label == 1.0, x, 2 * x)

    result = check(labelled, (X, torch.ones(4, 5, dtype=torch.float64, requires_grad=True)))
    assert any("jumps when input 1" in note for note in result.notes)
    wrong = planted(labelled, lambda g, *_: (2 * g[0], None))
    inputs = (X, torch.ones(4, 5, dtype=torch.float64))
    assert inspect(wrong, inputs, modes=("reverse",)).verdict == "wrong"
