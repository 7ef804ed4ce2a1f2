"""Runs to test with: one believable run with one of everything, and runs of any size, the same each time."""

import random
from collections.abc import Iterator
from typing import Any

from reports.tests.samples import CLAUSES, Record, case, expectation, failing, fault


def believable() -> list[Record]:
    """A run of a cpu and an npu with one of everything."""
    cases = []
    for device in ("reference", "cpu", "npu"):
        for name, *_ in CLAUSES[:-1]:
            cases += [
                case(f"behaviours/{name}[{sample}]::{device}::default::eager")
                for sample in ("plain", "twice")
            ]
    for dtype, scale in (("float64", 1.0), ("float32", 3.0), ("bfloat16", 9.0)):
        for rank, op in enumerate(("mul", "exp", "cumsum", "linalg.svd", "nn.functional.conv2d")):
            for check in ("value", "vjp", "jvp"):
                error = {
                    "over_bound": 0.004 * scale * (rank + 1),
                    "ulps": 0.4 * scale * (rank + 1),
                    "absolute": 1e-9,
                }
                cases.append(
                    case(
                        f"ops/{op}[{check}-3x4]::npu::{dtype}::eager",
                        error=error,
                        elapsed_s=0.004 * (rank + 1),
                    )
                )
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
    yield case(
        "behaviours/hook.sees-the-gradient[plain]::npu::default::eager",
        "error",
        signature="TypeError: hook",
    )
    yield case(
        "ops/linalg.svd[vjp-3x4]::npu::bfloat16::eager",
        "unsupported",
        reason="npu lacks linalg.svd in bfloat16",
    )
    yield case(
        "ops/exp[jvp-3x4]::npu::bfloat16::eager",
        "skip",
        reason="takes the device down",
        issue="https://example.org/issue/7",
    )
    yield case(
        "ops/cumsum[jvp-3x4]::npu::float32::eager", "reference-lacks", verdict="reference-lacks"
    )
    yield case(
        "ops/cumsum[vjp-3x4]::npu::float32::eager", "timeout", signature="timeout after 60 s"
    )
    yield case(
        "behaviours/view.shares-version-with-base[plain]::npu::default::eager",
        "not-applicable",
        reason="no versions here",
    )
    expected = {
        "id": "ops/exp[*]::npu::float32::eager",
        "kind": "value",
        "reason": "the driver rounds down",
        "issue": "https://example.org/issue/9",
        "expires": None,
    }
    yield case(
        "ops/exp[vjp-3x4]::npu::float32::eager",
        "fail",
        expectation="xfail",
        expected_failure=expected,
        signature="AssertionError: rounded",
    )
    yield case(
        "ops/exp[value-3x4]::npu::float32::eager",
        "pass",
        expectation="xpass",
        expected_failure=expected,
    )
    yield case(
        "behaviours/retain.second-backward-raises[plain]::npu::default::eager",
        "crash",
        signature="worker gw1 crashed",
    )


def endings() -> list[Record]:
    """Records of other kinds that a main file carries."""
    return [
        expectation("ops/exp[*]::npu::float32::eager", "the driver rounds down", 2),
        expectation(
            "ops/gone[*]::npu::*::eager",
            "it was here once, " + "and the reason is as long as reasons are, " * 8,
            0,
            kind="crash",
            expires="2027-01-01",
            issue="suites/findings/the_driver_takes_the_process_down_on_empty_inputs.py",
        ),
        fault(
            "vjp-twice-too-large",
            "wrong derivative",
            "mul",
            by=["ops/mul[vjp-3x4]::cpu::float64::eager"],
        ),
        fault("missing-version-bump", "in-place rules", "add_", by=[]),
    ]


def many(count: int, *, seed: int = 0, failing_share: float = 0.01) -> Iterator[Record]:
    """``count`` different cases over 500 ops, 30 clauses and several subjects."""
    rng = random.Random(seed)  # noqa: S311 - records to test with
    dtypes = ("float64", "float32", "bfloat16", "float16")
    checks = ("value", "vjp", "jvp", "rr", "rf", "fr", "ff")
    for number in range(count):
        if number % 5 == 0:
            device = ("reference", "cpu")[number % 2]
            promise = f"area{number % 30}.keeps-promise-{number % 400}"
            id_ = f"behaviours/{promise}[sample-{number}]::{device}::default::eager"
        else:
            shape = f"{rng.randrange(1, 9)}x{rng.randrange(1, 99)}"
            id_ = f"ops/op_{number % 500}[{checks[number % 7]}-{shape}-{number}]::cpu::{dtypes[number % 4]}::eager"
        over = 10 ** rng.uniform(-6, -0.2)
        fields: dict[str, Any] = {
            "elapsed_s": rng.expovariate(300),
            "error": {"over_bound": over, "ulps": over * 40, "absolute": over * 1e-9},
        }
        if rng.random() < failing_share:
            yield failing(id_, elapsed_s=fields["elapsed_s"]) | {
                "signature": f"AssertionError: kind {rng.randrange(40)}",
                "message": f"value {rng.random()} is off\n" * 8,
            }
        else:
            yield case(id_, **fields)
