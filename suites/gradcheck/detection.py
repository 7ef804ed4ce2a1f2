"""How many planted mistakes each gradient checker finds, and how many right functions it rejects."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from suites.gradcheck.checking import Settings, inspect
from suites.gradcheck.planting import PLANTS, Plant

CHECKERS = ("torch slow", "torch fast", "ours")
# A slow check that would cost more evaluations than this is not run, and the table says so.
EVALUATIONS = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """One plant at one size by one checker, over all seeds. ``not_run`` says why it has no numbers."""

    plant: str
    is_fault: bool
    size: int
    checker: str
    rejected: int = 0
    runs: int = 0
    evaluations: float = 0.0
    ms: float = 0.0
    not_run: str = ""

    @property
    def says(self) -> str:
        """The outcome in words."""
        if self.not_run:
            return self.not_run
        if not self.is_fault:
            return f"{self.rejected} false alarms of {self.runs}"
        return f"caught {self.rejected} of {self.runs}"


class Counted:
    """A function that knows how often it was called."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn, self.calls = fn, 0

    def __call__(self, *xs: Tensor) -> Any:
        self.calls += 1
        return self.fn(*xs)


def measure(sizes: Sequence[int], seeds: int, *, plants: Iterable[Plant] = PLANTS) -> list[Row]:
    """Every plant at every size by every checker."""
    with warnings.catch_warnings():
        # torch's checkers warn of single precision; that is one of the rows.
        warnings.simplefilter("ignore", UserWarning)
        return [
            _row(plant, size, checker, seeds)
            for plant in plants
            for size in sizes
            for checker in CHECKERS
        ]


def _row(plant: Plant, size: int, checker: str, seeds: int) -> Row:
    fn, inputs = plant.make(size, 0)
    needed = _slow_evaluations(inputs, plant.order)
    if checker == "torch slow" and needed > EVALUATIONS:
        reason = f"not run: {needed:,} evaluations"
        return Row(plant.name, plant.is_fault, size, checker, not_run=reason)
    rejected, calls, spent = 0, 0, 0.0
    for seed in range(seeds):
        fn, inputs = plant.make(size, seed)
        counted = Counted(fn)
        torch.manual_seed(seed)
        begin = time.perf_counter()
        rejected += not _accepts(checker, counted, inputs, plant.order, seed)
        spent += time.perf_counter() - begin
        calls += counted.calls
    return Row(
        plant.name,
        plant.is_fault,
        size,
        checker,
        rejected,
        seeds,
        calls / seeds,
        spent / seeds * 1e3,
    )


def _slow_evaluations(inputs: Sequence[Tensor], order: int) -> int:
    """Two evaluations for each element of the inputs; at second order, of the cotangents too (as many, here)."""
    elements: int = sum(x.numel() for x in inputs)
    return 2 * elements * order


def _accepts(checker: str, fn: Counted, inputs: Any, order: int, seed: int) -> bool:
    if checker == "ours":
        settings = Settings(seed=seed)
        result = inspect(fn, inputs, modes=("reverse",), order=order, settings=settings)
        return result.verdict != "wrong"
    run = gradcheck if order == 1 else gradgradcheck
    try:
        if checker == "torch slow":
            return bool(run(fn, inputs))
        # Having found a mistake, the fast mode runs the slow one, for its message alone; here that would never end.
        with mock.patch(_FALLBACK, return_value="left out"):
            return bool(run(fn, inputs, fast_mode=True))
    except RuntimeError:
        return False


_FALLBACK = "torch.autograd.gradcheck._run_slow_mode_and_get_error"


def as_markdown(rows: Sequence[Row], *, seeds: int) -> str:
    """A table: one line for a plant and size, one column for a checker; then the totals."""
    lines = [
        "# What gradient checkers find",
        "",
        f"Planted mistakes and right functions, {seeds} seeds each, torch {torch.__version__.split('+')[0]}. Each "
        "cell: outcome; evaluations of the function and milliseconds a check. torch slow is not run where it would "
        f"need more than {EVALUATIONS:,} evaluations. torch fast is stopped when it has found a mistake, before it "
        "runs the slow mode for its message; ours locates and names the mistake within its count.",
        "",
        "| what | elements | " + " | ".join(CHECKERS) + " |",
        "|---|---|" + "---|" * len(CHECKERS),
    ]
    by_key: dict[tuple[str, int], dict[str, Row]] = {}
    for row in rows:
        by_key.setdefault((row.plant, row.size), {})[row.checker] = row
    for (plant, size), cells in by_key.items():
        shown = " | ".join(_cell(cells[checker]) for checker in CHECKERS)
        lines.append(f"| {plant} | {size:,} | {shown} |")
    return "\n".join([*lines, "", *_totals(rows), ""])


def _cell(row: Row) -> str:
    if row.not_run:
        return row.not_run
    return f"{row.says}; {row.evaluations:.0f}, {row.ms:.3g} ms"


def _totals(rows: Sequence[Row]) -> list[str]:
    lines = ["| in all | " + " | ".join(CHECKERS) + " |", "|---|" + "---|" * len(CHECKERS)]
    for title, is_fault in (("mistakes caught", True), ("false alarms", False)):
        cells = []
        for checker in CHECKERS:
            those = [r for r in rows if r.checker == checker and r.is_fault == is_fault]
            rejected, runs = sum(r.rejected for r in those), sum(r.runs for r in those)
            left = sum(1 for r in those if r.not_run)
            also = f" ({left} rows not run)" if left else ""
            cells.append(f"{rejected:,} of {runs:,}{also}")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines
