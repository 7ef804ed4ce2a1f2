"""Merging keeps every case once and shows every broken file for what it is."""

import json

import pytest

from reports.broken import (
    BadRecordError,
    ConflictError,
    CountMismatchError,
    ForeignSchemaError,
    HalfWrittenLineError,
    MalformedLineError,
    MissingFooterError,
    MissingHeaderError,
    NoRecordsError,
    SameWorkerError,
)
from reports.load import load_run
from reports.tests import samples as s

ONE = "ops/mul[vjp-2]::cpu::float64::eager"
TWO = "ops/mul[vjp-3]::cpu::float64::eager"


def problems(run):
    return [type(problem) for problem in run.problems]


def test_complete_file_has_no_problem(tmp_path):
    s.write_run(tmp_path, [s.case(ONE), s.case(TWO, "fail")])
    run = load_run([tmp_path])
    assert problems(run) == []
    assert dict(run.counts) == {"pass": 1, "fail": 1}
    assert run.executed() == 2


def test_workers_of_a_run_are_merged(tmp_path):
    s.write_run(tmp_path, [s.case(ONE)], worker="gw0")
    s.write_run(tmp_path, [s.case(TWO)], worker="gw1")
    run = load_run([tmp_path])
    assert set(run.cases) == {ONE, TWO}
    assert problems(run) == []


def test_killed_worker_shows_as_missing_footer(tmp_path):
    s.write(tmp_path / "r-gw0.jsonl", [s.header(), s.case(ONE)])
    run = load_run([tmp_path])
    assert problems(run) == [MissingFooterError]
    assert run.incomplete
    assert "after 1 recorded case" in str(run.problems[0])


def test_killed_worker_tells_which_case_it_ran(tmp_path):
    s.write(tmp_path / "r-gw0.jsonl", [s.header(), s.case(ONE)])
    (tmp_path / "r-gw0.running").write_text(json.dumps([{"id": TWO}]))
    run = load_run([tmp_path])
    assert problems(run) == [MissingFooterError]
    assert f"the last to begin being {TWO}" in str(run.problems[0])


@pytest.mark.parametrize("left", ["", "[{", "[1]", '{"id": 3}', "[" * 100_000])
def test_word_of_a_running_case_that_cannot_be_read_takes_nothing_away(tmp_path, left):
    s.write(tmp_path / "r-gw0.jsonl", [s.header(), s.case(ONE)])
    (tmp_path / "r-gw0.running").write_text(left)
    run = load_run([tmp_path])
    assert problems(run) == [MissingFooterError]
    assert set(run.cases) == {ONE}


def test_half_written_last_line_is_a_crash_at_that_line(tmp_path):
    whole = json.dumps(s.case(TWO))
    s.write(tmp_path / "r.jsonl", [s.header(), s.case(ONE)], ending=f"\n{whole[:-20]}")
    run = load_run([tmp_path])
    assert problems(run) == [HalfWrittenLineError, MissingFooterError]
    assert run.problems[0].line == 3
    assert set(run.cases) == {ONE}


def test_last_line_without_its_newline_still_counts(tmp_path):
    records = [s.header(), s.case(ONE)]
    s.write(tmp_path / "r.jsonl", [*records, s.footer(records)], ending="")
    assert problems(load_run([tmp_path])) == []


@pytest.mark.parametrize(
    "line",
    ["{not json}", "[1, 2]", "3", "[" * 100_000, '{"type": "case", "n": ' + "9" * 5000 + "}"],
)
def test_malformed_line_is_named_and_the_rest_is_read(tmp_path, line):
    records = [s.header(), s.case(ONE)]
    path = s.write(tmp_path / "r.jsonl", records)
    with path.open("a") as stream:
        stream.write(f"{line}\n{json.dumps(s.footer(records))}\n")
    run = load_run([tmp_path])
    assert problems(run) == [MalformedLineError]
    assert run.problems[0].line == 3
    assert set(run.cases) == {ONE}


def test_bytes_that_are_not_utf8_are_a_malformed_line(tmp_path):
    path = s.write(tmp_path / "r.jsonl", [s.header()])
    with path.open("ab") as stream:
        stream.write(json.dumps(s.case(ONE)).encode().replace(b"vjp-2", b"vjp-\xff") + b"\n")
        stream.write(json.dumps(s.case(TWO)).encode() + b"\n")
    run = load_run([tmp_path])
    assert problems(run) == [MalformedLineError, MissingFooterError]
    assert set(run.cases) == {TWO}


@pytest.mark.parametrize("schema", [2, "1", None, True, 1.5])
def test_foreign_schema_is_refused_for_that_file_alone(tmp_path, schema):
    s.write(tmp_path / "a.jsonl", [s.header(run="other", schema=schema), s.case(ONE)])
    s.write_run(tmp_path, [s.case(TWO)])
    run = load_run([tmp_path])
    assert ForeignSchemaError in problems(run)
    assert set(run.cases) == {TWO}


@pytest.mark.parametrize("content", ["", "\n", "nonsense\n", '{"type": "case"}\n'])
def test_file_without_a_header_is_not_read(tmp_path, content):
    (tmp_path / "a.jsonl").write_text(content)
    run = load_run([tmp_path])
    assert MissingHeaderError in problems(run)
    assert run.executed() == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"outcome": "passed"}, "did you mean 'pass'"),
        ({"outcome": 3}, "unknown outcome"),
        ({"expectation": "xfial"}, "unknown expectation 'xfial'"),
        ({"subject": None}, "subject"),
        ({"subject": {"device": ["cpu"], "dtype": "d", "mode": "m"}}, "is not of type 'string'"),
        ({"id": 7}, "id"),
        ({"error": [1]}, "error"),
        ({"type": "caes"}, "did you mean 'case'"),
    ],
)
def test_bad_record_says_what_is_wrong_with_it(tmp_path, change, told):
    s.write_run(tmp_path, [s.case(ONE) | change, s.case(TWO)])
    run = load_run([tmp_path])
    assert problems(run)[0] is BadRecordError
    assert told in str(run.problems[0])
    assert ONE not in run.cases


