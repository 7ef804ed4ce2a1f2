"""The quick tier on every device found here, then the report: what ``tox -e conformance`` runs."""

import shutil
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "records" / "conformance"
PAGE = ROOT / "report.html"
SUITES = ("behaviours", "tutorials", "ops", "programs")


def main(extra: list[str]) -> int:
    """Runs the suites, builds the page, and gives the exit code of the run, or that of the page if it is worse."""
    shutil.rmtree(RECORDS, ignore_errors=True)
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    options = [word for device in devices for word in ("--device", device)]
    paths = [
        f"suites/{name}" for name in SUITES if list((ROOT / "suites" / name).glob("test_*.py"))
    ]
    ran = run(
        "-m",
        "pytest",
        *paths,
        "--tier",
        "quick",
        "-q",
        "-n",
        "2",
        *options,
        "--records",
        str(RECORDS),
        *extra,
    )
    built = run("-m", "reports", "build", str(RECORDS), "-o", str(PAGE))
    return ran or built


def run(*words: str) -> int:
    """The exit code of this Python with these arguments."""
    return subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
