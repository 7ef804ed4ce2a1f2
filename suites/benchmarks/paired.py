"""Paired timing: peers run in turn within a round, and only ratios inside a round are compared."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Ratios:
    """Times of one row: seconds of CPU per peer and round, the base among them."""

    row: str
    base: str
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def ratio(self, peer: str) -> float:
        """Median over rounds of the peer's time over the base's in the same round."""
        return statistics.median(
            a / b for a, b in zip(self.seconds[peer], self.seconds[self.base], strict=True)
        )


def measure(row: str, peers: dict[str, Callable[[], object]], *, base: str, rounds: int) -> Ratios:
    """Run every peer once per round, in turn, after one round that does not count.

    Args:
        row: name of the row.
        peers: what to run, by name; ``base`` is one of them.
        base: the peer that the others are divided by.
        rounds: number of rounds that count.
    """
    found = Ratios(row, base, {name: [] for name in peers})
    for i in range(rounds + 1):
        for name, run in peers.items():
            gc.collect()
            begin = time.process_time()
            run()
            elapsed_s = time.process_time() - begin
            if i:
                found.seconds[name].append(elapsed_s)
    return found


def table(rows: list[Ratios], goals: dict[str, tuple[float, float]], ours: str) -> str:
    """Ratios of all peers, a row per line, with the goals of ``ours`` behind."""
    peers = list(dict.fromkeys(p for r in rows for p in r.seconds))
    head = f"{'times the base':<34}" + "".join(f"{p:>12}" for p in peers) + f"{'must':>8}{'aim':>8}"
    lines = [head]
    for r in rows:
        cells = "".join(f"{r.ratio(p):>12.2f}" if p in r.seconds else f"{'-':>12}" for p in peers)
        must, aim = goals.get(r.row, (float("nan"), float("nan")))
        verdict = (
            "" if ours not in r.seconds else "  reached" if r.ratio(ours) <= must else "  MISSED"
        )
        lines.append(f"{r.row:<34}{cells}{must:>8.4g}{aim:>8.4g}{verdict}")
    return "\n".join(lines)
