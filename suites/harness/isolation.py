"""Code that may take the process down, run in one of its own."""

import subprocess
import sys

from suites.harness.notes import Disagreement

_PATIENCE = 120  # seconds


def output_alone(code: str, *args: str, told: str) -> str:
    """What Python code prints that runs in a process of its own.

    Args:
        code: the program.
        args: what it finds in ``sys.argv[1:]``.
        told: the code in words, for the message.

    Raises:
        Disagreement: a signal ended the process (crash).
    """
    done = subprocess.run(  # noqa: S603 - programs of the suites
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    if done.returncode < 0:
        raise Disagreement(
            f"{told} took the process down (signal {-done.returncode})", kind="crash"
        )
    if done.returncode:
        raise RuntimeError(f"{told} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
