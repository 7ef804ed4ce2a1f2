"""The commands: what they print, what they write, and the exit code of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.__main__ import main
from reports.tests import sample_runs
from reports.tests import samples as s
from reports.tests.hostile import hostile_file, hostile_records, odd_records

ROOT = Path(__file__).resolve().parent.parent.parent
ID = "ops/mul[vjp-2]::cpu::float64::eager"


def test_build_prints_the_verdict_and_the_path(tmp_path, capsys):
    s.write_run(tmp_path / "records", [s.case(ID)])
    code = main(["build", str(tmp_path / "records"), "-o", str(tmp_path / "new" / "page.html")])
    sentence, path = capsys.readouterr().out.splitlines()
    assert code == 0
    assert sentence == "torch 2.13.0+cpu on cpu keeps what was checked, 1 op: 1 case passes."
    assert Path(path).read_text("utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in Path(path).parent.iterdir()] == ["page.html"]


def test_build_merges_folders_and_files(tmp_path, capsys):
    one = s.write_run(tmp_path / "a", [s.case(ID)])
    s.write_run(tmp_path / "b", [s.case(ID.replace("mul", "exp"))], worker="gw0")
    assert main(["build", str(one), str(tmp_path / "b"), "-o", str(tmp_path / "r.html")]) == 0
    assert "2 ops: 2 cases pass" in capsys.readouterr().out


def test_build_of_nothing_makes_a_page_and_is_no_success(tmp_path, capsys):
    (tmp_path / "records").mkdir()
    assert main(["build", str(tmp_path / "records"), "-o", str(tmp_path / "r.html")]) == 5
    assert capsys.readouterr().out.startswith("Nothing ran: there are no record files.\n")
    assert "A run of zero cases is not a success." in (tmp_path / "r.html").read_text("utf-8")


def test_build_of_a_failing_run_is_a_page_that_was_built(tmp_path, capsys):
    s.write_run(tmp_path, [s.failing(ID)])
    assert main(["build", str(tmp_path), "-o", str(tmp_path / "r.html")]) == 0
    assert "breaks 1 op" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["build", "nowhere"],
        ["diff", "a", "b"],
        ["build"],
        ["biuld", "x"],
        [],
        ["summary", ".", "--format", "xml"],
    ],
)
def test_wrong_usage_has_its_exit_code(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    try:
        code: object = main(words)
    except SystemExit as left:
        code = left.code
    assert code == 4
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(("outcome", "code"), [("fail", 1), ("skip", 3), ("pass", 0)])
def test_diff_tells_by_its_exit_code(tmp_path, capsys, outcome, code):
    s.write_run(tmp_path / "old", [s.case(ID)])
    s.write_run(tmp_path / "new", [s.case(ID, outcome)])
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == code
    assert (ID in capsys.readouterr().out) is (code != 0)


def test_diff_can_write_the_page_with_its_changes(tmp_path, capsys):
    s.write_run(tmp_path / "old", [s.case(ID)])
    s.write_run(tmp_path / "new", [s.failing(ID)])
    page = tmp_path / "diff.html"
    words = [
        "diff",
        str(tmp_path / "old"),
        str(tmp_path / "new"),
        "--format",
        "markdown",
        "-o",
        str(page),
    ]
    assert main(words) == 1
    assert capsys.readouterr().out.startswith("## 1 case compared: 1 newly failing.")
    assert "Newly failing" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("style", "start"), [("text", "torch"), ("markdown", "## "), ("json", "{")]
)
def test_summary_has_three_forms(tmp_path, capsys, style, start):
    s.write_run(tmp_path, sample_runs.believable())
    assert (
        main(
            ["summary", str(tmp_path), "--format", style, "--artifact-url", "https://example.org/x"]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert out.startswith(start)
    assert "https://example.org/x" in out


def test_statement_goes_to_the_terminal_or_to_a_file(tmp_path, capsys):
    s.write_run(tmp_path / "r", sample_runs.believable())
    assert main(["statement", str(tmp_path / "r")]) == 0
    told = capsys.readouterr().out
    assert main(["statement", str(tmp_path / "r"), "-o", str(tmp_path / "s.md")]) == 0
    assert (tmp_path / "s.md").read_text("utf-8") == told
    assert told.startswith("# Conformance of torch")


def test_latest_run_of_a_folder_can_be_built_alone(tmp_path, capsys):
    s.write_run(tmp_path, [s.case(ID, "fail")], run="a", started="2026-01-01T00:00:00Z")
    s.write_run(tmp_path, [s.case(ID)], run="b", started="2026-02-01T00:00:00Z")
    assert main(["build", str(tmp_path), "--run", "latest", "-o", str(tmp_path / "r.html")]) == 0
    assert "keeps what was checked" in capsys.readouterr().out


def test_reports_need_neither_torch_nor_numpy_nor_the_suites(tmp_path):
    s.write_run(tmp_path, [s.case(ID)])
    program = (
        "import sys; from reports.__main__ import main; code = main(sys.argv[1:]);"
        "bad = {'torch', 'numpy', 'suites', 'reference_impl'} & set(sys.modules); sys.exit(code or bool(bad))"
    )
    words = [sys.executable, "-c", program, "build", str(tmp_path), "-o", str(tmp_path / "r.html")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stderr


def test_output_that_cannot_hold_every_character_still_gets_the_verdict(tmp_path):
    s.write_run(
        tmp_path, [s.case(ID.replace("2", str(n)), "fail", signature="∂ → ∞") for n in (1, 2)]
    )
    words = [sys.executable, "-m", "reports", "summary", str(tmp_path)]
    done = subprocess.run(  # noqa: S603 - our own words
        words,
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert b"breaks 1 op" in done.stdout


def test_json_of_a_page_and_of_a_summary_agree(tmp_path, capsys):
    s.write_run(tmp_path, sample_runs.believable())
    main(["summary", str(tmp_path), "--format", "json"])
    summary = json.loads(capsys.readouterr().out)
    main(["build", str(tmp_path), "-o", str(tmp_path / "r.html")])
    assert capsys.readouterr().out.splitlines()[0] == summary["verdict"]


@pytest.mark.parametrize(
    "words",
    [
        ["build", "-o", "r.html"],
        ["summary"],
        ["summary", "--format", "json"],
        ["summary", "--format", "markdown"],
        ["statement"],
        ["diff"],
    ],
)
def test_no_command_stumbles_over_hostile_records(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    s.write_run(
        tmp_path / "records", [record for record in hostile_records() if record["type"] == "case"]
    )
    s.write_run(tmp_path / "records", odd_records(), worker="gw0")
    hostile_file(tmp_path / "records")
    assert main([words[0], *(["records"] * (2 if words == ["diff"] else 1)), *words[1:]]) in {0, 3}
    out = capsys.readouterr().out
    assert out
    assert not {"\x1b", "\u202e", "\x00"} & set(out)
