"""Runs pytest with the harness in a process of its own, on tests planted in a folder of their own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = """
import pytest
from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause
"""


@dataclass(frozen=True)
class Finished:
    """What a run left: its exit code, what it printed, and its records."""

    code: int
    text: str
    records: list[dict[str, Any]]

    def cases(self) -> dict[str, dict[str, Any]]:
        """The case records by id."""
        return {r["id"]: r for r in self.records if r["type"] == "case"}

    def outcomes(self) -> list[str]:
        """The outcomes in the order of their ids."""
        return [case["outcome"] for _, case in sorted(self.cases().items())]

    def only_case(self) -> dict[str, Any]:
        """The one case that ran."""
        (case,) = self.cases().values()
        return case


def plant(folder: Path, body: str, *, suite: str = "behaviours", name: str = "planted") -> Path:
    """A project in ``folder`` with one test file of that body, for the harness of this checkout."""
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8"
    )
    path = folder / "suites" / suite / f"test_{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def run_pytest(
    folder: Path, *words: str, module_path: Path | None = None, timeout: int = 300
) -> Finished:
    """What ``pytest`` makes of the project in ``folder``, with records."""
    records = folder / "records"
    places = [str(ROOT), *([str(module_path)] if module_path else [])]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "suites.harness.plugin",
            "--records",
            str(records),
            *words,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    return Finished(done.returncode, done.stdout + done.stderr, read_records(records))


def run_suites(folder: Path, *words: str, timeout: int = 300) -> Finished:
    """What ``pytest`` makes of paths of this checkout, with records in ``folder``."""
    records = folder / "records"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--records",
            str(records),
            "-p",
            "no:cacheprovider",
            *words,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    return Finished(done.returncode, done.stdout + done.stderr, read_records(records))


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Every record in ``folder``."""
    lines = [
        line
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [json.loads(line) for line in lines]
