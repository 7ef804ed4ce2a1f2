"""The sentence says what the records say, and nothing that ran nowhere is a success."""

import pytest

from reports.load import load_run
from reports.tests import samples as s
from reports.verdict import judge_run, signatures

KEPT = "behaviours/accumulate.adds-to-existing-grad[twice]::{}::default::eager"
OP = "ops/{}[vjp-2]::{}::float64::eager"


def verdict_of(folder, cases, **header):
    s.write_run(folder, cases, **header)
    return judge_run(load_run([folder]))


def test_clean_run_keeps_its_promises(tmp_path):
    verdict = verdict_of(tmp_path, [s.case(KEPT.format("cpu")), s.case(OP.format("mul", "cpu"))])
    assert verdict.tone == "good"
    assert (
        verdict.sentence
        == "torch 2.13.0+cpu on cpu keeps what was checked, 1 promise and 1 op: 2 cases pass."
    )


def test_programs_are_neither_promises_nor_ops(tmp_path):
    program = s.case("programs/unclaimed[seed-3]::cpu::default::eager", op=None, check=None)
    verdict = verdict_of(tmp_path, [program, s.case(OP.format("mul", "cpu"))])
    assert "keeps what was checked, 1 op: 2 cases pass" in verdict.sentence


def test_failure_breaks_a_promise_and_names_the_most_frequent_signature(tmp_path):
    cases = [s.failing(OP.format(op, "npu")) for op in ("mul", "exp")]
    verdict = verdict_of(tmp_path, [*cases, s.case(KEPT.format("npu"))])
    assert verdict.tone == "bad"
    assert verdict.sentence == (
        "torch 2.13.0+cpu on npu breaks 2 ops: 2 of 3 cases end unexpectedly, "
        "most often with “AssertionError: a gradient is twice too large”."
    )


@pytest.mark.parametrize("outcome", ["fail", "error", "crash", "timeout"])
def test_every_bad_outcome_breaks_promises(tmp_path, outcome):
    assert verdict_of(tmp_path, [s.case(KEPT.format("cpu"), outcome)]).tone == "bad"


def test_unexpected_pass_is_bad_and_expected_failure_is_not(tmp_path):
    bad = verdict_of(tmp_path / "a", [s.case(KEPT.format("cpu"), "pass", expectation="xpass")])
    good = verdict_of(tmp_path / "b", [s.case(KEPT.format("cpu"), "fail", expectation="xfail")])
    assert (bad.tone, good.tone) == ("bad", "good")
    assert "1 case fails as expected" in good.sentence


@pytest.mark.parametrize("outcome", ["skip", "unsupported", "reference-lacks", "not-applicable"])
def test_run_that_executed_nothing_is_no_success(tmp_path, outcome):
    verdict = verdict_of(tmp_path, [s.case(KEPT.format("cpu"), outcome)])
    assert verdict.tone == "empty"
    assert verdict.sentence == f"Nothing ran: none of 1 case was executed (1 {outcome})."


def test_no_cases_and_no_files_are_no_success(tmp_path):
    assert judge_run(load_run([tmp_path])).sentence == "Nothing ran: there are no record files."
    assert verdict_of(tmp_path, []).sentence == "Nothing ran: 1 record file without a single case."


def test_reference_that_fails_is_our_bug_and_not_the_subjects(tmp_path):
    verdict = verdict_of(
        tmp_path, [s.case(KEPT.format("reference"), "fail"), s.case(KEPT.format("cpu"))]
    )
    assert verdict.tone == "bad"
    assert verdict.sentence.startswith(
        "The reference itself fails 1 case, which is our bug; torch 2.13.0+cpu on cpu keeps"
    )


def test_reference_alone_says_nothing_of_torch(tmp_path):
    verdict = verdict_of(tmp_path, [s.case(KEPT.format("reference"))], torch=None)
    assert (
        verdict.sentence == "The reference keeps what was checked (1 case); no torch was checked."
    )
    assert any("says nothing about any torch" in note for note in verdict.notes)


def test_passes_without_a_footer_are_no_clean_verdict(tmp_path):
    s.write(tmp_path / "r.jsonl", [s.header(), s.case(KEPT.format("cpu"))])
    verdict = judge_run(load_run([tmp_path]))
    assert verdict.tone == "incomplete"
    assert verdict.sentence.startswith(
        "Incomplete (1 of 1 record file broken or unfinished): of what was recorded, torch"
    )


def test_what_the_reference_lacks_is_told_and_not_counted(tmp_path):
    verdict = verdict_of(
        tmp_path, [s.case(OP.format("mul", "cpu"), "reference-lacks"), s.case(KEPT.format("cpu"))]
    )
    assert "1 case pass" in verdict.sentence
    assert any(note.startswith("The reference lacks 1 case") for note in verdict.notes)


def test_signatures_of_subjects_come_before_those_of_the_reference(tmp_path):
    ours = [s.case(OP.format(op, "reference"), "fail", signature="ours") for op in ("a", "b", "c")]
    s.write_run(tmp_path, [*ours, s.case(OP.format("a", "npu"), "fail", signature="theirs")])
    assert [group.text for group in signatures(load_run([tmp_path]).unexpected)] == [
        "theirs",
        "ours",
    ]
