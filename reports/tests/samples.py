"""Records to test with: one believable run, and runs of any size, made the same each time."""

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]

CLAUSES = (
    ("accumulate.adds-to-existing-grad", "Gradient accumulation", "Each further backward adds to .grad.", "value"),
    ("accumulate.grad-is-none-before-backward", "Gradient accumulation", ".grad of a leaf is None before backward.", "state"),
    ("inplace.write-to-saved-input-raises", "In-place writes", "Backward raises when a saved tensor was changed.", "error"),
    ("inplace.bumps-version", "In-place writes", "Each in-place write raises the version counter by one.", "state"),
    ("hook.sees-the-gradient", "Hooks", "A tensor hook is called with the gradient.", "value"),
    ("retain.second-backward-raises", "Retaining the graph", "A second backward raises when buffers are freed.", "error"),
    ("view.shares-version-with-base", "Views", "A view has the version counter of its base.", "state"),
    ("leaf.uncovered", "Leaves", "A promise that no case of the run looks at.", "state"),
)


def header(*, run: str = "20260101T120000Z-ab12cd", worker: str = "main", **fields: Any) -> Record:
    record = {
        "type": "header", "schema": 1, "run": run, "worker": worker, "started": "2026-01-01T12:00:00Z",
        "suite_version": "0.1.0", "torch": "2.13.0+cpu", "numpy": "2.4.6", "python": "3.11.7", "os": "Linux-6.1-x86_64",
        "cpu": "a processor", "devices": ["cpu"], "driver": None, "mode": ["eager"], "tier": "quick", "seed": 0,
        "commit": "0123abc", "options": {"device": ["cpu"], "tier": "quick"},
    }  # fmt: skip
    return record | fields


def clause(id_: str, title: str, statement: str, kind: str, **fields: Any) -> Record:
    record = {
        "type": "clause", "id": id_, "area": id_.split(".")[0], "title": title, "statement": statement, "kind": kind,
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
    area = entry.split(".")[0] if is_clause else None
    test = f"suites/{suite}/test_{area or suite}.py::test_{sample.rstrip(']') or 'it'}[{device}]"
    record = {
        "type": "case", "id": id_, "suite": suite, "subject": {"device": device, "dtype": dtype, "mode": mode},
        "area": area, "clause": entry if is_clause else None, "op": None if is_clause else entry,
        "check": None if is_clause else sample.split("-")[0], "test": test, "outcome": outcome, "expectation": None,
        "reason": None, "issue": None, "verdict": "agree" if outcome == "pass" else None, "blame": None,
        "elapsed_s": 0.0012, "checks": 3, "error": None, "differences": [], "witness": None, "arrays": None,
        "message": None, "signature": None,
        "lines": {"test": [test.split("::")[0], 12], "reference": ["reference_impl/engine.py", 40]},
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
        arrays={"shape": [2, 3], "got": [[0.1, 0.5000004, -0.25], [0.0, 1.0, 3.0]], "want": [[0.1, 0.5, -0.25], [0.0, 1.0, 1.5]]},
        message="grad[0] at (1, 2): expected 1.5, got 3.0\nthe subject is wrong",
        signature="AssertionError: a gradient is twice too large",
        repro={"script": "import torch\n\nx = torch.ones(2, 3, requires_grad=True)\nx.sum().backward()\n", "proven": True, "path": "repro/mul.py"},
        **fields,
    )  # fmt: skip


def footer(records: Iterable[Record], *, run: str = "20260101T120000Z-ab12cd", worker: str = "main") -> Record:
    cases = [record for record in records if record["type"] == "case"]
    counts: dict[str, int] = {}
    for record in cases:
        counts[record["outcome"]] = counts.get(record["outcome"], 0) + 1
    return {"type": "footer", "run": run, "worker": worker, "cases": len(cases), "counts": counts, "elapsed_s": 12.3, "exit_status": 0}


def write(path: Path, records: Iterable[Record], *, ending: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(record) for record in records) + ending, encoding="utf-8")
    return path


def write_run(folder: Path, cases: Iterable[Record], *, run: str = "20260101T120000Z-ab12cd", worker: str = "main", **fields: Any) -> Path:
    """One complete file: header, clauses, the cases, footer."""
    records = [header(run=run, worker=worker, **fields), *(clause(*row) for row in CLAUSES), *cases]
    return write(folder / f"{run}-{worker}.jsonl", [*records, footer(records, run=run, worker=worker)])


