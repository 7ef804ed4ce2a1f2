"""Our gradient checker beside torch's slow and fast ones and a bare forward and backward, on the same samples of op_db.

Run: ``pytest suites/benchmarks/bench_gradcheck.py`` (or ``tox -e bench``); the table is printed at the end.
"""

from __future__ import annotations

import functools
import warnings

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.testing._internal.common_methods_invocations import op_db

from suites.benchmarks.paired import Ratios, measure
from suites.gradcheck import InputError, inspect
from suites.gradcheck.maps import outputs_of
from suites.gradcheck.op_samples import Sample, samples_of

# Row -> (must, aim) for: how many times faster than slow, at most how many times fast, at most how many floors.
GOALS = {
    "first order": ((15, 45), (1.5, None), (None, 4)),
    "second order": ((12, 40), (None, None), (None, None)),
}
ROUNDS = 2
EACH = 4
EVERY = 5
# Beyond this many entries of the Jacobian the slow mode alone would decide the row.
ENTRIES = 20_000
measured: list[tuple[Ratios, int]] = []


@pytest.fixture(scope="module", autouse=True)
def times_table(request):
    """Print all ratios when the rows are done."""
    yield
    if measured:
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print("\n" + table(measured))  # noqa: T201 - the benchmark's result


@functools.cache
def samples(*, order: int) -> tuple[Sample, ...]:
    """About a hundred operators, evenly over op_db, with samples that torch's slow mode accepts."""
    names = sorted({op.name for op in op_db})[::EVERY]
    drawn = samples_of(names, each=EACH)
    return tuple(s for s in drawn if (s.has_second or order == 1) and is_fit(s, order=order))


def is_fit(sample: Sample, *, order: int) -> bool:
    try:
        ys = outputs_of(sample.fn(*sample.inputs))
        entries = sum(x.numel() for x in sample.inputs) * sum(y.numel() for y in ys)
        # Ours looks at the first order before the second, so it has to be right there too.
        return entries <= ENTRIES and all(slow(sample, order=each) for each in range(1, order + 1))
    except (RuntimeError, InputError):
        return False


def slow(sample: Sample, *, order: int, fast_mode: bool = False) -> bool:
    run = gradcheck if order == 1 else gradgradcheck
    # torch's own operator tests set this tolerance as well: kernels on the CPU are not bitwise deterministic.
    return run(sample.fn, sample.inputs, fast_mode=fast_mode, nondet_tol=1e-13)


def ours(sample: Sample, *, order: int) -> bool:
    return inspect(sample.fn, sample.inputs, modes=("reverse",), order=order).ok


def floor(sample: Sample, *, order: int) -> None:
    """One forward and one backward, and a second backward through it, that check nothing."""
    ys = [y for y in outputs_of(sample.fn(*sample.inputs)) if y.requires_grad]
    cts = [torch.ones_like(y) for y in ys]
    if order == 1:
        torch.autograd.grad(ys, sample.inputs, cts, allow_unused=True)
        return
    first = torch.autograd.grad(ys, sample.inputs, cts, create_graph=True, allow_unused=True)
    again = [g for g in first if g is not None and g.requires_grad]
    if again:
        ones = [torch.ones_like(g) for g in again]
        torch.autograd.grad(again, sample.inputs, ones, allow_unused=True)


def table(rows: list[tuple[Ratios, int]]) -> str:
    """Milliseconds a check, then our ratios with their goals."""
    lines = []
    for row, count in rows:
        ms = {p: min(row.seconds[p]) / count * 1e3 for p in row.seconds}
        lines.append(
            f"{row.row}, {count} checks; ms a check: " + ", ".join(f"{p} {ms[p]:.3g}" for p in ms)
        )
        faster, over_fast, over_floor = GOALS[row.row]
        lines.append(_line("times faster than slow", row.ratio("slow"), faster, more=True))
        lines.append(_line("time over fast", 1 / row.ratio("fast"), over_fast, more=False))
        lines.append(_line("time over floor", 1 / row.ratio("floor"), over_floor, more=False))
    return "\n".join(lines)


def _line(name, found, goals, *, more):
    def met(goal):
        if goal is None:
            return "-"
        reached = found >= goal if more else found <= goal
        return f"{goal:g} {'reached' if reached else 'MISSED'}"

    return f"  {name:<24}{found:>8.2f}   must {met(goals[0]):<14} aim {met(goals[1])}"


@pytest.mark.parametrize("order", [1, 2], ids=["first", "second"])
def test_checks_beside_torchs(benchmark, order):
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = samples(order=order)
        rejected = [s.name for s in chosen if not ours(s, order=order)]
        peers = {
            "ours": lambda: [ours(s, order=order) for s in chosen],
            "slow": lambda: [slow(s, order=order) for s in chosen],
            "fast": lambda: [slow(s, order=order, fast_mode=True) for s in chosen],
            "floor": lambda: [floor(s, order=order) for s in chosen],
        }
        found = measure(
            f"{('first', 'second')[order - 1]} order", peers, base="ours", rounds=ROUNDS
        )
        measured.append((found, len(chosen)))
        benchmark.extra_info["ratios"] = {p: round(found.ratio(p), 3) for p in found.seconds}
        benchmark.pedantic(peers["ours"], rounds=2)
    assert len(chosen) > 200
    assert rejected == []
