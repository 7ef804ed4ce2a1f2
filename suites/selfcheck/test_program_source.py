"""What the generator of programs must reach, measured on the reference."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from suites.harness import known_errors
from suites.harness.observation import Raised
from suites.harness.program import Program, ProgramTextError, compare_runs, run_program
from suites.harness.program_source import STEPS, write_program
from suites.harness.program_writer import RandomSource, Writer
from suites.harness.reference_driver import namespace
from suites.harness.subject import REFERENCE_SUBJECT

COUNT = 1000
# The named errors of the core: a thousand programs reach each at least once.
NAMED = (
    "implicit.many-element-output-raises",
    "implicit.backward-on-untracked-tensor-raises",
    "vjp.cotangent-of-other-shape-raises",
    "retain.second-backward-through-freed-graph-raises",
    "inplace.write-to-saved-input-raises",
    "inplace.write-to-leaf-raises",
    "inplace.write-to-view-of-leaf-raises",
    "inplace.write-to-multi-view-output-raises",
    "inplace.write-to-no-grad-view-raises",
    "inplace.write-to-expanded-tensor-raises",
    "detach.in-place-detach-of-view-raises",
    "leaf.clearing-flag-on-non-leaf-raises",
    "grad-api.unused-input-raises-unless-allowed",
    "grad-api.untracked-input-raises",
    "hook.hook-on-untracked-tensor-raises",
    "hook.retain-grad-on-untracked-raises",
)


@pytest.fixture(scope="module")
def runs():
    """Programs of a fixed seed with what the reference makes of them."""
    programs = [write_program(RandomSource(seed)) for seed in range(COUNT)]
    with namespace(REFERENCE_SUBJECT) as reference:
        return [(p, run_program(reference, p)) for p in programs]


def errors_of(outcomes):
    return [o.raised for o in outcomes if o.raised is not None]


def test_one_program_in_five_reaches_a_documented_error(runs):
    share = sum(any(e.clauses for e in errors_of(outcomes)) for _, outcomes in runs) / COUNT
    assert share >= 0.2


def test_one_program_in_five_runs_through_and_accumulates(runs):
    def accumulates(outcomes):
        return any(state.grad is not None for state in outcomes[-1].states.values())

    share = sum(not errors_of(outcomes) and accumulates(outcomes) for _, outcomes in runs) / COUNT
    assert share >= 0.2


@pytest.mark.parametrize("clause_id", NAMED)
def test_a_thousand_programs_reach_each_named_error(runs, clause_id):
    reached = Counter(c for _, outcomes in runs for e in errors_of(outcomes) for c in e.clauses)
    assert reached[clause_id] > 0


FAULTS = {
    "a gradient twice too large": (
        "exp",
        lambda module, x: module.exp(x) * 1.0 + (module.exp(x) - module.exp(x).detach()),
    ),
    "a cut that nobody asked for": ("tanh", lambda module, x: module.tanh(x.detach())),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_programs_find_a_planted_fault(runs, monkeypatch, fault):
    """The same programs on the same implementation with one method spoiled: somewhere the two part."""
    name, spoiled = FAULTS[fault]
    with namespace(REFERENCE_SUBJECT) as reference:
        monkeypatch.setattr(reference.Tensor, name, lambda x: spoiled(reference, x))
        found = [compare_runs(p, outcomes, run_program(reference, p)) for p, outcomes in runs[:300]]
    assert any(found)


def test_a_write_that_forgets_the_version_is_found(runs, monkeypatch):
    with namespace(REFERENCE_SUBJECT) as reference:

        def silent(x):
            x.data.copy_(x.data.sin())
            return x

        monkeypatch.setattr(reference.Tensor, "sin_", silent)
        found = [compare_runs(p, outcomes, run_program(reference, p)) for p, outcomes in runs[:300]]
    assert any(
        d is not None and any(".version" in x.where or ".node" in x.where for x in d.differences)
        for d in found
    )


ANSWERED = """
v0 = torch.tensor([1.5, -1.7], dtype=torch.float64, requires_grad=True)
v1 = v0 * v0
with torch.no_grad(): v2 = torch.autograd.grad(v1, v0, torch.tensor([0.3, -1.2], dtype=torch.float64))[0]
v3 = v2.view(2)
{written}.mul_(2.0)
"""


def _compared(written, change):
    """What is found where the other side's last step is as ``change`` says."""
    program = Program.parse(ANSWERED.format(written=written), "p.txt")
    with namespace(REFERENCE_SUBJECT) as reference:
        outcomes = run_program(reference, program)
    assert all(outcome.raised is None for outcome in outcomes)
    return compare_runs(program, outcomes, [*outcomes[:-1], change(outcomes[-1])])


@pytest.mark.parametrize(("name", "is_found"), [("v1", True), ("v2", False), ("v3", False)])
def test_only_what_backward_gave_may_have_another_version(name, is_found):
    def counted_otherwise(outcome):
        state = outcome.states[name]
        tensor = replace(state.tensor, version=state.tensor.version + 1)
        return replace(outcome, states={**outcome.states, name: replace(state, tensor=tensor)})

    assert (_compared("v2", counted_otherwise) is not None) == is_found


