"""The run in one sentence, and the failures by what they have in common."""

from collections import Counter
from dataclasses import dataclass

from reports.records import Case, Run
from reports.status import EXECUTED, UNEXPECTED
from reports.text import count, listing, seconds


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence, its tone (good, bad, incomplete, empty) and what to say beside it."""

    sentence: str
    tone: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Failures that look alike."""

    text: str
    cases: list[Case]

    @property
    def subjects(self) -> str:
        """The columns it was seen in."""
        return listing(sorted({case.subject.label for case in self.cases}))

    @property
    def entries(self) -> str:
        """The clauses and ops it was seen in."""
        return listing(sorted({case.entry for case in self.cases}))


def judge_run(run: Run) -> Verdict:
    """What the run says about the torch it looked at."""
    executed = run.executed()
    notes = tuple(_notes(run))
    if not executed:
        return Verdict(_nothing_ran(run), "empty", notes)
    ours = [case for case in run.unexpected() if case.subject.is_reference]
    theirs = [case for case in run.unexpected() if not case.subject.is_reference]
    subject_ran = sum(case.status in EXECUTED and not case.subject.is_reference for case in run.cases.values())
    if not subject_ran:
        sentence = _of_reference(run, ours)
    elif theirs:
        sentence = _broken(run, theirs, subject_ran)
    elif ours:
        sentence = f"The reference itself fails {count(len(ours), 'case')}, which is our bug; {_kept(run, subject_ran)}"
    else:
        sentence = _kept(run, subject_ran)
    tone = "bad" if ours or theirs else "good"
    if run.incomplete:
        files = len({problem.path for problem in run.problems if problem.incomplete})
        lost = f"{files} of {count(len(run.files), 'record file')} broken or unfinished"
        sentence = f"Incomplete ({lost}): of what was recorded, {_lower(sentence)}"
        tone = "bad" if tone == "bad" else "incomplete"
    return Verdict(f"{sentence}.", tone, notes)


def _lower(sentence: str) -> str:
    return "the" + sentence[3:] if sentence.startswith("The ") else sentence


def _nothing_ran(run: Run) -> str:
    if not run.files:
        return "Nothing ran: there are no record files."
    if not run.cases:
        return f"Nothing ran: {count(len(run.files), 'record file')} without a single case."
    statuses = Counter(case.status for case in run.cases.values())
    told = listing([f"{amount:,} {status}" for status, amount in statuses.most_common()])
    return f"Nothing ran: none of {count(len(run.cases), 'case')} was executed ({told})."


def subject_name(run: Run) -> str:
    """The torch builds and devices that were looked at."""
    versions = sorted({file.torch for file in run.files if file.torch is not None})
    devices = sorted({case.subject.device for case in run.cases.values() if not case.subject.is_reference})
    torch = f"torch {listing(versions)}" if versions else "the subject"
    return f"{torch} on {listing(devices)}" if devices else torch


def _entries(cases: list[Case]) -> str:
    clauses = {case.entry for case in cases if case.clause}
    others = {case.entry for case in cases if not case.clause}
    parts = [count(len(clauses), "promise")] if clauses else []
    if others:
        parts.append(count(len(others), "op") if all(case.op for case in cases if not case.clause) else f"{len(others)} others")
    return " and ".join(parts)


def _checked(run: Run) -> list[Case]:
    return [case for case in run.cases.values() if case.status in EXECUTED and not case.subject.is_reference]


def _kept(run: Run, ran: int) -> str:
    checked = _checked(run)
    passed = sum(case.status == "pass" for case in checked)
    expected = ran - passed
    known = f", {expected:,} fail as expected" if expected else ""
    return f"{subject_name(run)} keeps what was checked, {_entries(checked)}: {count(passed, 'case')} pass{'es' * (passed == 1)}{known}"


def _broken(run: Run, theirs: list[Case], ran: int) -> str:
    clauses = {case.entry for case in theirs}
    signature = signatures(theirs)[0]
    top = f", most often with “{signature.text[:80]}”" if len(signature.cases) > 1 else ""
    name = subject_name(run)
    return f"{name} breaks {_entries(theirs)}: {len(theirs):,} of {count(ran, 'case')} in {count(len(clauses), 'place')} end unexpectedly{top}"


def _of_reference(run: Run, ours: list[Case]) -> str:
    ran = run.executed()
    if ours:
        return f"The reference fails {len(ours):,} of {count(ran, 'case')}, which is our bug; no torch was checked"
    return f"The reference keeps what was checked ({count(ran, 'case')}); no torch was checked"


def _notes(run: Run) -> list[str]:
    notes = []
    statuses = Counter(case.status for case in run.cases.values())
    if run.cases and not any(not case.subject.is_reference for case in run.cases.values()):
        notes.append("Only the reference ran: this page says nothing about any torch.")
    if statuses["reference-lacks"]:
        notes.append(f"The reference lacks {count(statuses['reference-lacks'], 'case')}; they are not counted as passes.")
    if run.conflicts:
        notes.append(f"{count(len(run.conflicts), 'case')} recorded with different outcomes, none counted as a pass.")
    if run.repeats:
        notes.append(f"{count(run.repeats, 'record')} repeated a case that was recorded before; each case counts once.")
    unmatched = [entry for entry in run.expectations if not entry.matched]
    if unmatched:
        notes.append(f"{count(len(unmatched), 'expectation')} matched nothing.")
    elapsed = sum(case.elapsed_s for case in run.cases.values())
    if elapsed:
        notes.append(f"The cases took {seconds(elapsed)} together.")
    return notes


def signatures(cases: list[Case]) -> list[Signature]:
    """The cases grouped by what their failure looks like, the most frequent first."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.signature or f"{case.status} without a message", []).append(case)
    found = [Signature(text, members) for text, members in groups.items()]
    return sorted(found, key=lambda signature: (-len(signature.cases), signature.text))


def unexpected_count(run: Run) -> int:
    """How many cases end in a way nobody expected."""
    return sum(case.status in UNEXPECTED for case in run.cases.values())
