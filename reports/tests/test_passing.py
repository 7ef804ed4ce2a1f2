"""The fast way to read a passing case says what the JSON parser says, or nothing."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports import read
from reports.broken import BrokenRecordsError
from reports.passing import Passing, passing_lines
from reports.tests import sample_runs
from reports.tests import samples as s

PASSED = s.case(
    "ops/mul[vjp-2x3]::cpu::float64::eager", error={"over_bound": 0.5, "ulps": 1e-9, "absolute": 3}
)
LINE = json.dumps(PASSED)


def read_lines(folder, lines, *, quick):
    path = folder / "r.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in [json.dumps(s.header()).encode(), *lines]))
    with pytest.MonkeyPatch.context() as patch:
        if not quick:
            patch.setattr(
                "reports.read.passing_lines", lambda chunk: [Passing()] * (chunk.count(b"\n") + 1)
            )
        part = read.read_file(read.read_header(path))
    told = [(type(problem), problem.line) for problem in part.file.problems]
    cases = sorted(zip(*part.columns, strict=True), key=lambda facts: facts[-1])
    return told, [(id_, fields_of(part.rows[row]), *facts) for id_, row, *facts in cases]


def fields_of(row):
    return row.suite, row.subject, row.group, row.entry, row.clause, row.op, row.check


def test_line_as_the_harness_writes_it_is_read_the_fast_way():
    [fields, *_] = passing_lines(LINE.encode() + b"\n")
    assert Passing(*fields).id == PASSED["id"]
    assert Passing(*fields).over_bound == "0.5"


def test_line_of_a_failure_is_left_to_the_parser():
    assert not any(
        fields[0]
        for fields in passing_lines(json.dumps(PASSED | {"outcome": "fail"}).encode() + b"\n")
    )


def test_both_ways_agree_on_a_whole_run(tmp_path):
    lines = [
        json.dumps(record).encode()
        for record in [*sample_runs.believable(), *sample_runs.many(200)]
    ]
    assert read_lines(tmp_path, lines, quick=True) == read_lines(tmp_path, lines, quick=False)


places = st.integers(0, len(LINE) - 1)
snippets = st.sampled_from(
    [
        '"',
        "\\",
        "{",
        "}",
        "[",
        ",",
        "null",
        '"pass"',
        '"fail"',
        "\t",
        "\x00",
        "1e999",
        "-",
        "é",
        "\ud7ff",
        '", "id": "',
    ]
)


@given(at=places, cut=st.integers(0, 4), put=snippets | st.text(max_size=4))
@example(at=LINE.index('"pass"'), cut=6, put='"fail"')
@example(at=LINE.index("0.0012"), cut=6, put="1e999")
@example(at=LINE.index("0.0012"), cut=6, put="01")
@example(at=LINE.index('"suite"'), cut=0, put='"id": "other", ')
@example(at=LINE.index('"device"'), cut=0, put='"device": "npu", ')
def test_both_ways_agree_on_a_damaged_line(tmp_path_factory, at, cut, put):
    damaged = (LINE[:at] + put.replace("\n", "") + LINE[at + cut :]).encode(
        "utf-8", "surrogatepass"
    )
    folder = tmp_path_factory.mktemp("lines")
    lines = [damaged, json.dumps(PASSED | {"id": "ops/exp[value]::cpu::float64::eager"}).encode()]
    assert read_lines(folder, lines, quick=True) == read_lines(folder, lines, quick=False)


def test_problem_survives_the_way_between_processes():
    problem = copy.copy(BrokenRecordsError(Path("r.jsonl"), 3, "what"))
    assert (problem.path, problem.line, problem.what) == (Path("r.jsonl"), 3, "what")
