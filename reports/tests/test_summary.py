"""Summaries: counts and failures for people and scripts, and no record string that acts as markup."""

import json

from reports.load import load_run
from reports.summary import LIMIT_BYTES, json_summary, markdown_summary, text_summary
from reports.tests import sample_runs
from reports.tests import samples as s

HOSTILE = "ops/x[|`<b>\x1b[31m\u202e]::cpu::float64::eager"


def believable(folder):
    s.write_run(folder, [*sample_runs.believable(), *sample_runs.endings()])
    return load_run([folder])


def test_json_has_counts_failures_and_the_address(tmp_path):
    summary = json.loads(json_summary(believable(tmp_path), "https://example.org/run/1"))
    assert (
        summary["counts"]["pass"]
        + sum(n for name, n in summary["counts"].items() if name != "pass")
        == 87
    )
    assert summary["failed_total"] == len(summary["failed"]) == 7
    assert summary["artifact_url"] == "https://example.org/run/1"
    assert summary["tone"] == "bad"
    assert {"id", "status", "signature", "blame"} == set(summary["failed"][0])


def test_json_refuses_an_address_that_is_none(tmp_path):
    assert (
        json.loads(json_summary(believable(tmp_path), "javascript:alert(1)"))["artifact_url"]
        is None
    )


def test_json_stays_below_its_limit_and_says_what_it_leaves_out(tmp_path):
    many = (
        s.case(f"ops/op{n}[{'x' * 400}]::cpu::float64::eager", "fail", signature="y" * 180)
        for n in range(4000)
    )
    s.write_run(tmp_path, many)
    text = json_summary(load_run([tmp_path]), None)
    summary = json.loads(text)
    assert len(text.encode()) <= LIMIT_BYTES
    assert summary["failed_total"] == 4000
    assert 1000 < summary["failed_listed"] == len(summary["failed"]) < 4000


def test_markdown_tells_outcomes_failures_and_broken_records(tmp_path):
    s.write_run(tmp_path, sample_runs.believable())
    s.write(tmp_path / "crashed.jsonl", [s.header(worker="gw1")])
    text = markdown_summary(load_run([tmp_path]), "https://example.org/a")
    assert "| failed | 3 |" in text
    assert "no footer" in text
    assert "[The whole report](<https://example.org/a>)" in text


def test_hostile_strings_stay_text(tmp_path):
    s.write_run(tmp_path, [s.case(HOSTILE, "fail", signature="<img src=x> | [a](http://b)")])
    run = load_run([tmp_path])
    markdown, text = markdown_summary(run, None), text_summary(run, None)
    assert "\\<img src=x\\> \\| \\[a\\](http:\\//b)" in markdown
    assert "\x1b" not in markdown + text
    assert "\u202e" not in markdown + text
    assert "\\x1b[31m" in text


def test_text_lists_every_unexpected_case(tmp_path):
    run = believable(tmp_path)
    text = text_summary(run, None)
    assert all(case.id in text for case in run.unexpected)
