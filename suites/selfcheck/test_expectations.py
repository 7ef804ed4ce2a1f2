"""Expected failures are strict: they happen, as expected, for a reason, and the file says nothing it cannot mean."""

import datetime
import time

import pytest

from suites.harness.case_glob import CaseIdError, GlobIndex, check_glob
from suites.harness.expectations import (
    ExpectationError,
    Surroundings,
    load_expectations,
    tier_drawn,
)
from suites.selfcheck.launcher import plant, run_pytest

HERE = Surroundings(
    torch="2.13.0+cpu",
    python="3.11.7",
    os="Linux",
    tier="standard",
    today=datetime.date(2026, 6, 1),
)
ID = "behaviours/unclaimed[one]::reference::default::eager"
GOOD = f"""
[[expect]]
id = "{ID}"
kind = "value"
reason = "a planted difference"
issue = "https://example.org/1"
"""


def entries(tmp_path, text):
    path = tmp_path / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return load_expectations([path], HERE)


def run_with(tmp_path, profile, body):
    plant(tmp_path, body)
    (tmp_path / "profile.toml").write_text(profile, encoding="utf-8")
    return run_pytest(
        tmp_path, "--only", "reference", "--expectations", "profile.toml", "suites/behaviours"
    )


DIFFERS = "def test_one(torch):\n    assert_values(torch.tensor([1.0]), [2.0])\n"
PASSES = "def test_one(torch):\n    assert_values(torch.tensor([1.0]), [1.0])\n"
RAISES = "def test_one(torch):\n    raise RuntimeError('no')\n"


def test_an_expected_failure_is_no_failure(tmp_path):
    ran = run_with(tmp_path, GOOD, DIFFERS)
    case = ran.only_case()
    assert (ran.code, case["outcome"], case["expectation"]) == (0, "fail", "xfail")
    assert case["expected_failure"]["reason"] == "a planted difference"
    (entry,) = [r for r in ran.records if r["type"] == "expectation"]
    assert (entry["matched"], entry["file"]) == (1, "profile.toml")


def test_an_unexpected_pass_fails(tmp_path):
    ran = run_with(tmp_path, GOOD, PASSES)
    assert (ran.code, ran.only_case()["expectation"]) == (1, "xpass")
    assert "profile.toml, line 2" in ran.text


def test_a_failure_of_another_kind_fails(tmp_path):
    ran = run_with(tmp_path, GOOD, RAISES)
    assert (ran.code, ran.only_case()["expectation"]) == (1, None)
    assert "expected a failure of kind value, found wrong-error" in ran.text


def test_a_failure_worse_than_its_bound_fails(tmp_path):
    ran = run_with(tmp_path, GOOD + "bound = 1.5\n", DIFFERS)
    assert ran.code == 1
    assert "worse than expected" in ran.text


def test_an_entry_that_matches_nothing_fails(tmp_path):
    ran = run_with(tmp_path, GOOD.replace("[one]", "[on]"), PASSES)
    assert ran.code == 1
    assert f"did you mean '{ID}'" in ran.text


def test_an_entry_for_another_column_is_left_alone(tmp_path):
    assert run_with(tmp_path, GOOD.replace("::reference", "::npu"), PASSES).code == 0


def test_a_skip_keeps_a_case_from_running(tmp_path):
    skip = (
        f'[[skip]]\nid = "{ID}"\nreason = "takes the run down"\nissue = "https://example.org/2"\n'
    )
    ran = run_with(tmp_path, skip, RAISES + "def test_two(torch):\n    pass\n")
    assert ran.code == 0
    assert ran.cases()[ID]["outcome"] == "skip"
    assert "takes the run down" in ran.cases()[ID]["reason"]


