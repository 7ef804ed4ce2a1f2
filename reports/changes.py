"""Two runs compared: what broke, what was repaired, what drifted, and what is no longer looked at."""

from dataclasses import dataclass

from reports.records import Case, Run
from reports.status import EXECUTED, UNEXPECTED
from reports.text import count

# A passing error counts as worse when it at least doubled and now uses a tenth of its bound.
DRIFT_FACTOR = 2.0
DRIFT_FLOOR = 0.1

KINDS = {
    "broken": "newly failing",
    "lost": "no longer checked",
    "gone": "gone",
    "drifted": "worse but passing",
    "reworded": "fails in another way",
    "expected": "failure now expected",
    "repaired": "newly passing",
    "gained": "newly checked",
    "new": "new",
}
_LEAVING_FAILURE = {"pass": "repaired", "xfail": "expected"}
WORSE = frozenset({"lost", "gone", "drifted", "reworded"})


@dataclass(frozen=True, slots=True)
class Change:
    """One case that is not what it was."""

    kind: str
    id: str
    old: Case | None
    new: Case | None

    @property
    def what(self) -> str:
        """The change in a few words."""
        if self.kind == "drifted" and self.old and self.new:
            return f"error over bound {self.old.over_bound:.3g} → {self.new.over_bound:.3g}"
        said = [self._said(case) for case in (self.old, self.new) if case is not None]
        return " → ".join(said)

    def _said(self, case: Case) -> str:
        told = (
            case.signature
            if self.kind in {"reworded", "broken"} and case.status != "pass"
            else None
        )
        return f"{case.status} ({told})" if told else case.status


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes between two runs, the worst kind first."""

    changes: list[Change]
    compared: int
    incomplete: bool

    def of(self, kind: str) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind == kind]

    @property
    def exit_code(self) -> int:
        """0: nothing is worse; 1: newly failing; 3: worse in another way; 5: nothing to compare."""
        if not self.compared:
            return 5
        if self.of("broken"):
            return 1
        return 3 if self.incomplete or any(change.kind in WORSE for change in self.changes) else 0


def compare_runs(old: Run, new: Run) -> Changes:
    """What changed from ``old`` to ``new``, case by case."""
    before, after = old.cases, new.cases
    found = []
    for id_ in before.keys() | after.keys():
        first, second = before.get(id_), after.get(id_)
        kind = _kind(first, second)
        if kind is not None:
            found.append(Change(kind, id_, first, second))
    order = list(KINDS)
    found.sort(key=lambda change: (order.index(change.kind), change.id))
    return Changes(found, len(before.keys() & after.keys()), new.incomplete)


def _kind(old: Case | None, new: Case | None) -> str | None:
    if new is None:
        return "gone"
    if new.status in UNEXPECTED:
        return _kind_of_failure(old, new)
    if old is None:
        return "new"
    if old.status in UNEXPECTED:
        return _LEAVING_FAILURE.get(new.status, "lost")
    return _kind_of_quiet(old, new)


def _kind_of_failure(old: Case | None, new: Case) -> str | None:
    if old is None or old.status not in UNEXPECTED:
        return "broken"
    return "reworded" if (old.status, old.signature) != (new.status, new.signature) else None


def _kind_of_quiet(old: Case, new: Case) -> str | None:
    """The change between two cases of which neither is unexpected."""
    ran_before, runs_now = old.status in EXECUTED, new.status in EXECUTED
    if ran_before != runs_now:
        return "lost" if ran_before else "gained"
    if old.status != new.status:
        return _LEAVING_FAILURE.get(new.status)
    if new.status == "pass":
        return "drifted" if _drifted(old.over_bound, new.over_bound) else None
    return "reworded" if old.signature != new.signature and runs_now else None


def _drifted(old: float | None, new: float | None) -> bool:
    return old is not None and new is not None and new >= DRIFT_FLOOR and new >= DRIFT_FACTOR * old


def tell(changes: Changes) -> str:
    """The comparison in one sentence."""
    if not changes.compared:
        return "Nothing to compare: the two runs have no case in common."
    parts = [
        f"{len(changes.of(kind)):,} {label}" for kind, label in KINDS.items() if changes.of(kind)
    ]
    told = "; ".join(parts) if parts else "nothing changed"
    unfinished = " The new run is incomplete." if changes.incomplete else ""
    return f"{count(changes.compared, 'case')} compared: {told}.{unfinished}"
