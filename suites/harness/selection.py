"""Which collected tests run, on which column, and what stops those that cannot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from suites.harness.clauses import all_clauses, why_excluded
from suites.harness.columns import Column
from suites.harness.expectations import Expectation
from suites.harness.identity import CASE_SUITES, Identity, needs_accelerator
from suites.harness.run import Run
from suites.harness.subject import COUNTED, PARTS

_NARROWING = ("-k", "-m", "--deselect", "--shard", "--replay", "--ignore")
_PARTIAL = {"quick": ("ops",)}  # suites of which a tier leaves out whole operators
_STOPPING = ("skip", "lacks")
_HOST = ("cpu", "reference")


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a case does not run, as an outcome with its reason."""

    outcome: str
    reason: str


def columns_or_exit(run: Run) -> list[Column]:
    """The columns of this run; ends the session as wrong usage where there are none to be had."""
    try:
        return run.columns
    except pytest.UsageError as error:
        pytest.exit(f"wrong usage: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


def column_of(item: pytest.Item) -> Column | None:
    """The column that a collected test runs on, where it has one."""
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return next((value for value in params.values() if isinstance(value, Column)), None)


def driver_of(run: Run, item: pytest.Item) -> Any:
    """The driver behind a collected test."""
    column = column_of(item)
    return column.driver if column is not None else run.subject_driver


def entry_for(run: Run, cases: list[Identity]) -> Expectation | None:
    """The expectation that speaks of a test, by the first of its cases that has one."""
    found = (run.expectations.find(case.id) for case in cases)
    return next((entry for entry in found if entry is not None), None)


Candidate = tuple[pytest.Item, list[Identity], Expectation | None]


def split(run: Run, candidates: list[Candidate]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """What the options keep, and what they leave out: other shards, slow tests of a quick run, all but examples."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item, cases, entry in candidates:
        (kept if _is_kept(run, item, cases, entry) else dropped).append(item)
    return kept, dropped


def _is_kept(run: Run, item: pytest.Item, cases: list[Identity], entry: Expectation | None) -> bool:
    options = run.options
    if options.tier == "quick" and item.get_closest_marker("slow"):
        return False
    if options.replay and (entry is None or entry.example not in {case.id for case in cases}):
        return False
    if options.shard is not None:
        part, parts = options.shard
        return crc32(item.nodeid.encode()) % parts == part - 1
    return True


def in_order(items: list[pytest.Item], cases: pytest.StashKey[list[Identity]]) -> list[pytest.Item]:
    """The tests, with those of one operator in one dtype side by side: they share the samples drawn for it."""

    def place(item: pytest.Item) -> tuple[str, str]:
        found = item.stash[cases]
        first = found[0] if found else None
        return ("", "") if first is None or first.op is None else (first.op, first.subject.dtype)

    return sorted(items, key=place)


def whole_suites(config: pytest.Config) -> frozenset[str]:
    """The suites that this command line runs from end to end; only they can tell that an entry matches nothing."""
    if any(config.getoption(name, default=None) for name in _NARROWING):
        return frozenset()
    partial = _PARTIAL.get(config.getoption("tier", default=""), ())
    asked = [Path(config.invocation_params.dir, arg).resolve() for arg in config.args]
    folders = [path for path in asked if path.is_dir()]
    suites = {name: config.rootpath / "suites" / name for name in CASE_SUITES}
    return frozenset(
        name
        for name, path in suites.items()
        if name not in partial and any(path.is_relative_to(folder) for folder in folders)
    )


def why_not(
    run: Run, item: pytest.Item, cases: list[Identity], entry: Expectation | None
) -> Stop | None:
    """What keeps a case from running: its column, its profile, its clause or the budget. None where nothing does."""
    column = column_of(item)
    if column is not None and column.lacks is not None:
        return Stop("unsupported", column.lacks)
    if entry is not None and entry.table in _STOPPING:
        return Stop(_stopped(entry, cases[0]), f"{entry.reason} ({entry.issue or entry.place})")
    if run.spent():
        return Stop("skip", f"the budget of {run.options.budget_s:g} s is spent")
    return _beside_the_point(column, cases)


def _stopped(entry: Expectation, case: Identity) -> str:
    """Somebody decided, the device has no such thing, or the reference has none: three outcomes."""
    if entry.table == "skip":
        return "skip"
    return "reference-lacks" if case.subject.is_reference else "unsupported"


def _beside_the_point(column: Column | None, cases: list[Identity]) -> Stop | None:
    """Whether the clause speaks of something that this column cannot show."""
    if needs_accelerator(cases) and cases[0].subject.device in _HOST:
        return Stop("not-applicable", "the clause speaks of accelerators")
    if column is None:
        return None
    dtype = cases[0].subject.dtype
    if cases[0].op is None and dtype in (*PARTS, *COUNTED):
        return Stop("not-applicable", f"{dtype} cannot be the dtype that numbers have by default")
    for clause in (all_clauses()[case.clause] for case in cases if case.clause is not None):
        version = column.torch_version
        why = column.why_hidden(clause.id, clause.kind) or (
            why_excluded(clause, version) if version is not None else None
        )
        if why is not None:
            return Stop("not-applicable", why)
    return None
