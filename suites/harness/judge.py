"""Agreement of reference and subject on a case, and who is right when there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from suites.harness.case import Arrays, CaseOutcome
from suites.harness.compare import Difference, Worst, compared, worst_first
from suites.harness.known_errors import is_same_error
from suites.harness.notes import Disagreement, current_notes
from suites.harness.observation import Observation, Raised
from suites.harness.tolerances import Tolerance
from suites.harness.witnesses import Witness

AGREE = "agree"
DIFFER = "differ"
REFERENCE_LACKS = "reference-lacks"
SUBJECT_LACKS = "subject-lacks"
NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the two sides agree on one check of a case; where they do not, who is to blame and what says so."""

    kind: str
    blame: str | None = None
    failure: str = "value"
    differences: tuple[Difference, ...] = ()
    witness: Witness | None = None
    worst: Worst | None = None
    arrays: tuple[NDArray[Any], NDArray[Any]] | None = None
    reason: str | None = None


def judge(
    check: str,
    reference: CaseOutcome | None,
    subject: CaseOutcome | None,
    tolerance: Tolerance,
    *,
    ask: Callable[[], Witness] | None = None,
) -> Verdict:
    """The verdict on one check.

    Args:
        check: ``value``, ``vjp``, ``jvp`` or ``double``.
        reference: what the reference made of the case; None where it has no such op.
        subject: what is under test made of it; None where it has no such op.
        tolerance: how far two right answers may lie apart.
        ask: the third witness, asked where the numbers differ, or where the reference has none.
    """
    if subject is None:
        return Verdict(kind=SUBJECT_LACKS, reason="the subject has no such operator")
    if reference is None or _is_lacking(reference.raised.get(check)):
        return _without_reference(check, subject, ask)
    if check in reference.raised or check in subject.raised:
        return _of_errors(reference.raised.get(check), subject.raised.get(check))
    if check == "value":
        return _of_numbers(*_values(reference.values, subject.values, tolerance), ask=None)
    numbers = _derivatives(
        _answers(check, reference), _answers(check, subject), tolerance, label=_LABELS[check]
    )
    return _of_numbers(*numbers, ask=ask)


_LABELS = {"vjp": "gradient", "jvp": "tangent", "double": "second gradient"}


def settle(verdict: Verdict, script: str | None = None) -> None:
    """Makes the verdict that of the running test: its record, and whether it fails.

    Args:
        verdict: on one check of a case.
        script: shows the difference with torch alone; see ``examine.repro_of``.

    Raises:
        Disagreement: reference and subject differ.
    """
    notes = current_notes()
    notes.count(verdict.worst)
    notes.facts["verdict"] = verdict.kind
    if verdict.witness is not None:
        notes.facts["witness"] = verdict.witness.record()
    if verdict.kind == DIFFER:
        notes.facts["blame"] = verdict.blame
        notes.facts["script"] = script
        told = verdict.reason or "reference and subject differ"
        raise Disagreement(
            told, kind=verdict.failure, differences=verdict.differences, arrays=verdict.arrays
        )
    outcome = {
        REFERENCE_LACKS: "reference-lacks",
        SUBJECT_LACKS: "unsupported",
        NOT_APPLICABLE: "not-applicable",
    }
    if verdict.kind in outcome:
        notes.facts["outcome"] = outcome[verdict.kind]
        pytest.skip(verdict.reason or verdict.kind)


def _is_lacking(raised: Raised | None) -> bool:
    return raised is not None and raised.message.startswith("the reference has no")


def _without_reference(
    check: str, subject: CaseOutcome, ask: Callable[[], Witness] | None
) -> Verdict:
    if ask is None or check in subject.raised or check == "value":
        return Verdict(kind=REFERENCE_LACKS, reason="the reference has no such operator")
    witness = ask()
    if witness.blame == "subject":
        reason = f"{witness.says} (the reference has no such operator)"
        return Verdict(kind=DIFFER, blame="subject", witness=witness, reason=reason)
    return Verdict(
        kind=REFERENCE_LACKS,
        witness=witness,
        reason=f"the reference has no such operator; {witness.says}",
    )


