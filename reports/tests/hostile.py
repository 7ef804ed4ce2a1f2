"""Records written to do harm: markup, script, addresses and sizes in every place where a record has text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.tests.samples import (
    Record,
    case,
    clause,
    expectation,
    failing,
    fault,
    footer,
    header,
    write,
)

# Each of them sets window.hacked where it gets to run.
PAYLOADS = (
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "' onmouseover='window.hacked=1",
    "</title></style><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    "{{ 7 * 7 }}{% raw %}",
    "<!--<script>",
    "\u202egnp.exe\u202c",
    "]]>\x00\x1b[2J\u2028",
)


def hostile_records() -> Iterator[Record]:
    """Cases, clauses, expectations and faults with a payload in every text."""
    for number, payload in enumerate(PAYLOADS):
        texts: dict[str, Any] = dict.fromkeys(
            ("reason", "issue", "message", "signature", "rerun", "test"), payload
        )
        parts = {"area": payload, "clause": f"{payload}{number}", "suite": payload}
        id_ = f"behaviours/{payload}[{number}]::cpu::{payload}::eager"
        record = failing(f"ops/a[{number}]::cpu::float64::eager") | texts | parts | {"id": id_}
        record["subject"] = {"device": payload, "dtype": payload, "mode": payload}
        record["differences"] = [
            {"where": payload, "expected": payload, "actual": payload, "error": 1e999, "bound": 0}
        ]
        record["witness"] = {
            "says": payload,
            "reference": payload,
            "steps": [[1e308, 5e-324], [payload, 1]],
            "adjoint": [payload],
        }
        record["arrays"] = {
            "shape": [payload, 2],
            "got": [[payload, 10**400]],
            "want": [[1e308, -1e308]],
        }
        record["lines"] = {"test": [payload, payload], "reference": [payload, 10**300]}
        record["repro"] = {"script": payload, "proven": payload, "path": payload}
        record["expected_failure"] = dict.fromkeys(("id", "kind", "reason", "issue"), payload)
        yield record
        for outcome, expected in (("skip", None), ("fail", "xfail"), ("pass", "xpass")):
            yield record | {
                "id": f"{id_}{outcome}{expected}",
                "outcome": outcome,
                "expectation": expected,
            }
        yield clause(
            f"{payload}{number}",
            payload,
            payload,
            payload,
            note=payload,
            source=payload,
            message=[payload],
        )
        yield expectation(payload, payload, number % 2, issue=payload, file=payload, kind=payload)
        yield fault(payload, payload, payload, by=[payload] * (number % 2))


def hostile_file(folder: Path) -> Path:
    """A file with a hostile name, header and footer, and lines that are no records."""
    fields = (
        "run",
        "worker",
        "started",
        "suite_version",
        "torch",
        "python",
        "os",
        "cpu",
        "driver",
        "tier",
        "commit",
    )
    head = header(**{name: PAYLOADS[number % len(PAYLOADS)] for number, name in enumerate(fields)})
    head |= {
        "devices": list(PAYLOADS),
        "mode": [nested(900)],
        "options": {PAYLOADS[0]: PAYLOADS[2], "deep": nested(900)},
    }
    bad = [
        {"type": PAYLOADS[0]},
        {"type": nested(500)},
        case("ops/a[1]::c::d::e", PAYLOADS[2]),
        {"type": "case", "id": nested(500)},
    ]
    end = footer([]) | {"cases": PAYLOADS[0], "elapsed_s": nested(400)}
    return write(folder / "<img src=x onerror=window.hacked=1>.jsonl", [head, *bad, end])


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def odd_records() -> Iterator[Record]:
    """Cases with values that are allowed by JSON and by nothing else."""
    deep = nested(800)
    yield case(
        "ops/deep[x]::cpu::float64::eager",
        "fail",
        arrays={"shape": [1], "got": deep, "want": deep},
        witness={"reference": deep},
    )
    yield case(
        "ops/huge[x]::cpu::float64::eager",
        "fail",
        elapsed_s=10**400,
        checks=10**30,
        error={"over_bound": 10**400, "ulps": -1e308},
    )
    yield case(
        "ops/long[x]::cpu::float64::eager", "fail", message="x" * 3_000_000, signature="y" * 100_000
    )
    yield case(
        "ops/none[x]::cpu::float64::eager",
        "fail",
        differences=None,
        lines=None,
        repro=None,
        arrays={"got": None},
        witness=[],
    )
    yield case(
        "ops/surrogate[\ud800]::cpu::float64::eager",
        "fail",
        message="\udfff",
        blame=["x"],
        signature={"a": 1},
    )
    record = case("ops/nested[x]::cpu::float64::eager", "fail")
    yield record | dict.fromkeys(
        ("test", "blame", "signature", "message", "reason", "lines", "repro", "area"), deep
    )
    yield case(f"ops/{'z' * 5000}[x]::cpu::float64::eager", "fail", reason="\x07" * 50)
