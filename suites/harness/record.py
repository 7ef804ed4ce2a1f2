"""The records a run leaves: JSON Lines, one file per process, each line on disk before the next case runs."""

import json
import math
import platform
import secrets
import subprocess
import time
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from suites.harness.clauses import Clause

SCHEMA = 1
INFINITE = 1e300  # JSON has no infinity; this one survives rounding
_CLAUSE_KEYS = (
    "id",
    "area",
    "title",
    "statement",
    "kind",
    "source",
    "since",
    "stability",
    "devices",
    "priority",
    "note",
    "exception",
    "message",
)
_ROOT = Path(__file__).resolve().parent.parent.parent


class RecordWriter:
    """Appends the records of one process to its own file."""

    def __init__(self, folder: Path, run: str, worker: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{run}-{worker}.jsonl"
        self._run = run
        self._worker = worker
        self._started = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._file: TextIO = self.path.open("a", encoding="utf-8")

    def header(self, facts: Mapping[str, Any]) -> None:
        """Who ran what on what: the first line."""
        self._write("header", {"schema": SCHEMA, "run": self._run, "worker": self._worker, **facts})

    def clause(self, clause: Clause) -> None:
        """One documented promise, so that the report can show it without the clause files."""
        facts = asdict(clause)
        self._write("clause", {key: facts[key] for key in _CLAUSE_KEYS})

    def case(self, facts: Mapping[str, Any]) -> None:
        """One case and what became of it."""
        self._counts[facts["outcome"]] += 1
        self._write("case", facts)

    def expectation(self, facts: Mapping[str, Any]) -> None:
        """One expected failure, and how many cases it spoke for."""
        self._write("expectation", facts)

    def footer(self, exit_status: int) -> None:
        """The last line; a file without it is a crash."""
        facts = {
            "run": self._run,
            "worker": self._worker,
            "cases": self._counts.total(),
            "counts": dict(self._counts),
            "elapsed_s": round(time.monotonic() - self._started, 3),
            "exit_status": exit_status,
        }
        self._write("footer", facts)
        self._file.close()

    def _write(self, kind: str, facts: Mapping[str, Any]) -> None:
        line = json.dumps({"type": kind, **plain(facts)}, ensure_ascii=False, allow_nan=False)
        self._file.write(line + "\n")
        self._file.flush()


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: an infinite number as a very large one, NaN in arrays as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else math.copysign(INFINITE, value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return element_list(np.asarray(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def element_list(array: np.ndarray[Any, Any]) -> Any:
    """The elements of an array as nested lists; complex and non-finite ones as text, which JSON has no number for."""
    if array.ndim:
        return [element_list(row) for row in array]
    item = array.item()
    finite = isinstance(item, (bool, int)) or (isinstance(item, float) and math.isfinite(item))
    return item if finite else str(item)


def new_run_id() -> str:
    """A name for this run that sorts by time: ``20260101T120000Z-ab12cd``."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"


def environment(driver: Any | None) -> dict[str, Any]:
    """What the header says about where the run took place."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "suite_version": _suite_version(),
        "torch": getattr(driver, "VERSION", None),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "os": platform.platform(),
        "cpu": _cpu_name(),
        "driver": getattr(driver, "device_driver", lambda: None)(),
        "commit": _commit(),
    }


def _suite_version() -> str:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} x{len(names)}" if names else platform.machine()


def _commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            cwd=_ROOT,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