def believable() -> list[Record]:
    """A run of a cpu and an npu with one of everything."""
    cases = []
    for device in ("reference", "cpu", "npu"):
        for name, *_ in CLAUSES[:-1]:
            cases += [case(f"behaviours/{name}[{sample}]::{device}::default::eager") for sample in ("plain", "twice")]
    for dtype, scale in (("float64", 1.0), ("float32", 3.0), ("bfloat16", 9.0)):
        for rank, op in enumerate(("mul", "exp", "cumsum", "linalg.svd", "nn.functional.conv2d")):
            for check in ("value", "vjp", "jvp"):
                error = {"over_bound": 0.004 * scale * (rank + 1), "ulps": 0.4 * scale * (rank + 1), "absolute": 1e-9}
                cases.append(case(f"ops/{op}[{check}-3x4]::npu::{dtype}::eager", error=error, elapsed_s=0.004 * (rank + 1)))
    by_id = {record["id"]: record for record in cases}
    for record in unusual():
        by_id[record["id"]] = record
    return list(by_id.values())


def unusual() -> Iterator[Record]:
    """One case of each way not to pass."""
    yield failing("ops/mul[vjp-3x4]::npu::bfloat16::eager")
    yield failing("behaviours/accumulate.adds-to-existing-grad[twice]::npu::default::eager")
    yield case(
        "behaviours/inplace.write-to-saved-input-raises[plain]::npu::default::eager", "fail", blame="subject",
        signature="Failed: did not raise RuntimeError", message="Failed: did not raise RuntimeError",
    )  # fmt: skip
    yield case("behaviours/hook.sees-the-gradient[plain]::npu::default::eager", "error", signature="TypeError: hook")
    yield case("ops/linalg.svd[vjp-3x4]::npu::bfloat16::eager", "unsupported", reason="npu lacks linalg.svd in bfloat16")
    yield case("ops/exp[jvp-3x4]::npu::bfloat16::eager", "skip", reason="takes the device down", issue="https://example.org/issue/7")
    yield case("ops/cumsum[jvp-3x4]::npu::float32::eager", "reference-lacks", verdict="reference-lacks")
    yield case("ops/cumsum[vjp-3x4]::npu::float32::eager", "timeout", signature="timeout after 60 s")
    yield case("behaviours/view.shares-version-with-base[plain]::npu::default::eager", "not-applicable", reason="no versions here")
    expected = {"id": "ops/exp[*]::npu::float32::eager", "kind": "value", "reason": "the driver rounds down", "issue": "https://example.org/issue/9", "expires": None}
    yield case("ops/exp[vjp-3x4]::npu::float32::eager", "fail", expectation="xfail", expected_failure=expected, signature="AssertionError: rounded")
    yield case("ops/exp[value-3x4]::npu::float32::eager", "pass", expectation="xpass", expected_failure=expected)
    yield case("behaviours/retain.second-backward-raises[plain]::npu::default::eager", "crash", signature="worker gw1 crashed")


def endings() -> list[Record]:
    """Records of other kinds that a main file carries."""
    return [
        {"type": "expectation", "id": "ops/exp[*]::npu::float32::eager", "kind": "value", "reason": "the driver rounds down", "issue": "https://example.org/issue/9", "expires": None, "matched": 2, "file": "suites/profiles/npu.toml"},
        {"type": "expectation", "id": "ops/gone[*]::npu::*::eager", "kind": "crash", "reason": "it was here once", "issue": "https://example.org/issue/3", "expires": "2027-01-01", "matched": 0, "file": "suites/profiles/npu.toml"},
        {"type": "fault", "id": "vjp-twice-too-large", "group": "wrong derivative", "planted": "mul", "found": True, "by": ["ops/mul[vjp-3x4]::cpu::float64::eager"]},
        {"type": "fault", "id": "missing-version-bump", "group": "in-place rules", "planted": "add_", "found": False, "by": []},
    ]  # fmt: skip


def many(count: int, *, seed: int = 0, failing_share: float = 0.01) -> Iterator[Record]:
    """``count`` different cases over 500 ops, 30 clauses and several subjects."""
    rng = random.Random(seed)
    dtypes = ("float64", "float32", "bfloat16", "float16")
    checks = ("value", "vjp", "jvp", "rr", "rf", "fr", "ff")
    for number in range(count):
        if number % 5 == 0:
            device = ("reference", "cpu")[number % 2]
            id_ = f"behaviours/area{number % 30}.keeps-promise-{number % 400}[sample-{number}]::{device}::default::eager"
        else:
            shape = f"{rng.randrange(1, 9)}x{rng.randrange(1, 99)}"
            id_ = f"ops/op_{number % 500}[{checks[number % 7]}-{shape}-{number}]::cpu::{dtypes[number % 4]}::eager"
        over = 10 ** rng.uniform(-6, -0.2)
        fields = {"elapsed_s": rng.expovariate(300), "error": {"over_bound": over, "ulps": over * 40, "absolute": over * 1e-9}}
        if rng.random() < failing_share:
            yield failing(id_, **{"elapsed_s": fields["elapsed_s"]}) | {"signature": f"AssertionError: kind {rng.randrange(40)}", "message": f"value {rng.random()} is off\n" * 8}
        else:
            yield case(id_, **fields)
