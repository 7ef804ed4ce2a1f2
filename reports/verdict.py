"""The run in one sentence, and the failures by what they have in common."""

from dataclasses import dataclass

from reports.records import Case, Run
from reports.status import EXECUTED
from reports.text import count, listing, one_line, seconds


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
    def query(self) -> str:
        """The filter that finds these cases in the page."""
        if self.cases[0].signature is None:
            return f"status:{self.cases[0].status} signature:no-message"
        start = self.text[:140].replace('"', "*")
        return f'status:unexpected signature:"{start}"'

    @property
    def only_reference(self) -> bool:
        """Whether no subject shows it, so that it is our bug."""
        return all(case.subject.is_reference for case in self.cases)

    @property
    def entries(self) -> str:
        """The clauses and ops it was seen in."""
        return listing(sorted({case.entry for case in self.cases}))


def judge_run(run: Run) -> Verdict:
    """What the run says about the torch it looked at."""
    notes = tuple(_notes(run))
    if not run.executed():
        return Verdict(_nothing_ran(run), "empty", notes)
    ours = [case for case in run.unexpected if case.subject.is_reference]
    theirs = [case for case in run.unexpected if not case.subject.is_reference]
    score = _Score(run)
    if not score.ran:
        sentence = _of_reference(run, ours)
    elif theirs:
        sentence = _broken(run, score, theirs)
    elif ours:
        sentence = f"The reference itself fails {count(len(ours), 'case')}, which is our bug; {_kept(run, score)}"
    else:
        sentence = _kept(run, score)
    tone = "bad" if ours or theirs else "good"
    if run.incomplete:
        files = len({problem.path for problem in run.problems if problem.incomplete})
        lost = f"{files:,} of {count(len(run.files), 'record file')} broken or unfinished"
        sentence = f"Incomplete ({lost}): of what was recorded, {_lower(sentence)}"
        tone = "bad" if tone == "bad" else "incomplete"
    return Verdict(f"{sentence}.", tone, notes)


class _Score:
    """What ran on the subjects, the reference aside."""

    def __init__(self, run: Run) -> None:
        self.passed, self.ran = 0, 0
        self.clauses: set[str] = set()
        self.others: set[str] = set()
        for row, total in run.totals.items():
            executed = sum(amount for status, amount in total.counts.items() if status in EXECUTED)
            if executed and not row.subject.is_reference:
                self.ran += executed
                self.passed += total.counts["pass"]
                if row.clause or row.op:  # programs are neither
                    (self.clauses if row.clause else self.others).add(row.entry)


def _lower(sentence: str) -> str:
    return f"the{sentence[3:]}" if sentence.startswith("The ") else sentence


def _nothing_ran(run: Run) -> str:
    if not run.files:
        return "Nothing ran: there are no record files."
    if not run.cases:
        return f"Nothing ran: {count(len(run.files), 'record file')} without a single case."
    told = listing([f"{amount:,} {status}" for status, amount in run.counts.most_common()])
    return f"Nothing ran: none of {count(len(run.cases), 'case')} was executed ({told})."


def subject_name(run: Run) -> str:
    """The torch builds and devices that were looked at."""
    versions = sorted({one_line(file.torch, 40) for file in run.files if file.torch is not None})
    devices = sorted({subject.device for subject in run.subjects() if not subject.is_reference})
    torch = f"torch {listing(versions)}" if versions else "the subject"
    return f"{torch} on {listing(devices)}" if devices else torch


def _places(clauses: set[str], others: set[str]) -> str:
    parts = [count(len(clauses), "promise")] if clauses else []
    if others:
        parts.append(count(len(others), "op"))
    return " and ".join(parts)


def _kept(run: Run, score: _Score) -> str:
    expected = score.ran - score.passed
    known = (
        f", {count(expected, 'case')} fail{'s' * (expected == 1)} as expected" if expected else ""
    )
    passed = f"{count(score.passed, 'case')} pass{'es' * (score.passed == 1)}"
    return f"{subject_name(run)} keeps what was checked, {_places(score.clauses, score.others)}: {passed}{known}"


def _broken(run: Run, score: _Score, theirs: list[Case]) -> str:
    clauses = {case.entry for case in theirs if case.row.clause}
    others = {case.entry for case in theirs if not case.row.clause}
    group = signatures(theirs)[0]
    most = f", most often with “{one_line(group.text, 80)}”" if len(group.cases) > 1 else ""
    ends = (
        f"{len(theirs):,} of {count(score.ran, 'case')} end{'s' * (len(theirs) == 1)} unexpectedly"
    )
    return f"{subject_name(run)} breaks {_places(clauses, others)}: {ends}{most}"


def _of_reference(run: Run, ours: list[Case]) -> str:
    ran = run.executed()
    if ours:
        return f"The reference fails {len(ours):,} of {count(ran, 'case')}, which is our bug; no torch was checked"
    return f"The reference keeps what was checked ({count(ran, 'case')}); no torch was checked"


def _notes(run: Run) -> list[str]:
    notes = []
    if run.totals and all(row.subject.is_reference for row in run.totals):
        notes.append("Only the reference ran: this page says nothing about any torch.")
    ours = sum(case.subject.is_reference for case in run.unexpected)
    if ours:
        notes.append(f"The reference fails {count(ours, 'case')}: our bugs, not the subject's.")
    lacking = run.counts["reference-lacks"]
    if lacking:
        notes.append(
            f"The reference lacks {count(lacking, 'case')}; none of them counts as a pass."
        )
    if run.conflicts:
        notes.append(
            f"{count(len(run.conflicts), 'case')} recorded with different outcomes, none counted as a pass."
        )
    if run.repeats:
        notes.append(
            f"{count(run.repeats, 'record')} repeated a case that was recorded before; each case counts once."
        )
    unmatched = sum(not entry.matched for entry in run.expectations)
    if unmatched:
        notes.append(f"{count(unmatched, 'expectation')} spoke for no case of this run.")
    if run.elapsed_s:
        notes.append(f"The cases took {seconds(run.elapsed_s)} together.")
    return notes


def signatures(cases: list[Case]) -> list[Signature]:
    """The cases by what their failure looks like, the most frequent first, those of the reference alone last."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.signature or f"{case.status} without a message", []).append(case)
    found = [Signature(text, members) for text, members in groups.items()]
    return sorted(
        found,
        key=lambda signature: (signature.only_reference, -len(signature.cases), signature.text),
    )
