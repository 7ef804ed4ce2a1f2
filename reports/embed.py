"""The cases as one compact block of data that the page unpacks: columns, gzip, base64."""

import base64
import gzip
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reports.detail import case_detail
from reports.records import Case, Row, Run
from reports.status import RANK, STATUSES
from reports.text import clean

# Above this many cases the page counts passing cases instead of listing them.
LISTED_CASES = 60_000
# Compressed bytes for cases and for their details; a third more as base64, and 2 MB in all.
DETAIL_BYTES = 620_000
EXACT = 1e15
DATA_BYTES = 1_100_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A case that the page lists, with the number of cases it stands for."""

    case: Case
    weight: int = 1


class _Table:
    """Values that many cases share, each kept once and named by its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    def values(self) -> list[Any]:
        return list(self.numbers)


def listed_cases(run: Run) -> list[Listed]:
    """What the page lists: every case, or, in a huge run, passing cases counted by row."""
    if len(run.cases) <= LISTED_CASES:
        return [Listed(case) for case in sorted(run.cases.values(), key=_order)]
    rest = set(STATUSES) - {"pass"}
    listed = [Listed(case) for case in run.of(rest)[:LISTED_CASES]]
    listed += [
        Listed(_counted(row), total.counts["pass"])
        for row, total in run.totals.items()
        if total.counts["pass"]
    ]
    return sorted(listed, key=lambda item: _order(item.case))


def _order(case: Case) -> tuple[str, str, str]:
    return case.row.group, case.row.entry, case.id


def _counted(row: Row) -> Case:
    """Stands for all passing cases of a row."""
    subject = row.subject
    sample = f"{row.check}-*" if row.check else "*"
    id_ = f"{row.suite}/{row.entry}[{sample}]::{subject.device}::{subject.dtype}::{subject.mode}"
    return Case(id_, row, "pass", 0.0, 0, None, None, None, None, "", ("", ""), 0, 0, 0)


