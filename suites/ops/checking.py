"""One check of one operator over its samples: every sample judged, all failing ones named, rounding told from rules."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Case, CaseOutcome, run_case
from suites.harness.compare import compare
from suites.harness.examine import Sides, examine, outcome_of
from suites.harness.judge import AGREE, DIFFER, SUBJECT_LACKS, Verdict, judge, settle
from suites.harness.notes import current_notes
from suites.harness.tolerances import Tolerance, tolerance_for
from suites.ops.conditioning import allowance
from suites.ops.drawing import is_drawn
from suites.ops.opinfo_source import Sample
from suites.ops.rows import Row, stop_unless_supported
from suites.ops.ways import case_for, is_composed

ORDER = {"value": 0, "vjp": 1, "jvp": 1, "double": 2}
SHOWN = 8
_FIELDS = {"value": "values", "vjp": "vjp", "jvp": "jvp", "double": "double"}
Outcomes = tuple[CaseOutcome | None, CaseOutcome | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sample on which the two sides part ways, or one of them has nothing to say."""

    sample: str
    verdict: Verdict


def check_row(row: Row, seed: int) -> None:
    """Judges a row on all its samples and settles the test by the worst verdict.

    Raises:
        Disagreement: reference and subject differ on a sample; all such samples are named.
    """
    stop_unless_supported(row)
    samples = row.samples(seed)
    with np.errstate(all="ignore"), warnings.catch_warnings(), row.column.namespace(seed):
        warnings.simplefilter("ignore")  # that an op is deprecated is no news of its derivatives
        found = judged(row, samples)
    differing = [f for f in found if f.verdict.kind == DIFFER]
    if differing or found:
        settle(_told(differing or found, len(samples)))
    current_notes().facts["verdict"] = AGREE


def judged(row: Row, samples: Sequence[Sample]) -> list[Finding]:
    """The samples on which the two sides do not agree."""
    sides, found = row.sides(), []
    for sample in samples:
        case = case_for(row.way, sample.case)
        for check in row.way.checks:
            tolerance = tolerance_for(row.entry, row.dtype, ORDER[check] + row.way.orders)
            verdict = _lacking(row, verdict_on(sides, case, check, tolerance))
            if verdict.kind == AGREE:
                current_notes().count(verdict.worst)
            else:
                found.append(Finding(sample.name, verdict))
                break
    return found


def verdict_on(sides: Sides, case: Case, check: str, tolerance: Tolerance) -> Verdict:
    """The verdict on one case: the witness is asked only where the sides differ by more than rounding explains."""
    if is_drawn(case, check):
        return _of_own_draw(sides, case, check, tolerance)
    outcomes = _aligned(
        check,
        case,
        outcome_of(sides.reference, case, (check,)),
        outcome_of(sides.subject, case, (check,)),
    )
    if _raised_alike(check, outcomes):
        return Verdict(kind=AGREE)
    verdict = judge(check, *outcomes, tolerance)
    if verdict.kind != DIFFER or verdict.failure != "value":
        return verdict
    if _rounding_explains(sides, case, check, tolerance, outcomes):
        return Verdict(kind=AGREE)
    try:
        witnessed = examine(sides, case, check, tolerance)
    except (RuntimeError, ValueError) as error:  # the differences stepped out of the op's domain
        return replace(verdict, reason=f"no differences can be taken here: {error}")
    return _unless_untracked(sides, case, witnessed)


def _unless_untracked(sides: Sides, case: Case, verdict: Verdict) -> Verdict:
    """The verdict, but for a first derivative that the subject did not record: no line leads through it."""
    if not is_composed(case):
        return verdict
    counts = [
        sum(value.requires_grad for value in run_case(side, case, ("value",)).values)
        for side in (sides.reference, sides.subject)
    ]
    if counts[0] == counts[1]:
        return verdict
    told = f"the subject recorded {counts[1]} of {counts[0]} first derivatives"
    return replace(verdict, blame="subject", witness=None, reason=told)


def _of_own_draw(sides: Sides, case: Case, check: str, tolerance: Tolerance) -> Verdict:
    """The reference draws other numbers, so the differences alone are asked whether the subject's answer is its own."""
    alone = replace(sides, reference=_Nothing())
    verdict = examine(alone, case, check, tolerance)
    return verdict if verdict.kind == DIFFER else Verdict(kind=AGREE, witness=verdict.witness)


class _Nothing:
    """An implementation without any operator."""

    name = "nothing"

    def op(self, _name: str) -> None:
        return None


# Note [Errors that no clause knows]
# Errors are the same where a clause's pattern knows both. Beside that, two sides that refuse an operator in
# the same words mean the same, whatever sizes they name; and so do two that say that it has no derivative.
_NUMBER = re.compile(r"\d+")
_OPERATOR = re.compile(r"^[\w.]+: ")
_SHAPES = re.compile(r"\bshape|\bsizes?\b|\dD tensor")
_UNDEFINED = re.compile(r"derivative for .* is not implemented")


