"""Step, Program, run_program: a short autograd program, run line by line and looked at after each line."""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from suites.harness import known_errors
from suites.harness.compare import Difference, compare, worst_first
from suites.harness.observation import Observation, Raised, is_tensor, observe
from suites.harness.tolerances import fixed_tolerance

# What a line of a program may name besides its own variables.
KNOWN_NAMES = frozenset({"torch", "ct", "True", "False", "None"})
_METHODS = (
    "abs", "add", "add_", "backward", "clone", "copy_", "cos", "data", "detach", "detach_", "div", "exp",
    "exp_", "expand", "fill_", "float64", "grad", "mean", "mul", "mul_", "narrow", "neg", "neg_", "no_grad",
    "prod", "register_hook", "relu", "relu_", "requires_grad_", "retain_grad", "select", "sigmoid", "sin",
    "sin_", "sqrt", "square", "sub", "sub_", "sum", "t", "tanh", "tanh_", "tensor", "transpose", "unbind",
    "unsqueeze", "view", "zero_", "autograd", "long", "reshape", "squeeze", "matmul", "max", "cat", "stack",
    "where", "pow", "enable_grad", "flip", "inference_mode",
)  # fmt: skip


class ProgramTextError(ValueError):
    """A line that is no step of a program; says where, and what comes nearest."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: the text that runs is the text that is shown."""

    text: str
    code: CodeType

    @classmethod
    def parse(cls, text: str, place: str = "program") -> Step:
        """The step that a line says.

        Raises:
            ProgramTextError: the line does not parse, or names something that programs do not use.
        """
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise ProgramTextError(
                f"{place}: not Python: {text!r} ({error.msg}); write one statement per line"
            ) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr not in _METHODS:
                near = difflib.get_close_matches(node.attr, _METHODS, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ProgramTextError(f"{place}: programs do not use {node.attr!r}{hint}")
            if isinstance(node, ast.Name) and not (
                node.id in KNOWN_NAMES or (node.id[:1] == "v" and node.id[1:].isdigit())
            ):
                raise ProgramTextError(
                    f"{place}: unknown name {node.id!r}; variables are v0, v1 ..., and ct in a hook"
                )
        return cls(text, compile(tree, place, "exec"))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Program:
    """Lines that create leaves, compute, write in place, and run backward."""

    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str, place: str = "program") -> Program:
        """The program that a text says: a step per line, blank lines and comments left out."""
        lines = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1)]
        steps = [
            Step.parse(line, f"{place}:{i}")
            for i, line in lines
            if line and not line.startswith(("#", "import "))
        ]
        if not steps:
            raise ProgramTextError(f"{place}: holds no step")
        return cls(tuple(steps))

    @classmethod
    def read(cls, path: Path) -> Program:
        """The program in a file."""
        return cls.parse(path.read_text(encoding="utf-8"), path.name)

    def __str__(self) -> str:
        return "\n".join(["import torch", *(s.text for s in self.steps)])


@dataclass(frozen=True, slots=True)
class State:
    """A variable and its gradient after a step; or the error that looking at it raises."""

    tensor: Observation | Raised
    grad: Observation | None = None


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What a step left behind: every variable, or the error it raised (the variables then stay as they are)."""

    states: dict[str, State]
    raised: Raised | None


def run_program(module: Any, program: Program) -> list[StepOutcome]:
    """Run each step on an implementation that has torch's spelling; look at all variables after each.

    A step that raises leaves its variable unset; later steps that need it are left out on every side alike.
    """
    names: dict[str, Any] = {"torch": module}
    outcomes = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in program.steps:
            raised = None
            try:
                exec(step.code, names)  # noqa: S102 - the step's own line, checked by Step.parse
            except NameError as error:
                if not str(error).startswith("name 'v"):
                    raise
            except Exception as error:  # noqa: BLE001 - this is where an error becomes data
                raised = known_errors.raised(error)
            outcomes.append(StepOutcome(_states(names), raised))
    return outcomes


def _states(names: dict[str, Any]) -> dict[str, State]:
    found = {}
    for name, value in names.items():
        if name[0] == "v" and is_tensor(value):
            found[name] = _state(value)
    return found


def _state(value: Any) -> State:
    try:
        grad = value.grad if value.is_leaf or value.retains_grad else None
        return State(observe(value), None if grad is None else observe(grad))
    except RuntimeError as error:  # a view that a write to its base made unreadable
        return State(known_errors.raised(error))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first step after which two runs differ, and how."""

    step: int
    text: str
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        lines = [f"after step {self.step + 1}, {self.text!r}:"]
        lines += [f"  {d.where}: expected {d.expected}, got {d.actual}" for d in self.differences]
        return "\n".join(lines)