def pack(run: Run, *, changes: dict[str, str] | None = None) -> str:
    """The block of data as base64 text.

    Args:
        run: what to show.
        changes: for the cases that changed against an older run, how.
    """
    listed = listed_cases(run)
    data = _columns(run, listed, changes or {})
    size = len(gzip.compress(_json(data), 6, mtime=0))
    data["details"], data["left"] = _details(run, listed, max(DATA_BYTES - size, DETAIL_BYTES // 4))
    return base64.b64encode(gzip.compress(_json(data), 9, mtime=0)).decode("ascii")


def _json(value: Any) -> bytes:
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:  # JSON has no word for infinity: a page shows it as text
        text = json.dumps(_spelled(value), separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def _spelled(value: Any) -> Any:
    """The same with infinities and NaN as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _spelled(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(held) for held in value]
    return value


def _columns(run: Run, listed: list[Listed], changes: dict[str, str]) -> dict[str, Any]:
    subjects, suites, entries, checks, signatures, blames, tests, places = (
        _Table() for _ in range(8)
    )
    for clause in run.clauses.values():
        entries((clause.id, clause.area, "clause"))
    for subject in run.subjects():
        subjects(subject)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("sample", "subject", "suite", "entry", "check", "sign", "ms")
    }
    columns |= {name: [] for name in ("over", "ulps", "blame", "test", "line", "from")}
    letters = []
    other_ids: dict[int, str] = {}
    for position, item in enumerate(listed):
        case = item.case
        sample = _sample(case)
        if sample is None:
            other_ids[position] = clean(case.key, 600)
        letters.append(STATUSES[case.status].letter)
        columns["sample"].append(sample)
        columns["subject"].append(subjects(case.subject))
        columns["suite"].append(suites(case.row.suite))
        columns["entry"].append(entries((clean(case.entry, 200), case.row.group, _kind(case))))
        columns["check"].append(checks(case.row.check or ""))
        columns["sign"].append(signatures(case.signature or ""))
        columns["ms"].append(_short(case.elapsed_s * 1000, 3))
        columns["over"].append(_short(case.over_bound, 3))
        columns["ulps"].append(_short(case.ulps, 3))
        columns["blame"].append(blames(clean(case.blame or "", 40)))
        columns["test"].append(tests(clean(case.test, 300)))
        columns["line"].append(places(clean(case.test_line, 300)))
        columns["from"].append(places(clean(case.reference_line, 300)))
    return {
        "version": 1,
        "statuses": [
            [status.letter, status.name, status.label, status.unexpected]
            for status in STATUSES.values()
        ],
        "subjects": [[s.device, s.dtype, s.mode, s.torch, s.label] for s in subjects.values()],
        "suites": suites.values(),
        "entries": entries.values(),
        "checks": checks.values(),
        "signatures": signatures.values(),
        "blames": blames.values(),
        "tests": tests.values(),
        "places": places.values(),
        "clauses": {clause.id: _clause(clause) for clause in run.clauses.values()},
        "areas": {clause.area: clause.title for clause in run.clauses.values()},
        "cases": columns,
        "letters": "".join(letters),
        "ids": other_ids,
        "weights": {
            position: item.weight for position, item in enumerate(listed) if item.weight != 1
        },
        "changes": {
            position: changes[item.case.key]
            for position, item in enumerate(listed)
            if item.case.key in changes
        },
    }


def _kind(case: Case) -> str:
    return "clause" if case.row.clause else "op" if case.row.op else "case"


def _sample(case: Case) -> str | None:
    # The id in pieces, so that only what differs from case to case is kept; None where it has another form.
    head, tail = (
        f"{case.row.suite}/{case.entry}[",
        f"]::{case.subject.device}::{case.subject.dtype}::{case.subject.mode}",
    )
    if not (
        case.id.startswith(head)
        and case.id.endswith(tail)
        and len(case.id) >= len(head) + len(tail)
    ):
        return None
    sample = case.id[len(head) : len(case.id) - len(tail)]
    return sample if clean(sample, 300) == sample else None


def _short(value: float | None, digits: int) -> float | int | None:
    if value is None:
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < EXACT else rounded


def _clause(clause: Any) -> dict[str, Any]:
    fields = {name: _field(value) for name, value in clause.fields.items()}
    return {"statement": clause.statement, "kind": clause.kind, "source": clause.source, **fields}


def _field(value: Any) -> Any:
    return (
        [clean(item, 300) for item in value[:20]] if isinstance(value, list) else clean(value, 1000)
    )


def _details(run: Run, listed: list[Listed], budget: int) -> tuple[dict[int, Any], int]:
    """The details of as many cases as fit, one of each signature first; and how many were left out."""
    positions = {id(item.case): position for position, item in enumerate(listed)}
    wanted = [item.case for item in listed if item.case.status != "pass"]
    by_file = {
        id(case): case_detail(record, run.conflicts.get(case.key))
        for case, record in run.details(wanted[:20_000])
    }
    details: dict[int, Any] = {}
    measure, used, left = zlib.compressobj(6), 0, len(wanted) - len(by_file)
    for case in _one_of_each_first(case for case in wanted if id(case) in by_file):
        detail = by_file[id(case)]
        used += len(measure.compress(_json(detail)) + measure.flush(zlib.Z_SYNC_FLUSH))
        if used > budget:
            left += 1
            continue
        details[positions[id(case)]] = detail
    return details, left


def _one_of_each_first(cases: Iterable[Case]) -> list[Case]:
    seen: Counter[tuple[str, str | None]] = Counter()
    keyed = []
    for case in cases:
        seen[case.status, case.signature] += 1
        # unexpected statuses before the expected ones, then the first of every signature, then the second ...
        keyed.append(
            (
                (
                    not STATUSES[case.status].unexpected,
                    seen[case.status, case.signature],
                    RANK[case.status],
                ),
                case,
            )
        )
    return [case for _, case in sorted(keyed, key=lambda pair: pair[0])]
