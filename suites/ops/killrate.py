"""``python -m suites.ops.killrate``: how many planted faults the op suites find, and whom they blame, as a page."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from suites.harness import torch_driver
from suites.harness.columns import Column
from suites.harness.subject import Subject
from suites.ops.fault_targets import FAMILIES
from suites.ops.history.collection import COLLECTION, Search, search
from suites.ops.history.page import HEADING, section, told
from suites.ops.history.planting import Past
from suites.ops.hunt import Hunted, every_fault, hunt

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "kill-rate.md"

_HEAD = """# How many planted faults the op suites find

Made by `python -m suites.ops.killrate`; do not edit.

A fault is planted in the derivative of one operator - in torch's, where the suites must find it and blame the subject,
or in the reference's own rule, where they must find it and blame the reference. Values stay right. The tier
`{tier}` is then run on that operator, until a check reports a difference that it does not report without
the fault and that no expected failure covers. What a fault does is written in `suites/ops/faults.py`, where it means
something in `suites/ops/fault_targets.py`.

**{found} of {count} faults found ({share}); {right} blamed on the right side, {nobody} on nobody, {wrong} on the
wrong one.**
"""
_NOBODY = """
"Nobody" is what the third witness says where it cannot decide: at a kink where both sides follow a convention of
their own, or where differences are too noisy. The difference is reported all the same.
"""


def main(words: Sequence[str]) -> int:
    """The exit code: 0, or 1 where a fault survived or a right side was blamed."""
    parser = argparse.ArgumentParser(prog="python -m suites.ops.killrate", description=__doc__)
    parser.add_argument("--tier", default="standard", choices=("quick", "standard", "full"))
    parser.add_argument(
        "--seed", type=int, default=0, help="of the samples, for faults that torch has had"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument(
        "--part", choices=("all", "planted", "past"), default="all", help="the other one stays"
    )
    parser.add_argument(
        "--past", nargs="+", metavar="NAME", choices=sorted(COLLECTION), help="look for these alone"
    )
    args = parser.parse_args(words)
    if args.past:
        searches = [_search_for(name, args.tier, args.seed) for name in args.past]
        sys.stdout.write("".join(f"{told(s)}\n" for s in searches))
        return int(not all(s.is_found for s in searches))
    old = args.output.read_text(encoding="utf-8") if args.output.exists() else ""
    first, _, last = old.partition(HEADING)
    wrong: list[str] = []
    if args.part != "past":
        ops = [op for family in FAMILIES.values() for op in family]
        hunted = [h for of_op in _each(_hunt_in, ops, args) for h in of_op]
        wrong += [_told(h) for h in hunted if not h.is_found or h.is_blamed_wrong]
        first = page(hunted, args.tier) + "\n"
    if args.part != "planted":
        searches = _each(_search_for, list(COLLECTION), args)
        wrong += [told(s) for s in searches if not s.is_found]
        last = section(searches, args.tier).removeprefix(HEADING)
    args.output.write_text(first + (HEADING + last if last else ""), encoding="utf-8")
    sys.stdout.write("".join(f"{line}\n" for line in wrong) + f"{args.output}\n")
    return int(bool(wrong))


def _each(
    look: Callable[[str, str, int], Any], names: Sequence[str], args: argparse.Namespace
) -> list[Any]:
    """What is found under each name, in several processes."""
    tiers, seeds = [args.tier] * len(names), [args.seed] * len(names)
    if args.jobs == 1:
        return list(map(look, names, tiers, seeds))
    with ProcessPoolExecutor(args.jobs) as pool:
        return list(pool.map(look, names, tiers, seeds))


def _search_for(name: str, tier: str, seed: int) -> Search:
    found = search(COLLECTION[name], Column(Subject("cpu"), torch_driver), tier, seed)
    # Conditions are functions, which do not travel between processes.
    return replace(found, past=Past(found.past.name, found.past.op, found.past.told))


def _hunt_in(op: str, tier: str, _seed: int) -> list[Hunted]:
    column = Column(Subject("cpu"), torch_driver)
    return [hunt(planted, column, tier) for planted in every_fault() if planted.op == op]


def page(hunted: Sequence[Hunted], tier: str) -> str:
    """The page about these faults, in Markdown."""
    found = sum(h.is_found for h in hunted)
    head = _HEAD.format(
        tier=tier,
        found=found,
        count=len(hunted),
        share=f"{found / len(hunted):.1%}",
        right=sum(h.is_blamed_right for h in hunted),
        nobody=sum(h.is_found and not h.is_blamed_right and not h.is_blamed_wrong for h in hunted),
        wrong=sum(h.is_blamed_wrong for h in hunted),
    )
    checks = Counter(h.check for h in hunted if h.is_found)
    parts = [
        head + _NOBODY,
        "## By fault\n",
        _table(hunted, lambda h: h.planted.fault.name, "fault"),
        "\n## By family\n",
        _table(hunted, lambda h: h.planted.family, "family"),
        "\n## By the check that found it first\n",
        "\n".join(
            [
                "| check | faults |",
                "|---|---|",
                *(f"| {c} | {n} |" for c, n in checks.most_common()),
            ]
        ),
        "\n## Survivors\n",
        "\n".join(f"- {_told(h)}" for h in hunted if not h.is_found) or "None.",
    ]
    return "\n".join(parts) + "\n"


def _told(hunted: Hunted) -> str:
    planted = hunted.planted
    end = f"found by {hunted.check}, blamed on {hunted.blame}" if hunted.is_found else "not found"
    return f"{planted.op} ({planted.side}): {planted.fault.name}: {end}"


def _table(hunted: Sequence[Hunted], key: Callable[[Hunted], str], title: str) -> str:
    """A line for each key: found of planted on either side, and the blames."""
    lines = [
        f"| {title} | in the subject | in the reference | blamed right | nobody | wrong |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(key(h) for h in hunted):
        of_name = [h for h in hunted if key(h) == name]
        sides = [
            [h for h in of_name if (h.planted.side == "reference") == is_ours]
            for is_ours in (False, True)
        ]
        shares = [f"{sum(h.is_found for h in side)}/{len(side)}" if side else "" for side in sides]
        right, wrong = (
            sum(h.is_blamed_right for h in of_name),
            sum(h.is_blamed_wrong for h in of_name),
        )
        nobody = sum(h.is_found for h in of_name) - right - wrong
        lines.append(f"| {name} | {shares[0]} | {shares[1]} | {right} | {nobody} | {wrong} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
