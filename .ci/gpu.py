"""The suites on a GPU; where there is none it says *not run*, which is no success and no failure of the suites."""

import subprocess
import sys

import torch

NOT_RUN = 5


def main(words: list[str]) -> int:
    """The exit code of the run; 5, as for a run of zero cases, where there is no GPU."""
    if not torch.cuda.is_available():
        sys.stdout.write("gpu: not run: torch finds no CUDA device on this machine\n")
        return NOT_RUN
    command = [sys.executable, "-m", "pytest", "--device", "cuda", *words]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
