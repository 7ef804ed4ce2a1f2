"""What a run leaves behind: complete, flushed, mergeable, and never lost to a crash."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from jsonschema import Draft202012Validator

from suites.harness.record import INFINITE, RecordWriter, plain
from suites.selfcheck.launcher import ROOT, plant, read_records, run_pytest

THREE = """
@clause("vjp.passed-cotangent-is-not-modified")
def test_first(torch):
    assert_values(torch.tensor([1.0]), [1.0])

@clause("vjp.passed-cotangent-is-not-modified")
@clause("accumulate.adds-to-existing-grad")
def test_second(torch):
    assert_values(torch.tensor([[1.0, 2.0]]), [[1.0, 4.0]])

@pytest.mark.parametrize("shape", [(1,), (2, 3)], ids=["1", "2x3"])
def test_third(torch, shape):
    raise KeyError("not an assertion")
"""


def test_one_file_has_header_clauses_cases_and_footer(tmp_path):
    plant(tmp_path, THREE)
    ran = run_pytest(tmp_path, "--only", "reference")
    kinds = [record["type"] for record in ran.records]
    assert (kinds[0], kinds[-1]) == ("header", "footer")
    assert kinds.count("clause") > 500
    assert ran.records[-1]["cases"] == len(ran.cases()) == 5
    assert ran.records[-1]["counts"] == {"pass": 1, "fail": 2, "error": 2}
    assert ran.records[-1]["exit_status"] == ran.code == 1


def test_ids_have_the_form_that_expectations_match(tmp_path):
    plant(tmp_path, THREE)
    ids = sorted(run_pytest(tmp_path, "--only", "reference").cases())
    assert ids == [
        "behaviours/accumulate.adds-to-existing-grad[second]::reference::default::eager",
        "behaviours/unclaimed[third,1]::reference::default::eager",
        "behaviours/unclaimed[third,2x3]::reference::default::eager",
        "behaviours/vjp.passed-cotangent-is-not-modified[first]::reference::default::eager",
        "behaviours/vjp.passed-cotangent-is-not-modified[second]::reference::default::eager",
    ]


def test_a_failure_carries_its_numbers_its_line_and_how_to_run_it_again(tmp_path):
    plant(tmp_path, THREE)
    case = run_pytest(tmp_path, "--only", "reference", "-k", "second").cases().popitem()[1]
    assert case["differences"][0]["where"] == "value at (0, 1)"
    assert case["arrays"] == {"shape": [1, 2], "got": [[1.0, 2.0]], "want": [[1.0, 4.0]]}
    assert case["lines"]["test"][0] == "suites/behaviours/test_planted.py"
    assert case["rerun"] == "pytest 'suites/behaviours/test_planted.py::test_second[reference]'"
    assert case["signature"] == "value: wanted #, found # for value at (#, #): off by #, allowed #"
    assert "wanted 4.0, found 2.0" in case["message"]


def test_records_satisfy_the_schema_that_ships(tmp_path):
    schema = json.loads((ROOT / "docs" / "record.schema.json").read_text(encoding="utf-8"))
    plant(tmp_path, THREE)
    ran = run_pytest(tmp_path, "--only", "reference")
    complaints = [
        e.message
        for record in ran.records
        for e in Draft202012Validator(schema).iter_errors(record)
    ]
    assert complaints == []


def test_workers_write_files_of_their_own(tmp_path):
    plant(tmp_path, THREE)
    ran = run_pytest(tmp_path, "--only", "reference", "-n", "2")
    workers = {r["worker"] for r in ran.records if r["type"] == "header"}
    assert workers == {"main", "gw0", "gw1"}
    assert {r["run"] for r in ran.records if r["type"] == "header"} == {ran.records[0]["run"]}
    assert len(ran.cases()) == 5
    assert ran.code == 1


def test_a_worker_that_dies_leaves_its_case_as_a_crash(tmp_path):
    plant(
        tmp_path,
        "import os\ndef test_fatal(torch):\n    os._exit(3)\ndef test_fine(torch):\n    pass\n",
    )
    ran = run_pytest(tmp_path, "--only", "reference", "-n", "1")
    crashed = ran.cases()["behaviours/unclaimed[fatal]::reference::default::eager"]
    assert crashed["outcome"] == "crash"
    assert ran.cases()["behaviours/unclaimed[fine]::reference::default::eager"]["outcome"] == "pass"
    assert ran.code == 1


def test_a_killed_run_keeps_its_cases_and_has_no_footer(tmp_path):
    plant(
        tmp_path,
        "import time\ndef test_a(torch):\n    pass\ndef test_b(torch):\n    time.sleep(100)\n",
    )
    records = tmp_path / "records"
    command = [sys.executable, "-m", "pytest", "-p", "suites.harness.plugin", "--only", "reference"]
    run = subprocess.Popen(
        [*command, "--records", str(records)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"},
        stdout=subprocess.DEVNULL,
    )
    wait_for(records, '"unclaimed[a]')
    run.send_signal(signal.SIGKILL)
    run.wait(timeout=30)
    kept = read_records(records)
    assert [r["id"] for r in kept if r["type"] == "case"] == [
        "behaviours/unclaimed[a]::reference::default::eager"
    ]
    assert "footer" not in {r["type"] for r in kept}
    (running,) = records.glob("*.running")
    assert "unclaimed[b]" in running.read_text(encoding="utf-8")


def wait_for(folder: Path, text: str) -> None:
    """Until a record has that text; the test of a killed process cannot do without waiting for it."""
    text = text.strip('"')
    for _ in range(600):
        if any(text in path.read_text(encoding="utf-8") for path in folder.glob("*.jsonl")):
            return
        time.sleep(0.1)
    raise AssertionError(f"no record with {text!r} came")


def test_numbers_that_json_has_not_are_written_so_that_it_has(tmp_path):
    writer = RecordWriter(tmp_path, "run", "main")
    writer.case(
        {"outcome": "pass", "a": np.array([np.nan, np.inf, 1.0]), "b": float("inf"), "c": 1 + 2j}
    )
    writer.footer(0)
    first = json.loads(writer.path.read_text(encoding="utf-8").splitlines()[0])
    assert first["a"] == ["nan", "inf", 1.0]
    assert first["b"] == INFINITE
    assert first["c"] == "(1+2j)"


def test_plain_turns_what_it_does_not_know_into_text():
    assert plain({"path": Path("x"), "set": {1}, "n": np.float64(2.5)}) == {
        "path": "x",
        "set": [1],
        "n": 2.5,
    }
