"""How long it takes to find every case of the operator suites at the tier full, after torch's own import."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOAL_S = 3.0
# In a process of its own, which pays for our imports too, and for torch's before the clock starts. That torch imports
# hypothesis before pytest does is a warning, and warnings are errors here.
COLLECT = """
import sys, time, torch, pytest
from torch.testing._internal.common_methods_invocations import op_db
begin = time.process_time()
class Counted:
    def pytest_collection_finish(self, session):
        print(len(session.items), time.process_time() - begin, file=sys.stderr)
pytest.main(["--collect-only", "-qq", "-W", "ignore", *sys.argv[1:]], plugins=[Counted()])
"""


def collected(*words: str) -> tuple[int, float]:
    """How many cases pytest collects, and in how many seconds of processor time."""
    command = (sys.executable, "-W", "ignore", "-c", COLLECT, *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - the program above
    count, elapsed_s = done.stderr.split()[-2:]
    return int(count), float(elapsed_s)


@pytest.mark.parametrize("tier", ["standard", "full"])
def test_collection_of_the_operator_suites(benchmark, tier):
    found = []
    benchmark.pedantic(
        lambda: found.append(collected("--tier", tier, "suites/ops")), rounds=3, warmup_rounds=1
    )
    benchmark.extra_info["cases"] = found[-1][0]
    benchmark.extra_info["cpu_s"] = round(min(elapsed_s for _, elapsed_s in found), 2)
    benchmark.extra_info["goal_cpu_s"] = GOAL_S
    assert found[-1][0] > 10_000
