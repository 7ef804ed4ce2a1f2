"""One check of one operator over its samples: every sample judged, all failing ones named, rounding told from rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from suites.harness.case import Case, run_case
from suites.harness.examine import Sides, examine, outcome_of
from suites.harness.judge import (
    AGREE,
    DIFFER,
    NOT_APPLICABLE,
    SUBJECT_LACKS,
    Verdict,
    judge,
    settle,
)
from suites.harness.notes import current_notes
from suites.harness.tolerances import ORDER, Tolerance, fixed_tolerance
from suites.ops.alike import UNDEFINED, aligned, raised_alike
from suites.ops.answers import answers
from suites.ops.drawing import is_drawn
from suites.ops.extended import by_last_digits
from suites.ops.opinfo_source import Sample
from suites.ops.rounding import explained, measured
from suites.ops.rows import Row, stop_unless_supported
from suites.ops.scripts import script_of
from suites.ops.ways import case_for, is_composed

SHOWN = 8
MOST_WITNESSED = 1  # failing samples of a row: it is the worst that is told of


@dataclass(frozen=True, slots=True)
class Finding:
    """A sample on which the two sides part ways, or one of them has nothing to say."""

    sample: str
    verdict: Verdict
    case: Case
    check: str


def check_row(row: Row, seed: int) -> None:
    """Judges a row on all its samples and settles the test by the worst verdict.

    Raises:
        Disagreement: reference and subject differ on a sample; all such samples are named.
    """
    stop_unless_supported(row)
    samples = row.samples(seed)
    if not samples:
        settle(Verdict(kind=NOT_APPLICABLE, reason="no sample of this run is of this sort"))
    with row.asked(seed):
        found = judged(row, samples, most_witnessed=MOST_WITNESSED)
        differing = [f for f in found if f.verdict.kind == DIFFER]
        script = _script(row, differing)
    if differing or found:
        settle(_told(differing or found, len(samples)), script)
    current_notes().facts["verdict"] = AGREE


def _script(row: Row, differing: Sequence[Finding]) -> str | None:
    """The script of the smallest case that failed."""
    if not differing:
        return None
    least = min(differing, key=lambda f: sum(array.size for array in f.case.arrays()))
    return script_of(row, least.case, least.check, _script_bound(row, least))


def _script_bound(row: Row, finding: Finding) -> Tolerance:
    """What a script asks for: the op's bound only where the fault is too small for one with room for conditions."""
    fixed = fixed_tolerance(row.dtype, ORDER[finding.check] + row.way.orders)
    if any(d.error > 2 * fixed.atol and d.error > 2 * d.bound for d in finding.verdict.differences):
        return fixed
    return row.tolerance(finding.check)


def judged(
    row: Row,
    samples: Sequence[Sample],
    sides: Sides | None = None,
    *,
    most_witnessed: int | None = None,
) -> list[Finding]:
    """The samples on which the two sides do not agree.

    Args:
        row: whose operator and checks these are.
        samples: its own, or others.
        sides: the row's own if not given.
        most_witnessed: of how many failing samples, the worst ones, the third witness is asked; of all if not given.
    """
    sides, found = sides or row.sides(), []
    for sample in samples:
        case = case_for(row.way, sample.case)
        for check in row.checks:
            is_open, bound = most_witnessed is None, row.tolerance(check)
            is_measured = row.tier == "full"  # it takes as long as a tenth of the other tiers
            verdict = verdict_on(
                sides, case, check, bound, is_witnessed=is_open, is_measured=is_measured
            )
            verdict = _lacking(row, verdict)
            if verdict.kind == AGREE:
                current_notes().count(verdict.worst)
            else:
                found.append(Finding(sample.name, verdict, sample.case, check))
                break
    return found if most_witnessed is None else _with_witness(row, sides, found, most_witnessed)


def _with_witness(row: Row, sides: Sides, found: list[Finding], most: int) -> list[Finding]:
    """The findings, with the third witness asked of the worst of those that are about numbers."""
    of_numbers = [f for f in found if f.verdict.kind == DIFFER and f.verdict.failure == "value"]
    asked = {id(f) for f in sorted(of_numbers, key=_badness, reverse=True)[:most]}

    def witnessed(finding: Finding) -> Finding:
        case, bound = case_for(row.way, finding.case), row.tolerance(finding.check)
        if is_drawn(case, finding.check):  # judged by the witness alone
            return finding
        told = _witnessed(sides, case, finding.check, bound, finding.verdict)
        return replace(finding, verdict=_lacking(row, told))

    return [witnessed(f) if id(f) in asked else f for f in found]