def test_missing_field_is_named(tmp_path):
    record = s.case(ONE)
    del record["outcome"]
    s.write(tmp_path / "r.jsonl", [s.header(), record])
    assert "'outcome' is a required property" in str(load_run([tmp_path]).problems[0])


def test_footer_that_counts_other_cases_tells_of_lost_lines(tmp_path):
    records = [s.header(), s.case(ONE), s.case(TWO)]
    s.write(tmp_path / "r.jsonl", [*records[:2], s.footer(records)])
    run = load_run([tmp_path])
    assert problems(run) == [CountMismatchError]
    assert run.incomplete


@pytest.mark.parametrize(
    "outcomes", [("pass", "fail"), ("fail", "pass"), ("pass", "unsupported"), ("pass", "crash")]
)
def test_case_with_two_outcomes_is_a_conflict_and_no_pass(tmp_path, outcomes):
    for worker, outcome in enumerate(outcomes):
        s.write_run(tmp_path, [s.case(ONE, outcome)], worker=f"gw{worker}")
    run = load_run([tmp_path])
    assert problems(run) == [ConflictError]
    assert dict(run.counts) == {"conflict": 1}
    assert all(outcome in run.conflicts[ONE] for outcome in outcomes)


def test_case_recorded_twice_alike_counts_once(tmp_path):
    s.write_run(tmp_path, [s.case(ONE)], worker="gw0")
    s.write_run(tmp_path, [s.case(ONE)], worker="gw1")
    run = load_run([tmp_path])
    assert dict(run.counts) == {"pass": 1}
    assert run.repeats == 1
    assert problems(run) == []


def test_entry_given_to_several_runs_is_one_that_spoke_for_the_cases_of_all(tmp_path):
    for run, matched, other in (("a", 2, "first"), ("b", 0, "second"), ("c", 3, "second")):
        entries = [s.expectation(ONE, "rounds down", matched), s.expectation(TWO, other, 0)]
        s.write_run(tmp_path / run, entries, run=run)
    merged = load_run([tmp_path / run for run in "abc"])
    assert [(e.id, e.reason, e.matched) for e in merged.expectations] == [
        (ONE, "rounds down", 5),
        (TWO, "first", 0),
        (TWO, "second", 0),
    ]


def test_two_files_of_one_worker_are_told(tmp_path):
    for name in ("a", "b"):
        s.write_run(tmp_path / name, [s.case(ONE)])
    run = load_run([tmp_path / "a", tmp_path / "b"])
    assert problems(run) == [SameWorkerError]
    assert dict(run.counts) == {"pass": 1}


def test_two_torch_versions_are_two_columns(tmp_path):
    for version, outcome in (("2.12.0", "pass"), ("2.13.0", "fail")):
        s.write_run(tmp_path, [s.case(ONE, outcome)], run=version, torch=version)
    run = load_run([tmp_path])
    assert [subject.label for subject in run.subjects()] == [
        "cpu float64 torch 2.12.0",
        "cpu float64 torch 2.13.0",
    ]
    assert dict(run.counts) == {"pass": 1, "fail": 1}
    assert run.conflicts == {}


def test_run_can_be_chosen(tmp_path):
    s.write_run(tmp_path, [s.case(ONE, "fail")], run="first", started="2026-01-01T00:00:00Z")
    s.write_run(tmp_path, [s.case(ONE)], run="second", started="2026-01-02T00:00:00Z")
    assert dict(load_run([tmp_path], run="latest").counts) == {"pass": 1}
    assert dict(load_run([tmp_path], run="first").counts) == {"fail": 1}
    with pytest.raises(NoRecordsError, match="first, second"):
        load_run([tmp_path], run="third")


def test_path_that_does_not_exist_names_its_neighbour(tmp_path):
    (tmp_path / "records").mkdir()
    with pytest.raises(NoRecordsError, match=r"did you mean .*records"):
        load_run([tmp_path / "recrods"])


@pytest.mark.parametrize(
    ("outcome", "expectation", "status"),
    [
        ("fail", "xfail", "xfail"),
        ("pass", "xpass", "xpass"),
        ("pass", "xfail", "xpass"),
        ("crash", "xfail", "xfail"),
    ],
)
def test_expected_failure_is_never_a_pass(tmp_path, outcome, expectation, status):
    s.write_run(tmp_path, [s.case(ONE, outcome, expectation=expectation)])
    assert dict(load_run([tmp_path]).counts) == {status: 1}


def test_unknown_fields_are_ignored(tmp_path):
    s.write_run(tmp_path, [s.case(ONE, future={"field": 1})], also="new")
    assert problems(load_run([tmp_path])) == []


def test_details_come_from_the_line_of_the_case(tmp_path):
    s.write_run(tmp_path, [s.case(ONE), s.failing(TWO, reason="ünïcode → moves offsets")])
    s.write_run(tmp_path, [s.failing(ONE.replace("2]", "4]"))], worker="gw1")
    run = load_run([tmp_path])
    assert [(case.id, record["id"]) for case, record in run.details(run.unexpected)] == [
        (case.id, case.id) for case in sorted(run.unexpected, key=lambda case: case.file)
    ]
