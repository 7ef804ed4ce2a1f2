"""0 as expected, 1 unexpected, 4 wrong usage, 5 nothing ran; a run of zero cases is never a success."""

from dataclasses import dataclass
from typing import Any

import pytest

from suites.harness import options, torch_driver
from suites.harness.subject import Subject
from suites.selfcheck.launcher import ROOT, plant, read_records, run_pytest

ONE = "def test_one(torch):\n    assert_values(torch.tensor([1.0]), [{}])\n"
REFERENCE = ("--only", "reference")


def test_passing_cases_give_zero(tmp_path):
    plant(tmp_path, ONE.format("1.0"))
    assert run_pytest(tmp_path, *REFERENCE).code == 0


def test_a_failing_case_gives_one(tmp_path):
    plant(tmp_path, ONE.format("2.0"))
    assert run_pytest(tmp_path, *REFERENCE).code == 1


def test_no_test_gives_five(tmp_path):
    plant(tmp_path, "")
    assert run_pytest(tmp_path, *REFERENCE).code == 5


def test_only_cases_that_cannot_run_give_five(tmp_path):
    plant(tmp_path, '@clause("device.leaf-grad-stays-on-device")\ndef test_one(torch):\n    pass\n')
    ran = run_pytest(tmp_path, *REFERENCE)
    assert ran.only_case()["outcome"] == "not-applicable"
    assert ran.code == 5
    assert "nothing ran on reference" in ran.text


@pytest.mark.parametrize("dtype", ["complex128", "int64"])
def test_a_dtype_that_cannot_be_the_default_shows_no_behaviour(tmp_path, dtype):
    plant(tmp_path, ONE.format("1.0"))
    ran = run_pytest(tmp_path, "--dtype", dtype, "suites/behaviours")
    assert f"{dtype} cannot be the dtype that numbers have by default" in ran.text
    assert ran.code == 5


@pytest.mark.parametrize(
    ("dtype", "default"), [("complex64", "float32"), ("int32", "float32"), ("float16", "float16")]
)
def test_a_column_sets_the_default_dtype_as_far_as_it_can_be_one(dtype, default):
    with torch_driver.namespace(Subject("cpu", dtype)) as torch:
        assert torch.get_default_dtype() is getattr(torch, default)


def test_a_missing_device_gives_five_though_the_reference_passes(tmp_path):
    plant(tmp_path, ONE.format("1.0"))
    ran = run_pytest(tmp_path, "--device", "meta")
    assert sorted(ran.outcomes()) == ["pass", "unsupported"]
    assert ran.code == 5


def test_a_spent_budget_gives_five(tmp_path):
    plant(tmp_path, ONE.format("1.0"))
    ran = run_pytest(tmp_path, *REFERENCE, "--budget", "0.000001s")
    assert ran.only_case()["outcome"] == "skip"
    assert ran.code == 5


DEFAULTS = {"--tier": "quick", "--seed": "0", "--load": [], "--expectations": []}


@dataclass(frozen=True)
class Asked:
    """The part of pytest's configuration that options are read from."""

    given: dict[str, Any]

    def getoption(self, name: str) -> Any:
        """The value given, or the default."""
        return (DEFAULTS | self.given).get(name)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"--dtype": ["flaot32"]}, "did you mean 'float32'"),
        ({"--mode": ["eagre"]}, "did you mean 'eager'"),
        ({"--tier": "quik"}, "did you mean 'quick'"),
        ({"--only": "subjct"}, "did you mean 'subject'"),
        ({"--budget": "soon"}, "wanted a time like"),
        ({"--budget": "0s"}, "wanted a time like"),
        ({"--shard": "3/2"}, "wanted I/N"),
        ({"--shard": "0/2"}, "wanted I/N"),
        ({"--seed": "x"}, "wanted a whole number"),
        ({"--expectations": ["pyprojct.toml"]}, "did you mean 'pyproject.toml'"),
    ],
    ids=lambda value: next(iter(value)).strip("-") if isinstance(value, dict) else "",
)
def test_an_option_that_cannot_be_is_refused_with_the_nearest_that_can(given, said, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(pytest.UsageError) as caught:
        options.read(Asked(given))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device", "cdua"), "did you mean 'cuda'"),
        (("--load", "no_such_module"), "'no_such_module' cannot be imported"),
        (("--impl", "json"), "wanted package.module:Driver"),
        (("--impl", "json:dupms"), "did you mean 'dumps'"),
        (("--explain", "retain.secondbackward"), "did you mean 'retain."),
        (("--tier", "quik"), "did you mean 'quick'"),
    ],
    ids=lambda value: "-".join(value).strip("-") if isinstance(value, tuple) else "",
)
def test_wrong_usage_gives_four_and_the_nearest_name(tmp_path, words, said):
    plant(tmp_path, ONE.format("1.0"))
    ran = run_pytest(tmp_path, *words)
    assert (ran.code, said in ran.text) == (4, True), ran.text


def test_an_unknown_clause_is_wrong_usage(tmp_path):
    plant(tmp_path, '@clause("vjp.passed-cotangent-is-modified")\ndef test_one(torch):\n    pass\n')
    ran = run_pytest(tmp_path, *REFERENCE)
    assert ran.code == 4
    assert "did you mean 'vjp.passed-cotangent-is-not-modified'" in ran.text


def test_questions_need_no_run(tmp_path):
    plant(tmp_path, ONE.format("2.0"))
    listed = run_pytest(tmp_path, "--list-clauses")
    explained = run_pytest(tmp_path, "--explain", "ops/mul[vjp-3x4]::npu::float32::eager")
    assert (listed.code, explained.code) == (0, 0)
    assert "vjp.passed-cotangent-is-not-modified" in listed.text
    assert "on the device npu, in the dtype float32" in explained.text


def test_shards_share_the_cases_out(tmp_path):
    parts = 3
    body = "".join(f"def test_{name}(torch):\n    pass\n" for name in "abcdefghij")
    for part in range(1, parts + 1):
        place = tmp_path / str(part)
        place.mkdir()
        plant(place, body)
        run_pytest(place, *REFERENCE, "--shard", f"{part}/{parts}")
    seen = [i for part in range(1, parts + 1) for i in ids_in(tmp_path / str(part))]
    assert len(seen) == len(set(seen)) == 10


def ids_in(place):
    return [record["id"] for record in read_records(place / "records") if record["type"] == "case"]
