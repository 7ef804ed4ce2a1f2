"""A failure as a script that needs torch alone, executed in a fresh process before it is claimed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from suites.harness.behaviour_script import behaviour_script
from suites.harness.case_record import Finished
from suites.harness.run import Run

_MOST_PROVEN = 10
_PATIENCE_S = 120
FAILS = 1


def attach_repro(run: Run, facts: dict[str, Any], done: Finished) -> None:
    """Gives a failed case its script, proven while few have failed, and filed beside the records."""
    script = done.notes.facts.get("script") or behaviour_script(done.item, done.cases[0])
    if script is None:
        return
    is_finding = not done.cases[
        0
    ].subject.is_reference  # what fails on the reference alone is our bug, not a claim
    run.repros += is_finding
    proven = prove(script) if is_finding and run.repros <= _MOST_PROVEN else None
    path = None
    if run.options.records is not None:
        name = "".join(c if c.isalnum() else "-" for c in facts["id"])[:120].strip("-")
        file = run.options.records / "repro" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script, encoding="utf-8")
        path = f"repro/{file.name}"
    facts["repro"] = {"script": script, "proven": proven, "path": path}


def prove(script: str, *, cwd: Path | None = None) -> bool | None:
    """Whether the script fails by itself: True with exit code 1, False when it passes, None when it does neither."""
    try:
        done = subprocess.run(
            [sys.executable, "-"],  # as an argument a script with long tensors would be refused
            input=script,
            text=True,
            capture_output=True,
            cwd=cwd,
            check=False,
            timeout=_PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        return None
    return {FAILS: True, 0: False}.get(done.returncode)