# Note [Derivatives of derivatives]
# Whether a second derivative that is zero everywhere is still tracked, and the names of the nodes that a recorded
# backward pass leaves, follow from how a formula is written; no document promises either. So what comes out of
# autograd.grad with create_graph, and what is computed from it, is compared by value, dtype and shape alone, and a
# program ends (in agreement) where one side finds such a tensor untracked. Along such a zero torch may come to a node
# of the first pass whose saved tensor was written to since, and say so, where our formula has no way there; and it
# leaves zeros in the grad of what the first pass came to, where ours leaves None.
# Nor does a document say how a backward pass makes what autograd.grad gives: how often it wrote to it, and whether it
# is memory of its own, one number repeated, or a view that was made without grad mode, to which one may not write. So
# versions of such tensors are not compared, and a program ends where one side refuses to write to one for that.
_TRACKING = {"node", "requires_grad", "is_leaf", "version"}
_MEMORY = re.compile(
    "refers? to a single memory location|A view was created in no_grad mode|Can't detach views in-place"
)
_WRITTEN = "modified by an inplace operation"
_UNTRACKED = re.compile(
    "does not require grad|doesn't require grad|have been used in the graph|leaf|requires_grad=False"
)

# Note [What a clause says is wrong]
# Where torch raises and we do not, and a clause says that torch does so against its own contract, the program ends in
# agreement: the suite of behaviours holds that departure.
_WRONG = frozenset({"subgradient.accumulating-onto-sgn-grad-raises"})


def compare_runs(
    program: Program, expected: Sequence[StepOutcome], actual: Sequence[StepOutcome]
) -> Disagreement | None:
    """The first step at which two runs of a program differ; None if they agree in everything that is looked at."""
    derived: set[str] = set()
    answers: set[str] = set()  # of autograd.grad, and what is made of them
    for i, (step, want, got) in enumerate(zip(program.steps, expected, actual, strict=True)):
        if "autograd.grad(" in step.text:
            answers |= _defined(step.text)
        named = set(re.findall(r"\bv\d+\b", step.text))
        if named & answers:
            answers |= _defined(step.text)
        if "create_graph" in step.text:
            derived |= _defined(step.text)
        elif named & derived:
            derived |= named
        differences = _error_differences(want.raised, got.raised)
        if differences and (
            (named & derived and _is_about_tracking(want.raised, got.raised))
            or (named & answers and _is_about_memory(want.raised, got.raised))
            or (named & derived and want.raised is None and _is_about_a_write(got.raised))
            or (want.raised is None and _is_wrong_by_clause(got.raised))
        ):
            return None
        differences = differences or _state_differences(want.states, got.states, derived, answers)
        if differences:
            return Disagreement(i, step.text, tuple(differences[:5]))
    return None


def _defined(text: str) -> set[str]:
    """The variable that a line makes, be it inside no_grad or not."""
    return set(re.findall(r"^(?:with .*: )?(v\d+) =", text))


def _is_wrong_by_clause(error: Raised | None) -> bool:
    return error is not None and bool(_WRONG & set(error.clauses))


def _is_about_a_write(error: Raised | None) -> bool:
    return error is not None and _WRITTEN in error.message


def _is_about_memory(*errors: Raised | None) -> bool:
    return any(error is not None and _MEMORY.search(error.message) for error in errors)


def _is_about_tracking(*errors: Raised | None) -> bool:
    return any(error is not None and _UNTRACKED.search(error.message) for error in errors)


def _error_differences(want: Raised | None, got: Raised | None) -> list[Difference]:
    if want is None and got is None:
        return []
    if want is not None and got is not None and known_errors.is_same_error(want, got):
        return []
    if (
        want is not None
        and got is not None
        and (want.exception, want.message) == (got.exception, got.message)
    ):
        return []
    return [Difference("error", _error_text(want), _error_text(got), 1.0, 0.0, kind="wrong-error")]


def _error_text(raised: Raised | None) -> str:
    return (
        "no error"
        if raised is None
        else f"{raised.exception}: {raised.message} ({raised.clause or 'no clause knows it'})"
    )


