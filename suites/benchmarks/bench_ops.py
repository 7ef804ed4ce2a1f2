"""Gradient checks per second of CPU over the operators of op_db, beside torch's own checkers on the same samples.

Run: ``pytest suites/benchmarks/bench_ops.py`` (or ``tox -e bench``); the table is printed at the end. A check is one
sample of one operator, run on torch and on the reference, compared and judged.
"""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest

from suites.harness import torch_driver
from suites.harness.columns import Column
from suites.harness.subject import Subject
from suites.ops.checking import judged
from suites.ops.opinfo_source import entries
from suites.ops.rows import rows_of

# Check -> (must, aim), in checks per second of CPU.
GOALS = {"vjp": (260, 860), "double": (150, 490)}
EVERY = 4  # of the operators
COLUMN = Column(Subject("cpu", "default", "eager"), torch_driver)
measured: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def rates_table(request):
    """Print the rates when the rows are done."""
    yield
    if measured:
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print("\n" + table(measured))  # noqa: T201 - the benchmark's result


def table(rates: dict[str, float]) -> str:
    lines = [f"{'checks per second of CPU':<28}{'found':>8}{'must':>8}{'aim':>8}"]
    for check, rate in rates.items():
        must, aim = GOALS[check]
        told = "reached" if rate >= must else "MISSED"
        lines.append(f"{check:<28}{rate:>8.0f}{must:>8}{aim:>8}  {told}")
    return "\n".join(lines)


def work_of(check: str) -> list[tuple]:
    """Rows with their samples, drawn before the clock starts, in float64."""
    names = list(entries())[::EVERY]
    rows = [r for r in rows_of(COLUMN, "standard", check, names) if r.apart is None]
    return [(row, row.samples(0), row.sides()) for row in rows if row.dtype == "float64"]


def run(work: list[tuple]) -> int:
    """Judges every sample; how many there were."""
    with np.errstate(all="ignore"), warnings.catch_warnings(), COLUMN.namespace(0):
        warnings.simplefilter("ignore")
        for row, samples, sides in work:
            judged(row, samples, sides)
    return sum(len(samples) for _, samples, _ in work)


@pytest.mark.parametrize("check", GOALS)
def test_checks_per_second(benchmark, check):
    work = work_of(check)
    begin = time.process_time()
    count = benchmark.pedantic(run, args=(work,), rounds=1)
    measured[check] = count / (time.process_time() - begin)
    benchmark.extra_info["checks_per_cpu_second"] = round(measured[check], 1)
    benchmark.extra_info["goals"] = GOALS[check]
    assert count > 100
