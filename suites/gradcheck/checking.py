"""``check`` and ``inspect``: every derivative that is asked for, at one point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from reference_impl.examining import examine
from reference_impl.findings import (
    CheckResult,
    Finding,
    InputError,
    combined,
    describe,
    named,
    result_of,
)
from reference_impl.gradcheck import adjoint_finding
from reference_impl.probing import Mode, draw
from suites.gradcheck.arguments import Arguments, arguments_of
from suites.gradcheck.maps import ForwardMissingError, Function, GradientOf, TangentOf, TensorMap
from suites.gradcheck.problem import BackwardError, BackwardMissingError, TorchProblem, unflat
from suites.gradcheck.relations import RELATIONS

BOTH: tuple[Mode, ...] = ("reverse", "forward")
_WIDE_AGREES = 1e3


@dataclass(frozen=True, slots=True)
class Settings:
    """What seldom needs to be chosen.

    ``missing``: what to do where a function has no forward mode, ``note`` it or ``raise``. ``undecided``: what to do
    where differences cannot tell, ``raise`` or ``note``. ``widen``: take differences in float64 where the function
    computes in less and accepts it.
    """

    seed: int = 0
    missing: Literal["note", "raise"] = "note"
    undecided: Literal["note", "raise"] = "raise"
    widen: bool = True


DEFAULT = Settings()


def check(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    modes: Sequence[Mode] = BOTH,
    order: int = 1,
    relations: Sequence[str] = (),
    settings: Settings = DEFAULT,
) -> CheckResult:
    """The result, when every derivative of ``fn`` at ``inputs`` is right.

    Args:
        fn: a function of tensors, a custom op, ``autograd.Function.apply`` or a module; gives tensors, nested or not.
        inputs: a tensor, a tuple of positional or a dict of keyword arguments. Those that require grad are
            differentiated, or all floating and complex ones if none does.
        modes: ``reverse``, ``forward`` or both.
        order: 2 checks the second derivatives as well, in every composition of the modes.
        relations: names from ``RELATIONS``, or ``("all",)``.
        settings: seed, and what to do where nothing can be decided.

    Raises:
        GradientError: a derivative is wrong; the message names output, input and element.
        UndecidedError: differences cannot tell.
        InputError: ``inputs`` or what ``fn`` gives cannot be checked.
    """
    result = inspect(fn, inputs, modes=modes, order=order, relations=relations, settings=settings)
    if result.verdict != "right" and not (
        result.verdict == "undecided" and settings.undecided == "note"
    ):
        result.raise_if_not_right()
    if result.lacks and settings.missing == "raise":
        raise InputError("asked for, but not there: " + "; ".join(result.lacks))
    return result


def inspect(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    modes: Sequence[Mode] = BOTH,
    order: int = 1,
    relations: Sequence[str] = (),
    settings: Settings = DEFAULT,
) -> CheckResult:
    """The same as ``check``, as a result that may be right, wrong or undecided.

    Raises:
        InputError: ``inputs`` or what ``fn`` gives cannot be checked.
    """
    _refuse_unknown(modes, order, relations)
    arguments = arguments_of(fn, inputs)
    function = Function(arguments.call)
    problem, notes = _problem(function, arguments, settings)
    results = [_examined(problem, modes, settings.seed, "{} mode")]
    if order > 1 and results[0].verdict == "right":
        results += _second(function, problem, modes, settings.seed)
    if relations and results[0].verdict == "right":
        names = tuple(RELATIONS) if "all" in relations else relations
        probe = draw(problem, settings.seed)
        found = [RELATIONS[name](problem, probe) for name in names]
        results.append(CheckResult(findings=named(found)))
    result = results[0] if len(results) == 1 else combined(results)
    return replace(result, notes=notes + result.notes) if notes else result


def _refuse_unknown(modes: Sequence[Mode], order: int, relations: Sequence[str]) -> None:
    unknown = set(modes) - set(BOTH)
    if unknown or not modes:
        raise InputError(f"modes are 'reverse' and 'forward', one or both; found {tuple(modes)}")
    if order not in {1, 2}:
        raise InputError(f"order is 1 or 2; found {order}")
    strange = [name for name in relations if name not in RELATIONS and name != "all"]
    if strange:
        raise InputError(f"unknown relations {strange}; there are {', '.join(RELATIONS)}, or all")


def _problem(
    function: Function, arguments: Arguments, settings: Settings
) -> tuple[TorchProblem, tuple[str, ...]]:
    """The function at its point. Values come from float64 where a function of lower precision accepts it."""
    xs, names, notes = arguments.tensors, arguments.names, arguments.notes
    problem = TorchProblem(function, xs, names)
    notes += _left_out(problem)
    if settings.widen and any(x.dtype not in _DOUBLE for x in xs):
        wide = _widened(problem, arguments)
        if wide is not None:
            return wide, (
                *notes,
                "differences were taken in float64, beside the claims in lower precision",
            )
        notes += (
            "the function does not compute in float64: differences were taken in its own precision, with longer steps",
        )
    return problem, notes


_DOUBLE = {torch.float64, torch.complex128}


def _left_out(problem: TorchProblem) -> tuple[str, ...]:
    if not problem.infinite and all(y.requires_grad for y in problem.ys):
        return ()
    pairs = zip(problem.outputs, problem.ys, strict=True)
    silent = [part.name for part, y in pairs if not y.requires_grad]
    notes = [f"{name} carries no gradient and was left out" for name in silent]
    if len(silent) == len(problem.ys):
        notes = ["no output carries a gradient, so all derivatives are taken to be claimed zero"]
    if problem.infinite:
        notes.append(f"{problem.infinite} output elements are infinite and were left out")
    return tuple(notes)


def _widened(problem: TorchProblem, arguments: Arguments) -> TorchProblem | None:
    """The problem with its values in float64; None where the function refuses, or is another one there."""
    try:
        wide = arguments.in_float64()
        function = Function(wide.call)
        ys = function.run(wide.tensors)
        if any(y.dtype not in _DOUBLE for y in ys):
            return None
        other = TorchProblem(problem.map, problem.xs, arguments.names, wide=function)
    except (RuntimeError, TypeError, InputError):
        return None
    size = float(np.abs(problem.here).max(initial=0.0))
    apart = float(np.abs(other.here - problem.here).max(initial=0.0))
    return other if apart <= _WIDE_AGREES * problem.claim_eps * (size + 1e-30) else None


def _examined(problem: TorchProblem, modes: Sequence[Mode], seed: int, name: str) -> CheckResult:
    lacks: list[str] = []
    try:
        examined = examine(problem, modes, seed=seed)
    except (ForwardMissingError, BackwardMissingError) as error:
        missing = "forward" if isinstance(error, ForwardMissingError) else "reverse"
        lacks = [f"{name.format(missing)}: {error}"]
        modes = [mode for mode in modes if mode != missing]
        examined = []
    except BackwardError as error:
        return CheckResult(
            (_backward_failed(error, name.format("reverse")),), counts=problem.counts
        )
    if lacks and modes:
        rest = _examined(problem, modes, seed, name)
        return replace(rest, lacks=(*lacks, *rest.lacks))
    findings = [describe(one, name.format(one.look.mode)) for one in examined]
    if len(examined) > 1 and not any(findings):
        findings.append(adjoint_finding(examined[0].probe))
    return result_of(named(findings), examined, problem.counts, tuple(lacks))


def _backward_failed(error: BackwardError, what: str) -> Finding:
    says = f"backward raised {type(error.__cause__).__name__}: {error}"
    looks = (
        ("a sum over a broadcast dimension is missing: the gradient has the shape of the output",)
        if "expected shape compatible" in str(error)
        else ()
    )
    return Finding("wrong", what, says, likenesses=looks)


def _second(
    function: Function, first: TorchProblem, modes: Sequence[Mode], seed: int
) -> list[CheckResult]:
    """Derivatives of the gradient by reverse and forward mode, and of the tangent, as far as modes allow."""
    results = []
    for base in modes:
        derived, like, added, parts = _DERIVED[base], *_second_inputs(first, base)
        drawn = draw(first, seed, 3)
        seconds = unflat(drawn.ct if base == "reverse" else drawn.t, like)
        count = len(first.xs)
        try:
            problem = TorchProblem(
                derived(function, count),
                [*first.xs, *(x.requires_grad_() for x in seconds)],
                [*(part.name for part in first.inputs), *added],
                output_names=parts,
                wide=None if first.wide is None else derived(first.wide, count),
            )
        except ForwardMissingError as error:
            results.append(CheckResult(lacks=(f"second order over {base} mode: {error}",)))
            continue
        results.append(_examined(problem, modes, seed, f"{{}} over {base}"))
    return results


_DERIVED: dict[Mode, Callable[[Any, int], TensorMap]] = {
    "reverse": GradientOf,
    "forward": TangentOf,
}


def _second_inputs(
    first: TorchProblem, base: Mode
) -> tuple[Sequence[Tensor], list[str], list[str]]:
    """What is added to the inputs (like which tensors, under which names), and the names of the outputs."""
    inputs, outputs = ([part.name for part in parts] for parts in (first.inputs, first.outputs))
    if base == "reverse":
        cotangents = [f"cotangent of {name}" for name in outputs]
        return first.ys, cotangents, [f"gradient of {name}" for name in inputs]
    tangents = [f"tangent of {name}" for name in inputs]
    return first.xs, tangents, [f"tangent of {name}" for name in outputs]