def _raised_alike(check: str, outcomes: Outcomes) -> bool:
    """See Note [Errors that no clause knows]."""
    raised = [outcome.raised.get(check) if outcome is not None else None for outcome in outcomes]
    if raised[0] is None or raised[1] is None:
        return False
    if all(_UNDEFINED.search(error.message) for error in raised if error is not None):
        return True
    if all(_SHAPES.search(error.message) for error in raised if error is not None):
        return raised[0].exception == raised[1].exception
    words = sorted((_words(error.message) for error in raised if error is not None), key=len)
    return raised[0].exception == raised[1].exception and words[1].startswith(words[0])


def _words(message: str) -> str:
    """A message without the operator's name before it, and without its numbers."""
    return _NUMBER.sub("#", _OPERATOR.sub("", message)).rstrip(". ")


def _lacking(row: Row, verdict: Verdict) -> Verdict:
    """A refusal that says that there is no such kernel, or no such derivative, is no difference."""
    _, is_refusal, told = (verdict.reason or "").partition("the subject raised ")
    text = told.partition(": ")[2]
    if not is_refusal:
        return verdict
    if _UNDEFINED.search(text):
        return Verdict(kind=SUBJECT_LACKS, reason=text.removesuffix(", the reference nothing"))
    why = row.column.driver.why_lacking(RuntimeError(text))
    return verdict if why is None else Verdict(kind=SUBJECT_LACKS, reason=why[1])


# Note [None and nothing]  # noqa: ERA001
# A first backward tells no gradient (None) from a gradient of zeros, and is held to that. Everywhere else,
# and where one of the tensors has no elements, the two are one: what is None on one side only stands for
# zeros of the other's shape.
def _aligned(
    check: str, case: Case, one: CaseOutcome | None, other: CaseOutcome | None
) -> Outcomes:
    """See Note [None and nothing]."""
    if one is None or other is None or check == "value" or one.raised or other.raised:
        return one, other
    field = _FIELDS[check]
    mine, theirs = getattr(one, field), getattr(other, field)
    if len(mine) != len(theirs):
        return one, other
    is_first = check == "vjp" and not is_composed(case)
    is_strict = is_first and all(array.size for array in case.arrays())
    return (
        replace(
            one,
            **{
                field: tuple(
                    _filled(a, b, is_strict=is_strict) for a, b in zip(mine, theirs, strict=True)
                )
            },
        ),
        replace(
            other,
            **{
                field: tuple(
                    _filled(b, a, is_strict=is_strict) for a, b in zip(mine, theirs, strict=True)
                )
            },
        ),
    )


def _filled(
    answer: NDArray[Any] | None, like: NDArray[Any] | None, *, is_strict: bool
) -> NDArray[Any] | None:
    if answer is not None or like is None or (is_strict and like.size):
        return answer
    return np.zeros_like(like)


def _rounding_explains(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, outcomes: Outcomes
) -> bool:
    """Whether every difference is one that roundings of the inputs make too. See Note [What rounding explains]."""
    wanted, found = (answers(outcome, check) for outcome in outcomes if outcome is not None)
    if len(wanted) != len(found):
        return False
    if any((w is None) != (f is None) for w, f in zip(wanted, found, strict=True)):
        return False

    def again(at: Case) -> Sequence[NDArray[Any] | None]:
        return answers(run_case(sides.reference, at, (check,)), check)

    allowed = allowance(again, _drawn(sides, case), tolerance.eps)
    return all(
        w is None or (f is not None and _is_within(w, f, a, tolerance))
        for w, f, a in zip(wanted, found, allowed, strict=True)
    )


def _is_within(want: NDArray[Any], got: NDArray[Any], allowed: Any, tolerance: Tolerance) -> bool:
    if want.shape != got.shape or allowed is None:
        return False
    # At a pole an infinity and NaN say the same: that there is no derivative.
    got = np.where(np.isfinite(want) | np.isfinite(got), got, want)
    return not compare(want, got, replace(tolerance, atol=tolerance.atol + allowed))


def _drawn(sides: Sides, case: Case) -> Case:
    """The case with its cotangents and tangents as data, so that they can be moved."""
    values = run_case(sides.reference, case, ("value",)).values
    outputs = [v.value for v in values if v.requires_grad]
    return replace(
        case,
        cotangents=tuple(case.drawn_cotangents(outputs)),
        tangents=tuple(case.drawn_tangents()),
    )


def answers(outcome: CaseOutcome, check: str) -> Sequence[NDArray[Any] | None]:
    """What an outcome holds for one check, as arrays."""
    if check == "value":
        return [v.value for v in outcome.values]
    found: Sequence[NDArray[Any] | None] = getattr(outcome, _FIELDS[check])
    return found


def _told(found: Sequence[Finding], count: int) -> Verdict:
    """The worst verdict, with the names of all samples that share it."""
    worst = max(found, key=_badness)
    names = "\n".join(f"  sample {finding.sample}" for finding in found[:SHOWN])
    more = f"\n  and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    reason = f"sample {worst.sample}: {worst.verdict.reason or 'reference and subject differ'}"
    several = f"\n{len(found)} of {count} samples:\n{names}{more}" if len(found) > 1 else ""
    return replace(worst.verdict, reason=reason + several)


def _badness(finding: Finding) -> float:
    worst = finding.verdict.worst
    return worst.over_bound if worst is not None else float("inf")
