"""What each page is given: plain values, ready for its template."""

from collections import Counter
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

from reports.changes import KINDS, Changes, tell
from reports.detail import case_detail
from reports.matrix import Cell, build_matrix, counts_by_subject
from reports.records import Case, Run
from reports.statement import build_statement
from reports.status import EXECUTED, STATUSES
from reports.text import number, one_line
from reports.verdict import Signature, judge_run, signatures, subject_name

SHOWN_FAILURES = 150
SHOWN_PROBLEMS = 50
SHOWN_SIGNATURES = 12
SHOWN_TIMES = 30
SHOWN_CHANGES = 200
PER_SIGNATURE = 4
SHOWN_VALUES = 6
ENVIRONMENT = {
    "torch": "torch",
    "numpy": "NumPy",
    "python": "Python",
    "os": "system",
    "cpu": "processor",
    "devices": "devices",
    "driver": "driver",
    "mode": "modes",
    "tier": "tier",
    "seed": "seed",
    "suite_version": "suite",
    "commit": "commit",
    "run": "run",
    "started": "started",
    "options": "options",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the overview."""

    amount: str
    label: str
    tone: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; ``share`` is its length, 0 to 100."""

    label: str
    value: float
    share: float
    note: str = ""
    linked: bool = False


def page_context(run: Run, changes: Changes | None) -> dict[str, Any]:
    """Everything that the templates need."""
    unexpected = run.unexpected
    groups = signatures(unexpected)
    return {
        "verdict": judge_run(run),
        "name": subject_name(run),
        "tiles": _tiles(run),
        "subjects": counts_by_subject(run),
        "counts": run.counts,
        "statuses": list(STATUSES.values()),
        "signatures": groups[:SHOWN_SIGNATURES],
        "signature_count": len(groups),
        "blames": Counter(case.blame for case in unexpected if case.blame).most_common(),
        "problems": run.problems[:SHOWN_PROBLEMS],
        "more_problems": max(0, len(run.problems) - SHOWN_PROBLEMS),
        "environment": _environment(run),
        "files": run.files[:60],
        "more_files": max(0, len(run.files) - 60),
        "matrix": build_matrix(run),
        "failures": _failures(run, groups[:SHOWN_FAILURES]),
        "unexpected": len(unexpected),
        "expectations": _expectations(run),
        "timing": _timing(run),
        "faults": _faults(run),
        "statement": build_statement(run),
        "changes": _changes(changes),
    }


def _tiles(run: Run) -> list[Tile]:
    counts, unexpected = run.counts, len(run.unexpected)
    executed_rows = [
        row for row, total in run.totals.items() if any(total.counts[status] for status in EXECUTED)
    ]
    # Counted as the verdict counts them: on the subjects, or on the reference where it ran alone.
    looked_at = [row for row in executed_rows if not row.subject.is_reference] or executed_rows
    clauses = {row.clause for row in looked_at if row.clause}
    ops = {row.op for row in looked_at if row.op}
    executed = run.executed()
    tiles = [
        Tile(f"{executed:,}", "cases executed", "" if executed else "bad", "status:executed"),
        Tile(f"{counts['pass']:,}", "passed", "good" if counts["pass"] else "", "status:pass"),
        Tile(f"{unexpected:,}", "unexpected", "bad" if unexpected else "good", "status:unexpected"),
        Tile(
            f"{counts['xfail']:,}",
            "failed as expected",
            "warn" if counts["xfail"] else "",
            "status:xfail",
        ),
        Tile(f"{counts['unsupported']:,}", "unsupported", "", "status:unsupported"),
        Tile(f"{counts['skip']:,}", "skipped", "", "status:skip"),
        Tile(f"{counts['reference-lacks']:,}", "reference lacks", "", "status:reference-lacks"),
        Tile(f"{sum(total.checks for total in run.totals.values()):,}", "comparisons", ""),
    ]
    known = f"of {len(run.clauses):,} " if len(run.clauses) >= len(clauses) else ""
    tiles.append(Tile(f"{len(clauses):,}", f"{known}promises looked at", ""))
    return [*tiles, Tile(f"{len(ops):,}", "ops looked at", "")] if ops else tiles


def _environment(run: Run) -> list[tuple[str, str]]:
    """What the files say about where they ran; values on which they disagree stand side by side."""
    rows = []
    for name, label in ENVIRONMENT.items():
        values = sorted({_value(header.get(name)) for header in run.headers} - {""})
        more = [f"{len(values) - SHOWN_VALUES} more"] if len(values) > SHOWN_VALUES else []
        if values:
            rows.append((label, " / ".join([*values[:SHOWN_VALUES], *more])))
    return rows


def _value(value: Any) -> str:
    """A field of a header as text, the options of a run among them."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(one_line(item, 80) for item in value[:12])
    if isinstance(value, dict):
        given = [
            (name, option) for name, option in value.items() if option not in (None, [], False)
        ]
        return ", ".join(
            f"{one_line(name, 40)}={one_line(option, 80)}" for name, option in given[:20]
        )
    return one_line(value, 160)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures that look alike, some of them with details."""

    signature: Signature
    shown: list[tuple[Case, dict[str, Any]]]

    @property
    def more(self) -> int:
        """How many are not shown one by one."""
        return len(self.signature.cases) - len(self.shown)


def _failures(run: Run, groups: list[Signature]) -> list[FailureGroup]:
    left, wanted = SHOWN_FAILURES, []
    for group in groups:
        share = min(PER_SIGNATURE, max(left, 1)) if left > 0 else 0
        wanted.append(group.cases[:share])
        left -= share
    records = {
        case.key: record
        for case, record in run.details([case for cases in wanted for case in cases])
    }
    return [
        FailureGroup(
            group,
            [
                (case, _whole(case_detail(records[case.key], run.conflicts.get(case.key))))
                for case in cases
            ],
        )
        for group, cases in zip(groups, wanted, strict=True)
    ]


def _whole(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail with None for what it lacks, so that a template may ask for it."""
    names = ("conflict", "differences", "message", "rerun", "repro", "proven")
    return dict.fromkeys(names) | detail | {"says": detail.get("witness", {}).get("says")}


def _expectations(run: Run) -> dict[str, Any]:
    return {
        "entries": sorted(
            run.expectations, key=lambda entry: (entry.matched > 0, entry.file, entry.id)
        )[:500],
        "more": max(0, len(run.expectations) - 500),
        "unmatched": sum(not entry.matched for entry in run.expectations),
        "xfail": run.counts["xfail"],
        "xpass": [case for case in run.unexpected if case.status == "xpass"][:100],
    }


def _timing(run: Run) -> dict[str, Any]:
    slowest = nlargest(SHOWN_TIMES, run.cases.values(), key=lambda case: case.elapsed_s)
    groups: dict[str, float] = {}
    subjects: dict[str, float] = {}
    for row, total in run.totals.items():
        groups[row.group] = groups.get(row.group, 0.0) + total.elapsed_s
        subjects[row.subject.label] = subjects.get(row.subject.label, 0.0) + total.elapsed_s
    workers = {
        file.path.name: number((file.footer or {}).get("elapsed_s")) or 0.0
        for file in run.files
        if file.footer
    }
    return {
        "total": run.elapsed_s,
        "cases": _bars({case.key: case.elapsed_s for case in slowest}, linked=True),
        "groups": _bars(groups),
        "subjects": _bars(subjects),
        "workers": _bars(workers),
    }


def _bars(values: dict[str, float], *, linked: bool = False) -> list[Bar]:
    longest = max(values.values(), default=0.0) or 1.0
    top = sorted(values.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_TIMES]
    return [
        Bar(label, value, round(100 * value / longest, 2), linked=linked) for label, value in top
    ]


def _faults(run: Run) -> dict[str, Any] | None:
    if not run.faults:
        return None
    groups: dict[str, Cell] = {}
    for fault in run.faults:
        groups.setdefault(fault.group, Cell()).counts["found" if fault.found else "missed"] += 1
    bars = [
        Bar(
            name,
            cell.counts["found"],
            round(100 * cell.counts["found"] / cell.total, 1),
            f"{cell.counts['found']} of {cell.total}",
        )
        for name, cell in sorted(groups.items())
    ]
    found = sum(fault.found for fault in run.faults)
    return {
        "bars": bars,
        "found": found,
        "total": len(run.faults),
        "rate": 100 * found / len(run.faults),
        "faults": sorted(run.faults, key=lambda fault: (fault.found, fault.group, fault.id))[:500],
    }


def _changes(changes: Changes | None) -> dict[str, Any] | None:
    if changes is None:
        return None
    groups = [(kind, label, changes.of(kind)) for kind, label in KINDS.items() if changes.of(kind)]
    return {
        "sentence": tell(changes),
        "groups": [(kind, label, len(of), of[:SHOWN_CHANGES]) for kind, label, of in groups],
    }
