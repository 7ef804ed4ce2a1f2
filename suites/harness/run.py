"""One run: its options, columns, expectations, records and counts, kept in one object."""

import json
import platform
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from suites.harness import record
from suites.harness.clauses import all_clauses
from suites.harness.columns import Column, make_columns
from suites.harness.expectations import (
    Expectation,
    Expectations,
    Surroundings,
    load_expectations,
    tier_drawn,
)
from suites.harness.naming import did_you_mean
from suites.harness.options import Options
from suites.harness.outcome import NOT_RUN
from suites.harness.subject import REFERENCE

MAIN = "main"


@dataclass(frozen=True, slots=True)
class Told:
    """What a process tells the main one about a finished case; travels inside pytest's report."""

    id: str
    outcome: str
    expectation: str | None
    entry: str | None
    signature: str | None
    reason: str | None = None


@dataclass(slots=True)
class Run:
    """The state of one process of a run."""

    options: Options
    id: str
    worker: str
    root: Path
    is_distributed: bool = False
    started: float = field(default_factory=time.monotonic)
    outcomes: Counter[str] = field(default_factory=Counter)
    by_subject: dict[str, Counter[str]] = field(default_factory=dict)
    signatures: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    collected: int = 0
    is_misused: bool = False
    unmatched: list[Expectation] = field(default_factory=list)
    whole_suites: frozenset[str] = frozenset()
    repros: int = 0
    _columns: list[Column] | None = None
    _expectations: Expectations | None = None
    _writer: record.RecordWriter | None = None

    @property
    def is_main(self) -> bool:
        return self.worker == MAIN

    @property
    def columns(self) -> list[Column]:
        """The columns, made when a test first needs one, since that imports what is under test."""
        if self._columns is None:
            self._columns = make_columns(self.options)
        return self._columns

    @property
    def subject_driver(self) -> Any | None:
        """The driver of what is under test; None where only the reference runs, or nothing asked for a column."""
        columns = self.columns if self.has_cases else self._columns or []
        return next((c.driver for c in columns if not c.subject.is_reference), None)

    @property
    def has_cases(self) -> bool:
        """Whether cases were collected here or told of by a worker."""
        return bool(self.collected or self.outcomes)

    @property
    def expectations(self) -> Expectations:
        """The expected failures in force: the profiles of the devices, and the files named."""
        if self._expectations is None:
            self._expectations = load_expectations(self._profiles(), self._surroundings())
        return self._expectations

    def _profiles(self) -> list[Path]:
        devices = dict.fromkeys(column.subject.device.partition(":")[0] for column in self.columns)
        found = [self.root / "suites" / "profiles" / f"{device}.toml" for device in devices]
        return [path for path in found if path.is_file()] + list(self.options.expectations)

    def _surroundings(self) -> Surroundings:
        driver = self.subject_driver
        return Surroundings(
            torch=getattr(driver, "VERSION", None),
            python=platform.python_version(),
            os=platform.system(),
            driver=getattr(driver, "device_driver", lambda: None)(),
            tier=tier_drawn(self.options.tier, self.options.dtypes),
        )

    def spent(self) -> bool:
        """Whether the time that ``--budget`` gives is over."""
        budget = self.options.budget_s
        return budget is not None and time.monotonic() - self.started > budget

    def writer(self) -> record.RecordWriter | None:
        """The records of this process, begun with their header; None where nobody asked for records."""
        if self._writer is None and self.options.records is not None:
            self._writer = record.RecordWriter(self.options.records, self.id, self.worker)
            self._writer.header(self._header())
            for clause in all_clauses().values() if self.is_main else ():
                self._writer.clause(clause)
        return self._writer

    def _header(self) -> dict[str, Any]:
        options = asdict(self.options)
        return {
            **record.environment(self.subject_driver),
            "devices": list(self.options.devices)
            if self.options.only != "reference"
            else ["reference"],
            "mode": list(self.options.modes),
            "tier": self.options.tier,
            "seed": self.options.seed,
            "options": options,
        }

    def told(self, cases: Iterable[Told]) -> None:
        """Counts finished cases, of this process or of a worker."""
        for case in cases:
            label = case.expectation or case.outcome
            self.outcomes[label] += 1
            subject = case.id.split("::", 1)[1]
            self.by_subject.setdefault(subject, Counter())[label] += 1
            if case.entry is not None:
                self.matched[case.entry] += 1
            if case.signature is not None and case.expectation != "xfail":
                self.signatures[case.signature] += 1

            self.ids.add(case.id)
            if case.outcome in NOT_RUN and case.reason is not None:
                self.reasons.setdefault(subject.split("::")[0], case.reason)

    def nearest_case(self, glob: str) -> str:
        """The end of a message about an entry that matched nothing: the case that ran and comes nearest."""
        return did_you_mean(glob, sorted(self.ids)[:5000])

    def idle_columns(self) -> list[str]:
        """The devices asked for on which no case ran, though cases were meant for them."""
        ran: Counter[str] = Counter()
        for subject, outcomes in self.by_subject.items():
            ran[subject.split("::")[0]] += sum(
                n for outcome, n in outcomes.items() if outcome not in NOT_RUN
            )
        asked = self.options.devices if self.options.only != "reference" else (REFERENCE,)
        return [device for device in asked if device in ran and not ran[device]]

    def find_unmatched(self) -> list[Expectation]:
        """Entries that spoke for no case, among those for suites that ran whole on a column of this run."""
        if not self.outcomes:
            return []
        ran = [tuple(subject.split("::")) for subject in self.by_subject]
        return [
            entry
            for entry in self.expectations.entries
            if not self.matched[entry.id]
            and entry.id.partition("/")[0] in self.whole_suites | {"*"}
            and any(speaks_of(entry, subject) for subject in ran)
        ]

    def finish(self, exit_status: int) -> None:
        """Writes what is left to write: the expectations, then the footer."""
        writer = self.writer()
        if writer is None:
            return
        if self.is_main and self.has_cases:
            for entry in self.expectations.entries:
                writer.expectation(
                    {**entry.record(), "matched": self.matched[entry.id], "file": entry.file}
                )
        writer.footer(exit_status)
        self.running_file(self.worker).unlink(missing_ok=True)

    # Note [What a crash leaves]
    # A process that dies takes its current case along before there is a line for it. So the case that is about to run
    # stands in a file of its own beside the records; whoever survives reads it there, and the footer removes it.
    def about_to_run(self, facts: list[dict[str, Any]]) -> None:
        """Leaves word of the case that is about to run. See Note [What a crash leaves]."""
        if self.options.records is not None:
            self.running_file(self.worker).write_text(json.dumps(facts), encoding="utf-8")

    def running_file(self, worker: str) -> Path:
        """Where a process leaves word of the case it runs."""
        return (self.options.records or Path()) / f"{self.id}-{worker}.running"


def speaks_of(entry: Expectation, subject: tuple[str, ...]) -> bool:
    """Whether an entry is meant for this device, dtype and mode."""
    wanted = entry.id.rsplit("::", 3)[1:]
    return all(want in {"*", found} for want, found in zip(wanted, subject, strict=True))
