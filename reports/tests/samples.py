"""Records to test with, built from little, and written as a run writes them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Record = dict[str, Any]

CLAUSES = (
    (
        "accumulate.adds-to-existing-grad",
        "Gradient accumulation",
        "Each further backward adds to .grad.",
        "value",
    ),
    (
        "accumulate.grad-is-none-before-backward",
        "Gradient accumulation",
        ".grad of a leaf is None before backward.",
        "state",
    ),
    (
        "inplace.write-to-saved-input-raises",
        "In-place writes",
        "Backward raises when a saved tensor was changed.",
        "error",
    ),
    (
        "inplace.bumps-version",
        "In-place writes",
        "Each in-place write raises the version counter by one.",
        "state",
    ),
    ("hook.sees-the-gradient", "Hooks", "A tensor hook is called with the gradient.", "value"),
    (
        "retain.second-backward-raises",
        "Retaining the graph",
        "A second backward raises when buffers are freed.",
        "error",
    ),
    (
        "view.shares-version-with-base",
        "Views",
        "A view has the version counter of its base.",
        "state",
    ),
    ("leaf.uncovered", "Leaves", "A promise that no case of the run looks at.", "state"),
)


def header(*, run: str = "20260101T120000Z-ab12cd", worker: str = "main", **fields: Any) -> Record:
    record: Record = {
        "type": "header", "schema": 1, "run": run, "worker": worker, "started": "2026-01-01T12:00:00Z",
        "suite_version": "0.1.0", "torch": "2.13.0+cpu", "numpy": "2.4.6", "python": "3.11.7", "os": "Linux-6.1-x86_64",
        "cpu": "a processor", "devices": ["cpu"], "driver": None, "mode": ["eager"], "tier": "quick", "seed": 0,
        "commit": "0123abc", "options": {"device": ["cpu"], "tier": "quick"},
    }  # fmt: skip
    return record | fields


def clause(id_: str, title: str, statement: str, kind: str, **fields: Any) -> Record:
    record: Record = {
        "type": "clause", "id": id_, "area": id_.partition(".")[0], "title": title, "statement": statement,
        "kind": kind,
        "source": "notes/autograd, In-place correctness checks", "since": "<=1.13", "stability": "documented",
        "devices": "any", "priority": 1, "note": None, "exception": [], "message": [],
    }  # fmt: skip
    return record | fields


def case(id_: str, outcome: str = "pass", **fields: Any) -> Record:
    """A case record; what the id says is filled in from it."""
    path, device, dtype, mode = id_.rsplit("::", 3)
    suite, _, rest = path.partition("/")
    entry, _, sample = rest.partition("[")
    is_clause = suite in {"behaviours", "tutorials"}
    area = entry.partition(".")[0] if is_clause else None
    test = f"suites/{suite}/test_{area or suite}.py::test_{sample.rstrip(']') or 'it'}[{device}]"
    record: Record = {
        "type": "case", "id": id_, "suite": suite, "subject": {"device": device, "dtype": dtype, "mode": mode},
        "area": area, "clause": entry if is_clause else None, "op": None if is_clause else entry,
        "check": None if is_clause else sample.split("-")[0], "test": test, "outcome": outcome, "expectation": None,
        "reason": None, "issue": None, "verdict": "agree" if outcome == "pass" else None, "blame": None,
        "elapsed_s": 0.0012, "checks": 3, "error": None, "differences": [], "witness": None, "arrays": None,
        "message": None, "signature": None,
        "lines": {"test": [test.partition("::")[0], 12], "reference": ["reference_impl/engine.py", 40]},
        "repro": None, "rerun": f"pytest '{test}'", "expected_failure": None,
    }  # fmt: skip
    return record | fields


def failing(id_: str, **fields: Any) -> Record:
    """A numeric failure with everything that a case page can show."""
    return case(
        id_,
        "fail",
        verdict="differ",
        blame="subject",
        error={"over_bound": 1.5e6, "ulps": 6.7e6, "absolute": 1.5},
        differences=[
            {"where": "grad[0] at (1, 2)", "expected": "1.5", "actual": "3.0", "error": 1.5, "bound": 1e-6},
            {"where": "grad[0] at (0, 1)", "expected": "0.5", "actual": "0.5000004", "error": 4e-7, "bound": 1e-6},
        ],
        witness={
            "reference": [1.5, 0.5, -0.25], "subject": [3.0, 0.5, -0.25], "finite_difference": [1.5000001, 0.5, -0.25],
            "adjoint": 1.5, "taylor_slope": 1.02,
            "steps": [[10.0**-k, 0.5 * 10.0**-k + 10.0 ** (-2 * k) + 1e-12] for k in range(1, 9)],
            "says": "the subject is wrong: finite differences agree with the reference",
        },
        arrays={
            "shape": [2, 3],
            "got": [[0.1, 0.5000004, -0.25], [0.0, 1.0, 3.0]],
            "want": [[0.1, 0.5, -0.25], [0.0, 1.0, 1.5]],
        },
        message="grad[0] at (1, 2): expected 1.5, got 3.0\nthe subject is wrong",
        signature="AssertionError: a gradient is twice too large",
        repro={"script": "import torch\n\nx = torch.ones(2, 3)\nx.sum()\n", "proven": True, "path": "repro/mul.py"},
        **fields,
    )  # fmt: skip


def footer(
    records: Iterable[Record], *, run: str = "20260101T120000Z-ab12cd", worker: str = "main"
) -> Record:
    cases = [record for record in records if record["type"] == "case"]
    counts: dict[str, int] = {}
    for record in cases:
        counts[record["outcome"]] = counts.get(record["outcome"], 0) + 1
    return {
        "type": "footer",
        "run": run,
        "worker": worker,
        "cases": len(cases),
        "counts": counts,
        "elapsed_s": 12.3,
        "exit_status": 0,
    }


def write(path: Path, records: Iterable[Record], *, ending: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(record) for record in records) + ending, encoding="utf-8")
    return path


def write_run(
    folder: Path,
    cases: Iterable[Record],
    *,
    run: str = "20260101T120000Z-ab12cd",
    worker: str = "main",
    **fields: Any,
) -> Path:
    """One complete file: header, clauses, the cases, footer."""
    records = [header(run=run, worker=worker, **fields), *(clause(*row) for row in CLAUSES), *cases]
    return write(
        folder / f"{run}-{worker}.jsonl", [*records, footer(records, run=run, worker=worker)]
    )


def expectation(id_: str, reason: str, matched: int, **fields: Any) -> Record:
    record = {
        "type": "expectation",
        "id": id_,
        "kind": "value",
        "reason": reason,
        "issue": "https://example.org/9",
    }
    return (
        record | {"expires": None, "matched": matched, "file": "suites/profiles/npu.toml"} | fields
    )


def fault(id_: str, group: str, planted: str, *, by: list[str]) -> Record:
    return {
        "type": "fault",
        "id": id_,
        "group": group,
        "planted": planted,
        "found": bool(by),
        "by": by,
    }