@pytest.mark.parametrize(
    ("written", "message", "is_found"),
    [
        ("v1", "more than one element refers to a single memory location.", True),
        ("v2", "more than one element refers to a single memory location.", False),
        ("v3", "A view was created in no_grad mode and is being modified inplace", False),
        ("v2", "Can't detach views in-place. Use detach() instead.", False),
        ("v3", "it was modified by an inplace operation", True),
    ],
)
def test_only_what_backward_gave_may_be_refused_for_its_memory(written, message, is_found):
    refused = Raised("RuntimeError", message)
    found = _compared(written, lambda outcome: replace(outcome, raised=refused))
    assert (found is not None) == is_found


WRITTEN = """
v0 = torch.tensor([1.5, -1.7], dtype=torch.float64, requires_grad=True)
v1 = v0 * v0
v2 = torch.autograd.grad(v1, v0, torch.tensor([0.3, -1.2], dtype=torch.float64), create_graph=True)[0]
v3 = torch.autograd.grad({of}, v0, torch.tensor([0.7, 0.9], dtype=torch.float64), retain_graph=True)[0]
"""


@pytest.mark.parametrize(("of", "is_found"), [("v1", True), ("v2", False)])
def test_only_of_a_recorded_gradient_may_torch_alone_find_a_saved_tensor_written(of, is_found):
    program = Program.parse(WRITTEN.format(of=of), "p.txt")
    with namespace(REFERENCE_SUBJECT) as reference:
        outcomes = run_program(reference, program)
    message = "one of the variables needed for gradient computation has been modified by an inplace operation"
    refused = [*outcomes[:-1], replace(outcomes[-1], raised=Raised("RuntimeError", message))]
    assert (compare_runs(program, outcomes, refused) is not None) == is_found
    assert compare_runs(program, refused, outcomes) is not None


ALONG_A_ZERO = """
v0 = torch.tensor([1.5, -1.7], dtype=torch.float64, requires_grad=True)
v1 = torch.tensor([0.4, 0.6], dtype=torch.float64, requires_grad=True)
v2 = torch.autograd.grad(v0.relu(), v0, torch.tensor([0.3, -1.2], dtype=torch.float64), {options})[0]
v3 = v2 * v1
v3.backward(torch.tensor([0.7, 0.9], dtype=torch.float64))
"""


@pytest.mark.parametrize(
    ("options", "left", "is_found"),
    [
        ("create_graph=True", 0.0, False),
        ("create_graph=True", 0.1, True),
        ("retain_graph=True", 0.0, True),
    ],
)
def test_only_along_a_recorded_gradient_zeros_may_stand_for_none(options, left, is_found):
    program = Program.parse(ALONG_A_ZERO.format(options=options), "p.txt")
    with namespace(REFERENCE_SUBJECT) as reference:
        outcomes = run_program(reference, program)
    state = outcomes[-1].states["v0"]
    grad = replace(state.tensor, value=np.full(2, left))
    states = {**outcomes[-1].states, "v0": replace(state, grad=grad)}
    other = [*outcomes[:-1], replace(outcomes[-1], states=states)]
    assert (compare_runs(program, outcomes, other) is not None) == is_found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v0 = torch.tensr([1.0])", "p.txt:1: programs do not use 'tensr'; did you mean 'tensor'"),
        ("v0 = torch.tensor([1.0]", "p.txt:1: not Python"),
        ("w = torch.tensor([1.0])", "p.txt:1: unknown name 'w'"),
        ("# nothing", "p.txt: holds no step"),
    ],
)
def test_text_that_is_no_program_says_where_and_what_is_near(text, message):
    with pytest.raises(ProgramTextError, match=message.replace("(", r"\(").replace(".", r"\.")):
        Program.parse(text, "p.txt")


SIGN_IS_IMMUTABLE = "ZeroTensors are immutable. Please use the materialized zero tensor"


@pytest.mark.parametrize(("message", "is_found"), [(SIGN_IS_IMMUTABLE, False), ("other", True)])
def test_only_what_a_clause_says_is_wrong_may_be_refused_by_one_side(message, is_found):
    def refuses(outcome):
        return replace(outcome, raised=known_errors.raised(RuntimeError(message)))

    assert (_compared("v1", refuses) is not None) == is_found


def test_no_step_writes_an_operand_that_repeats_what_is_written():
    """Though one may write what repeats other memory."""
    written = set()
    for number in range(COUNT):
        w = Writer(RandomSource(number))
        w.define("torch.tensor([0.5, 1.5])", (2,))
        w.define("torch.tensor([2.5, 3.5])", (2,))
        w.define("v0.narrow(0, 0, 1)", (1,))
        w.define("v2.expand(2)", (2,))
        next(step for step in STEPS if step.__name__ == "_write")(w)
        written.update(re.findall(r"(v[01])\.\w+_\((v\d)\)", w.lines[-1]))
    assert ("v1", "v3") in written
    assert ("v0", "v1") in written
    assert ("v0", "v3") not in written
