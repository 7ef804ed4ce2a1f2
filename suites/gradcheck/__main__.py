"""Commands: ``python -m suites.gradcheck detect --sizes 10,1000 -o FILE`` and ``python -m suites.gradcheck ops``."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from suites.gradcheck.detection import as_markdown, measure
from suites.gradcheck.op_detection import measure_ops

SIZES = "10,100,1000,10000,100000"


def main() -> None:
    """Writes the table of planted mistakes, or prints it."""
    parser = argparse.ArgumentParser(prog="python -m suites.gradcheck")
    parser.add_argument(
        "what",
        choices=["detect", "ops"],
        help="plant mistakes in functions of several sizes, beside torch's checkers; or in all operators of op_db",
    )
    parser.add_argument("--sizes", default=SIZES, help=f"elements of the input (default {SIZES})")
    parser.add_argument("--seeds", type=int, default=20, help="runs for each (default 20)")
    parser.add_argument(
        "--each", type=int, default=2, help="ops: samples of each operator (default 2)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, help="file to write (default: standard output)"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.what == "ops":
        text = str(measure_ops(each=given.each, seeds=range(1, 1 + given.seeds)))
    else:
        sizes = [int(size) for size in given.sizes.split(",")]
        text = as_markdown(measure(sizes, given.seeds), seeds=given.seeds)
    if given.output is None:
        print(text)
    else:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
