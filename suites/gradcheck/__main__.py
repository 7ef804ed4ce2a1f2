"""The command: ``python -m suites.gradcheck detect --sizes 10,1000 --seeds 20 -o docs/gradcheck-detection.md``."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from suites.gradcheck.detection import as_markdown, measure

SIZES = "10,100,1000,10000,100000"


def main() -> None:
    """Writes the table of planted mistakes, or prints it."""
    parser = argparse.ArgumentParser(prog="python -m suites.gradcheck")
    parser.add_argument("what", choices=["detect"], help="measure which planted mistakes are found")
    parser.add_argument("--sizes", default=SIZES, help=f"elements of the input (default {SIZES})")
    parser.add_argument("--seeds", type=int, default=20, help="runs for each (default 20)")
    parser.add_argument(
        "-o", "--output", type=Path, help="file to write (default: standard output)"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    sizes = [int(size) for size in given.sizes.split(",")]
    text = as_markdown(measure(sizes, given.seeds), seeds=given.seeds)
    if given.output is None:
        print(text)
    else:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
