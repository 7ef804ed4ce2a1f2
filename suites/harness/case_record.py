"""The record of one finished case, from what the test left behind."""

import re
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from suites.harness.compare import SHOWN, worst_first
from suites.harness.expectations import Expectation
from suites.harness.identity import Identity
from suites.harness.notes import CaseNotes, Disagreement
from suites.harness.outcome import FAILING, Judged, Result

SMALL = 64
_NUMBERS = re.compile(r"0x[0-9a-f]+|[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_FACTS = (
    "op", "check", "verdict", "blame", "witness", "arrays", "differences", "repro", "area", "loosened",
)  # fmt: skip


@dataclass(slots=True)
class Finished:
    """A test at its end: what it is, what came of it, and how long it took."""

    item: pytest.Item
    cases: list[Identity]
    result: Result
    judged: Judged
    entry: Expectation | None
    notes: CaseNotes
    elapsed_s: float
    rerun: str


def case_facts(done: Finished, case: Identity) -> dict[str, Any]:
    """The record of one case of a finished test, but for the text that tells of it."""
    error, notes = done.result.error, done.notes
    differences = getattr(error, "differences", ())
    facts: dict[str, Any] = {
        "id": case.id,
        "suite": case.suite,
        "subject": asdict(case.subject),
        "area": case.area,
        "clause": case.clause,
        "op": case.op,
        "check": case.check,
        "test": done.item.nodeid,
        "outcome": done.result.outcome,
        "kind": done.result.kind,
        "expectation": done.judged.expectation,
        "reason": done.result.reason
        or (done.entry.reason if done.judged.expectation and done.entry else None),
        "issue": done.entry.issue if done.entry is not None else None,
        "verdict": None,
        "blame": _blame(done, case),
        "elapsed_s": round(done.elapsed_s, 6),
        "checks": max(notes.checks, 1) if done.result.outcome == "pass" else notes.checks,
        "error": asdict(notes.worst) if notes.worst is not None else None,
        "differences": [_difference(d) for d in worst_first(differences)[:SHOWN]],
        "witness": None,
        "arrays": _arrays(error),
        "message": None,
        "signature": signature(error) if done.result.outcome in FAILING else None,
        "lines": _lines(done.item, error),
        "repro": None,
        "rerun": done.rerun,
        "expected_failure": done.entry.record() if done.entry is not None else None,
    }
    facts.update({key: notes.facts[key] for key in _FACTS if key in notes.facts})
    return facts


def signature(error: BaseException | None) -> str | None:
    """One line that failures of the same sort share: the type and the message without its numbers."""
    if error is None:
        return None
    lines = str(error).strip().splitlines() or [""]
    name = error.kind if isinstance(error, Disagreement) else type(error).__name__
    return f"{name}: {_NUMBERS.sub('#', lines[0])[:160]}"


def _blame(done: Finished, case: Identity) -> str | None:
    if done.result.outcome not in FAILING:
        return None
    return "reference" if case.subject.is_reference else "subject"


def _difference(difference: Any) -> dict[str, Any]:
    facts = asdict(difference)
    facts.pop("kind")
    return facts


def _arrays(error: BaseException | None) -> dict[str, Any] | None:
    arrays = getattr(error, "arrays", None)
    if arrays is None or any(array.size > SMALL for array in arrays):
        return None
    got, want = arrays
    return {"shape": list(got.shape), "got": got, "want": want}


def _lines(item: pytest.Item, error: BaseException | None) -> dict[str, Any]:
    path, line, _ = item.location
    return {
        "test": [path, (line or 0) + 1],
        "reference": _reference_line(error, item.config.rootpath),
    }


def _reference_line(error: BaseException | None, root: Path) -> list[Any] | None:
    """The deepest line of the reference that the error passed through."""
    for candidate in (error, getattr(error, "__cause__", None)):
        trace: TracebackType | None = getattr(candidate, "__traceback__", None)
        for frame in reversed(traceback.extract_tb(trace)):
            path = Path(frame.filename)
            if path.is_relative_to(root / "reference_impl"):
                return [str(path.relative_to(root)), frame.lineno]
    return None
