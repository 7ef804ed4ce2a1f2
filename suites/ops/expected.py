"""What a run expects of a row: a planted fault that it would take for a known failure is not found."""

import functools
import platform
from pathlib import Path

import numpy as np

from suites.harness.expectations import Expectations, Surroundings, load_expectations, tier_drawn
from suites.harness.judge import Verdict
from suites.ops.rows import Row

PROFILES = Path(__file__).resolve().parents[1] / "profiles"


def tells(row: Row, verdict: Verdict) -> bool:
    """Whether a difference fails a run: it is larger than what is expected of the row, of whose size little is said.

    A difference without a size - of shapes, of what is raised - is as large as can be.
    """
    return (verdict.worst.over_bound if verdict.worst else np.inf) > room(row)


def room(row: Row) -> float:
    """How far a row may be off, in units of its bound: not at all, so far, or by any number where none is given."""
    subject = row.case_key.subject
    tier = tier_drawn(row.tier, (row.column.subject.dtype,))
    device = subject.device.partition(":")[0]
    expected = _expectations(device, row.column.driver.VERSION, tier)
    entry = expected.find(subject.case_id(row.case_key.name))
    if entry is None or entry.table not in {"expect", "flaky"}:
        return 0.0
    return np.inf if entry.bound is None else entry.bound


@functools.cache
def _expectations(device: str, version: str, tier: str) -> Expectations:
    here = Surroundings(
        torch=version, python=platform.python_version(), os=platform.system(), tier=tier
    )
    path = PROFILES / f"{device}.toml"
    return load_expectations([path] if path.is_file() else [], here)
