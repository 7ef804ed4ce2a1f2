"""The statement: everything that was left out with its reason, and a checksum anybody can compute."""

import subprocess

from reports.load import load_run
from reports.statement import build_statement, statement_markdown
from reports.tests import sample_runs
from reports.tests import samples as s


def test_every_skip_and_expected_failure_has_its_reason(tmp_path):
    s.write_run(tmp_path, sample_runs.believable(), driver="npu 1.2")
    run = load_run([tmp_path])
    text = statement_markdown(build_statement(run))
    left = [
        case
        for case in run.cases.values()
        if case.status in {"skip", "unsupported", "xfail", "reference-lacks"}
    ]
    assert len(left) == 4
    assert all(case.id.replace("[", "\\[").replace("]", "\\]") in text for case in left)
    for told in (
        "takes the device down",
        "npu lacks linalg.svd in bfloat16",
        "the driver rounds down",
        "npu 1.2",
        "2.13.0",
    ):
        assert told in text


def test_reason_that_was_not_recorded_is_told(tmp_path):
    s.write_run(tmp_path, [s.case("ops/a[b]::cpu::float64::eager", "skip")])
    assert build_statement(load_run([tmp_path])).left_out[0].reason == "no reason recorded"


def test_checksum_is_the_one_of_the_shell(tmp_path):
    s.write_run(tmp_path, sample_runs.believable(), worker="gw0")
    s.write_run(tmp_path, [], worker="gw1")
    command = ["/bin/sh", "-c", "sha256sum *.jsonl | LC_ALL=C sort | sha256sum"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    assert build_statement(load_run([tmp_path])).checksum == told.stdout.split()[0]


def test_checksum_changes_with_one_byte(tmp_path):
    path = s.write_run(tmp_path, sample_runs.believable())
    first = build_statement(load_run([tmp_path])).checksum
    path.write_text(path.read_text("utf-8").replace("twice", "Twice", 1), "utf-8")
    assert build_statement(load_run([tmp_path])).checksum != first


def test_statement_of_incomplete_records_says_so(tmp_path):
    s.write(tmp_path / "r.jsonl", [s.header(), s.case("ops/a[b]::cpu::float64::eager")])
    assert "covers only what was recorded" in statement_markdown(
        build_statement(load_run([tmp_path]))
    )