def _state_differences(
    want: dict[str, State], got: dict[str, State], derived: set[str], answers: set[str]
) -> list[Difference]:
    if want.keys() != got.keys():
        return [
            Difference("variables", str(sorted(want)), str(sorted(got)), 1.0, 0.0, kind="variables")
        ]
    found = []
    for name, state in want.items():
        unseen = _TRACKING if name in derived else {"version"} if name in answers else set()
        found += _tensor_differences(name, state.tensor, got[name].tensor, unseen)
        one, other = state.grad, got[name].grad
        if (one is None) != (other is None):
            if name in derived or (derived and _is_zero(one or other)):
                continue
            found.append(
                Difference(f"{name}.grad", _none_or(one), _none_or(other), 1.0, 0.0, kind="grad")
            )
        if one is not None and other is not None:
            found += _observation_differences(f"{name}.grad", one, other, unseen | {"version"})
    return worst_first(found)


def _tensor_differences(
    where: str, want: Observation | Raised, got: Observation | Raised, unseen: set[str]
) -> list[Difference]:
    if isinstance(want, Observation) and isinstance(got, Observation):
        return _observation_differences(where, want, got, unseen)
    one, other = (x if isinstance(x, Raised) else None for x in (want, got))
    return _error_differences(one, other)


def _is_zero(found: Observation | None) -> bool:
    return found is not None and not found.value.any()


def _none_or(found: Observation | None) -> str:
    return "None" if found is None else f"a tensor, {found.value.tolist()}"


def _observation_differences(
    where: str, want: Observation, got: Observation, unseen: set[str]
) -> list[Difference]:
    found = [
        Difference(
            f"{where}.{fact}",
            str(getattr(want, fact)),
            str(getattr(got, fact)),
            1.0,
            0.0,
            kind=fact,
        )
        for fact in ("dtype", "requires_grad", "is_leaf", "node", "version")
        if fact not in unseen and getattr(want, fact) != getattr(got, fact)
    ]
    return found + compare(want.value, got.value, fixed_tolerance(want.dtype, 1), where=where)


def script(program: Program, expected: Sequence[StepOutcome], disagreement: Disagreement) -> str:
    """The program as a script that needs torch alone: exits 1 while its answer differs from the expected one."""
    wanted = expected[disagreement.step]
    lines = [
        '"""Exits 1 while the answer differs from the one expected."""',
        "import sys",
        "import warnings",
        "",
        "import torch",
        "",
    ]
    lines += ['warnings.simplefilter("ignore")', "error = None"]
    for i, step in enumerate(program.steps[: disagreement.step + 1]):
        last = i == disagreement.step
        lines += ["try:", f"    {step.text}"]
        lines += [
            "except Exception as e:",
            "    error = e" if last else "    print(type(e).__name__, e)",
        ]
        if last:
            lines += ["else:", "    error = None"]
    return "\n".join([*lines, *_checks(wanted, disagreement), 'print("as expected")', ""])


def _checks(wanted: StepOutcome, disagreement: Disagreement) -> list[str]:
    if disagreement.differences[0].kind == "wrong-error":
        want = wanted.raised
        if want is None:
            return ["if error is not None:", '    sys.exit(f"expected no error, got {error!r}")']
        return [
            f"if not isinstance(error, {want.exception}):",
            f'    sys.exit(f"expected {want.exception}, got {{error!r}}")',
        ]
    lines = ["wrong = []"]
    for name, state in wanted.states.items():
        if isinstance(state.tensor, Raised):
            continue
        lines += _state_check(name, state.tensor)
        if state.grad is None:
            lines.append(f'wrong += ["{name}.grad"] if {name}.grad is not None else []')
        else:
            lines += _state_check(f"{name}.grad", state.grad)
    return [*lines, "if wrong:", '    sys.exit("differs: " + ", ".join(wrong))']


def _state_check(name: str, want: Observation) -> list[str]:
    value = str(want.value.tolist()).replace("nan", 'float("nan")').replace("inf", 'float("inf")')
    node = "None" if want.node is None else repr(want.node)
    return [
        f"if {name} is None:",
        f'    wrong.append("{name} is None")',
        "else:",
        f"    want = torch.tensor({value}, dtype=torch.{want.dtype})",
        f"    wrong += [] if torch.allclose({name}.detach(), want, rtol=1e-9, atol=1e-9, equal_nan=True) "
        f'else ["{name}"]',
        f'    wrong += [] if {name}.requires_grad is {want.requires_grad} else ["{name}.requires_grad"]',
        f'    wrong += [] if {name}.is_leaf is {want.is_leaf} else ["{name}.is_leaf"]',
        f'    wrong += [] if {name}._version == {want.version} else ["{name}._version"]',
        f'    wrong += [] if ({name}.grad_fn and {name}.grad_fn.name()) == {node} else ["{name}.grad_fn"]',
    ]