def test_a_flaky_case_may_do_what_is_listed_and_nothing_else(tmp_path):
    flaky = f'[[flaky]]\nid = "{ID}"\noutcomes = ["pass", "fail"]\nreason = "races"\nissue = "https://example.org/3"\n'
    places = [tmp_path / name for name in ("differs", "passes", "raises")]
    for place in places:
        place.mkdir()
    codes = [
        run_with(p, flaky, body).code
        for p, body in zip(places, (DIFFERS, PASSES, RAISES), strict=True)
    ]
    assert codes == [0, 0, 1]


@pytest.mark.parametrize(
    ("column", "device", "outcome"),
    [("reference", "reference", "reference-lacks"), ("subject", "cpu", "unsupported")],
)
def test_what_is_lacking_does_not_run_and_is_no_pass(tmp_path, column, device, outcome):
    plant(tmp_path, RAISES + "def test_two(torch):\n    pass\n")
    case_id = ID.replace("reference", device)
    lacks = f'[[lacks]]\nid = "{case_id}"\nreason = "no such kernel"\n'
    (tmp_path / "profile.toml").write_text(lacks, encoding="utf-8")
    ran = run_pytest(tmp_path, "--only", column, "--expectations", "profile.toml")
    assert (ran.code, ran.cases()[case_id]["outcome"]) == (0, outcome)
    assert "no such kernel" in ran.cases()[case_id]["reason"]


def test_replay_runs_the_stored_examples_alone(tmp_path):
    plant(tmp_path, DIFFERS + PASSES.replace("test_one", "test_two"))
    (tmp_path / "profile.toml").write_text(GOOD + f'example = "{ID}"\n', encoding="utf-8")
    ran = run_pytest(tmp_path, "--only", "reference", "--expectations", "profile.toml", "--replay")
    assert list(ran.cases()) == [ID]


BAD = {
    "unknown-key": (
        GOOD + 'reson = "x"\n',
        "unknown key 'reson' in [[expect]]; did you mean 'reason'?",
    ),
    "unknown-table": (
        GOOD.replace("[[expect]]", "[[expct]]"),
        "unknown table 'expct'; did you mean 'expect'?",
    ),
    "unknown-kind": (
        GOOD.replace('"value"', '"vlaue"'),
        "unknown kind 'vlaue'; did you mean 'value'?",
    ),
    "no-reason": (GOOD.replace('reason = "a planted difference"\n', ""), "'reason' is missing"),
    "no-issue": (GOOD.replace('issue = "https://example.org/1"\n', ""), "'issue' is missing"),
    "expired": (GOOD + "expires = 2026-05-31\n", "expired on 2026-05-31"),
    "unknown-suite": (GOOD.replace("behaviours/", "behaviour/"), "did you mean 'behaviours'?"),
    "unknown-clause": (GOOD.replace("unclaimed", "vjp.adds-up"), "unknown clause 'vjp.adds-up'"),
    "part-of-a-segment": (GOOD.replace("reference", "ref*"), "a star stands for a whole segment"),
    "no-id": (GOOD.replace("::eager", ""), "is no case id"),
    "unknown-condition": (
        GOOD + "when = { pythn = '3' }\n",
        "unknown condition 'pythn'; did you mean 'python'?",
    ),
    "unknown-tier": (
        GOOD + "when = { tier = 'ful' }\n",
        "unknown tier 'ful'; did you mean 'full'?",
    ),
    "no-version-range": (GOOD + "when = { torch = 'new' }\n", "wanted a range like"),
    "twice": (GOOD + GOOD, "stands already in"),
    "not-toml": ("[[expect]\n", "is not TOML"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_a_file_that_says_what_it_cannot_mean_is_refused(tmp_path, text, said):
    with pytest.raises(ExpectationError) as caught:
        entries(tmp_path, text)
    assert said in str(caught.value)
    assert "profile.toml" in str(caught.value)


def test_an_invalid_file_is_wrong_usage(tmp_path):
    ran = run_with(tmp_path, BAD["unknown-key"][0], PASSES)
    assert ran.code == 4
    assert "did you mean 'reason'?" in ran.text


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("torch = '>=2.13,<2.14'", True),
        ("torch = '<2.13'", False),
        ("python = '>=3.12'", False),
        ("os = 'Windows'", False),
        ("device = 'cuda'", False),
        ("dtype = 'default'", True),
        ("capability = 'tensor-cores'", False),
        ("tier = 'quick'", True),
        ("tier = 'standard'", True),
        ("tier = 'full'", False),
    ],
)
def test_conditions_decide_where_an_entry_is_in_force(tmp_path, when, holds):
    found = entries(tmp_path, GOOD + f"when = {{ {when} }}\n").find(ID)
    assert (found is not None) is holds