def _of_errors(reference: Raised | None, subject: Raised | None) -> Verdict:
    if reference is not None and subject is not None:
        if is_same_error(reference, subject):
            return Verdict(kind=AGREE)
        return _error_verdict(
            "wrong-error",
            f"{_told(reference)} from the reference, {_told(subject)} from the subject",
        )
    if reference is not None:
        return _error_verdict(
            "missing-error", f"wanted {_told(reference)}, but the subject raised nothing"
        )
    return _error_verdict(
        "wrong-error", f"the subject raised {_told(subject)}, the reference nothing"
    )


def _error_verdict(failure: str, reason: str) -> Verdict:
    return Verdict(kind=DIFFER, blame="undecided", failure=failure, reason=reason)


def _told(raised: Raised | None) -> str:
    if raised is None:
        return "nothing"
    return f"{raised.exception}: {raised.message.partition(chr(10))[0]}"


Numbers = tuple[list[Difference], Worst | None, tuple[NDArray[Any], NDArray[Any]] | None]


def _of_numbers(
    differences: list[Difference],
    worst: Worst | None,
    arrays: tuple[NDArray[Any], NDArray[Any]] | None,
    *,
    ask: Callable[[], Witness] | None,
) -> Verdict:
    if not differences:
        return Verdict(kind=AGREE, worst=worst)
    witness = ask() if ask is not None else None
    return Verdict(
        kind=DIFFER,
        blame=witness.blame if witness is not None else "undecided",
        failure=differences[0].kind,
        differences=tuple(differences),
        witness=witness,
        worst=worst,
        arrays=arrays,
        reason=witness.says if witness is not None else None,
    )


def _answers(check: str, outcome: CaseOutcome) -> Arrays:
    return {"vjp": outcome.vjp, "jvp": outcome.jvp, "double": outcome.double}[check]


def _values(
    wanted: Sequence[Observation], found: Sequence[Observation], tolerance: Tolerance
) -> Numbers:
    if len(wanted) != len(found):
        return [_count_difference(len(wanted), len(found))], None, None
    differences: list[Difference] = []
    for i, (want, got) in enumerate(zip(wanted, found, strict=True)):
        where = "value" if len(wanted) == 1 else f"value[{i}]"
        for fact in ("requires_grad", "is_leaf"):
            if getattr(want, fact) != getattr(got, fact):
                expected, actual = str(getattr(want, fact)), str(getattr(got, fact))
                differences.append(
                    Difference(f"{fact} of {where}", expected, actual, np.inf, 0.0, kind="value")
                )
    plain = _derivatives(
        tuple(w.value for w in wanted), tuple(f.value for f in found), tolerance, label="value"
    )
    return differences + plain[0], plain[1], plain[2]


def _derivatives(wanted: Arrays, found: Arrays, tolerance: Tolerance, *, label: str) -> Numbers:
    if len(wanted) != len(found):
        return [_count_difference(len(wanted), len(found))], None, None
    differences: list[Difference] = []
    worst: Worst | None = None
    arrays = None
    for i, (want, got) in enumerate(zip(wanted, found, strict=True)):
        where = label if len(wanted) == 1 else f"{label}[{i}]"
        if want is None or got is None:
            differences += _presence(want, got, where, is_strict=label == _LABELS["vjp"])
            continue
        found_here, here = compared(want, got, tolerance, where=where)
        differences += found_here
        if worst is None or here.over_bound > worst.over_bound:
            worst, arrays = here, (got, want)
    return worst_first(differences), worst, arrays


def _presence(
    want: NDArray[Any] | None, got: NDArray[Any] | None, where: str, *, is_strict: bool
) -> list[Difference]:
    """No gradient and a gradient of zeros are two things in a first backward, and one anywhere else."""
    given = want if want is not None else got
    if given is None or (not is_strict and not np.any(given)):
        return []
    texts = [
        "None" if side is None else f"a gradient of shape {side.shape}" for side in (want, got)
    ]
    return [Difference(where, texts[0], texts[1], np.inf, 0.0)]


def _count_difference(wanted: int, found: int) -> Difference:
    return Difference("number of results", str(wanted), str(found), np.inf, 0.0, kind="shape")