def verdict_on(
    sides: Sides,
    case: Case,
    check: str,
    tolerance: Tolerance,
    *,
    is_witnessed: bool = True,
    is_measured: bool = True,
) -> Verdict:
    """The verdict on one case.

    Args:
        sides: who is asked.
        case: what of.
        check: which of the harness's checks.
        tolerance: how far right answers may lie apart, if rounding explains no more.
        is_witnessed: whether the witness is asked where the sides differ by more.
        is_measured: whether to leave word of how far an exception to the bound was needed.
    """
    if is_drawn(case, check):
        return _of_own_draw(sides, case, check, tolerance)
    outcomes = aligned(
        check,
        case,
        outcome_of(sides.reference, case, (check,)),
        outcome_of(sides.subject, case, (check,)),
    )
    if raised_alike(check, outcomes):
        return Verdict(kind=AGREE)
    verdict = judge(check, *outcomes, tolerance)
    if verdict.kind == DIFFER and verdict.failure == "value":
        worst = explained(sides, case, check, tolerance, outcomes)
        if worst is None:
            return _witnessed(sides, case, check, tolerance, verdict) if is_witnessed else verdict
        verdict = Verdict(kind=AGREE, worst=worst)
    is_loosened = is_measured and tolerance.loosened > 1
    if verdict.kind == AGREE and is_loosened and verdict.worst is not None:
        plain = tolerance.unloosened()
        over = verdict.worst.over_bound * tolerance.loosened
        noted = "double" if is_composed(case) else check
        if over > max(_need_of(noted), 1.0):  # measuring lowers it at most
            over = min(over, measured(sides, case, check, plain, outcomes))
        _note_need(noted, over)
    return verdict


def _need_of(check: str) -> float:
    """How far an exception was needed by the samples before."""
    needed: dict[str, float] = current_notes().facts.get("loosened", {})
    return needed.get(check, 0.0)


def _note_need(check: str, over: float) -> None:
    """Leaves word of how far an exception was needed: the error in units of the bound without it."""
    needed: dict[str, float] = current_notes().facts.setdefault("loosened", {})
    needed[check] = max(over, needed.get(check, 0.0))


def _witnessed(
    sides: Sides, case: Case, check: str, tolerance: Tolerance, verdict: Verdict
) -> Verdict:
    """A difference, with what the third witness says of it."""
    try:
        witnessed = examine(sides, case, check, tolerance)
    except (RuntimeError, ValueError) as error:  # the differences stepped out of the op's domain
        return replace(verdict, reason=f"no differences can be taken here: {error}")
    witnessed = _unless_untracked(sides, case, witnessed)
    is_open = witnessed.witness is not None and witnessed.witness.blame == "difference"
    return _with_last_digits(sides, case, check, witnessed) if is_open else witnessed


def _with_last_digits(sides: Sides, case: Case, check: str, verdict: Verdict) -> Verdict:
    """The verdict, with the reference in longdouble asked where differences are too noisy to decide."""
    asked = [sides.reference, sides.subject, sides.extended]
    outcomes = [None if side is None else outcome_of(side, case, (check,)) for side in asked]
    given = [() if outcome is None else answers(outcome, check) for outcome in outcomes]
    told = by_last_digits(*given)
    return verdict if told is None else replace(verdict, blame=told[0], reason=told[1])


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


def _lacking(row: Row, verdict: Verdict) -> Verdict:
    """A refusal that says that there is no such kernel, or no such derivative, is no difference."""
    _, is_refusal, told = (verdict.reason or "").partition("the subject raised ")
    text = told.partition(": ")[2]
    if not is_refusal:
        return verdict
    if UNDEFINED.search(text):
        return Verdict(kind=SUBJECT_LACKS, reason=text.removesuffix(", the reference nothing"))
    why = row.column.driver.why_lacking(RuntimeError(text))
    return verdict if why is None else Verdict(kind=SUBJECT_LACKS, reason=why[1])


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