@pytest.mark.parametrize(
    ("tier", "dtypes", "drawn"),
    [
        ("standard", ("default",), "standard"),
        ("standard", ("float64",), "standard"),
        ("standard", ("float64", "complex128"), "full"),
        ("quick", ("complex128",), "quick"),
    ],
)
def test_a_dtype_that_only_the_full_tier_draws_has_its_expectations(tier, dtypes, drawn):
    assert tier_drawn(tier, dtypes) == drawn


@pytest.mark.parametrize(
    ("glob", "case_id", "matches"),
    [
        ("ops/mul[*]::cpu::*::eager", "ops/mul[vjp-3x4,4]::cpu::float64::eager", True),
        ("ops/mul[vjp-*]::cpu::*::eager", "ops/mul[vjp-3x4,4]::cpu::float64::eager", True),
        ("ops/mul[vjp-*]::cpu::*::eager", "ops/mul[jvp-3x4,4]::cpu::float64::eager", False),
        ("ops/*[vjp-*]::cpu::*::eager", "ops/linalg.det[vjp-3]::cpu::float64::eager", True),
        ("ops/linalg.*[*]::cpu::*::eager", "ops/linalg.det[vjp-3]::cpu::float64::eager", True),
        ("ops/linalg.*[*]::cpu::*::eager", "ops/linalg[vjp-3]::cpu::float64::eager", False),
        ("ops/mul[*]::cpu::*::eager", "ops/mul_[vjp-3]::cpu::float64::eager", False),
        ("*/*[*]::npu::*::*", "ops/mul[vjp-3]::npu::float16::eager", True),
        ("*/*[*]::npu::*::*", "ops/mul[vjp-3]::npu2::float16::eager", False),
    ],
)
def test_a_star_stands_for_whole_segments(glob, case_id, matches):
    index = GlobIndex()
    index.add(glob, "found")
    assert list(index.find(case_id)) == (["found"] if matches else [])


def test_the_most_exact_entry_speaks_first():
    index = GlobIndex()
    for glob in (
        "ops/*[*]::cpu::*::eager",
        "ops/mul[*]::cpu::*::eager",
        "ops/mul[a]::cpu::float64::eager",
    ):
        index.add(glob, glob)
    assert next(index.find("ops/mul[a]::cpu::float64::eager")) == "ops/mul[a]::cpu::float64::eager"


def test_a_malformed_id_is_refused_with_the_form_it_should_have():
    with pytest.raises(CaseIdError, match="wanted <suite>/<clause or op>"):
        check_glob("mul")


def test_thirty_thousand_entries_cost_no_more_than_a_few_microseconds_a_case():
    index = GlobIndex()
    for i in range(30_000):
        index.add(f"ops/op{i}[{'*' if i % 2 else 'vjp-3'}]::cpu::*::eager", i)
    cases = [f"ops/op{i}[vjp-3]::cpu::float64::eager" for i in range(2000)]
    rounds = []
    for _ in range(3):
        began = time.process_time()
        found = [next(index.find(case)) for case in cases]
        rounds.append((time.process_time() - began) / len(cases))
    assert found == list(range(2000))
    assert (
        min(rounds) < 20e-6
    )  # ten is what the machine of one's choice does; a linear search takes a thousand
