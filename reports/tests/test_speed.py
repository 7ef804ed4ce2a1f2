"""Merging many shards is quick and small, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from reports.tests import sample_runs
from reports.tests import samples as s

ROOT = Path(__file__).resolve().parent.parent.parent
SHARDS, CASES = 50, 20_000
SECONDS, MIB = 20.0, 1024
# Merging a line, and all that goes with it, against parsing it as JSON and forgetting it.
OVER_PARSING = 2.0
PROGRAM = """
import json, os, resource, sys, time
from pathlib import Path
from reports.load import load_run

def used():
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

parsed = -used()
for path in Path(sys.argv[1]).glob("*"):
    for line in path.open("rb"):
        json.loads(line)
parsed += used()
start, merged = time.perf_counter(), -used()
run = load_run([Path(sys.argv[1])])
took, merged = time.perf_counter() - start, merged + used()
# Not ru_maxrss for this process itself: that remembers the process which started it.
own = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
peak = (own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
# What else the machine does meanwhile is not counted: the time that was used, shared by the processors.
took = min(took, merged / os.cpu_count())
print(len(run.cases), len(run.problems), took, merged / parsed, peak)
"""


ATTEMPTS = 3


def measured(folder):
    words = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    cases, problems, took, over_parsing, peak = done.stdout.split()
    return (int(cases), int(problems)), float(took), float(over_parsing), int(peak)


def shards(folder, count):
    """Shards of different cases: one is made, the others are the same with other ids and another run."""
    records = (
        record | {"id": record["id"].replace("[", "[shard#-", 1)}
        for record in sample_runs.many(CASES)
    )
    path = s.write_run(folder, records, run="run#")
    shard = path.read_bytes()
    path.unlink()
    for number in range(count):
        text = shard.replace(b"[shard#", b"[%d" % number).replace(b'"run#"', b'"run%d"' % number)
        (folder / f"run{number}-main.jsonl").write_bytes(text)


def test_five_shards_cost_little_more_than_parsing_them(tmp_path):
    shards(tmp_path, SHARDS // 10)
    # What else runs on the same core only ever adds to the share: the least of a few is the program's own.
    for _ in range(ATTEMPTS):
        merged, _, over_parsing, peak = measured(tmp_path)
        if over_parsing <= OVER_PARSING:
            break
    assert merged == (CASES * SHARDS // 10, 0)
    assert over_parsing <= OVER_PARSING
    assert peak <= MIB / 4


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_shards_of_20000_cases_are_merged_in_time(tmp_path):
    shards(tmp_path, SHARDS)
    merged, took, _, peak = measured(tmp_path)
    assert merged == (CASES * SHARDS, 0)
    assert took <= SECONDS
    assert peak <= MIB
