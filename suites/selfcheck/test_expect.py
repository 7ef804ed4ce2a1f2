"""The commands that write expectation files: what fails comes, what no longer fails goes, comments stay."""

import json

import pytest

from suites.expect.__main__ import main

FIRST = "ops/mul[vjp-a]::cpu::float64::eager"
SECOND = "ops/mul[vjp-b]::cpu::float64::eager"
FILE = """# Kept by the vendor.

[[expect]]  # the first
id = "ops/mul[vjp-a]::cpu::float64::eager"
kind = "value"
reason = "rounds another way"  # measured
issue = "https://example.org/1"

[[expect]]
id = "ops/exp[*]::cpu::float64::eager"
kind = "value"
reason = "no such sample in this run"
issue = "https://example.org/2"
"""


def records(tmp_path, **outcomes):
    path = tmp_path / "run-main.jsonl"
    names = {"first": FIRST, "second": SECOND}
    lines = [
        {
            "type": "case",
            "id": names[name],
            "outcome": outcome,
            "kind": "value",
            "expectation": None,
            "signature": "s",
        }
        for name, outcome in outcomes.items()
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def test_make_writes_an_entry_for_each_failure(tmp_path, capsys):
    file = tmp_path / "new.toml"
    assert (
        main(
            [
                "make",
                str(file),
                records(tmp_path, first="fail", second="pass"),
                "--issue",
                "https://e.org",
            ]
        )
        == 0
    )
    assert main(["check", str(file)]) == 0
    assert FIRST in file.read_text(encoding="utf-8")
    assert SECOND not in file.read_text(encoding="utf-8")
    assert "1 entries" in capsys.readouterr().out


def test_make_leaves_a_file_alone_that_is_there(tmp_path, capsys):
    file = tmp_path / "old.toml"
    file.write_text(FILE, encoding="utf-8")
    assert main(["make", str(file), records(tmp_path, first="fail"), "--issue", "x"]) == 4
    assert file.read_text(encoding="utf-8") == FILE
    assert "exists already" in capsys.readouterr().err


def test_update_takes_out_what_passes_and_keeps_comments(tmp_path):
    file = tmp_path / "old.toml"
    file.write_text(FILE, encoding="utf-8")
    assert (
        main(
            [
                "update",
                str(file),
                records(tmp_path, first="pass", second="fail"),
                "--issue",
                "https://e.org",
            ]
        )
        == 0
    )
    text = file.read_text(encoding="utf-8")
    assert FIRST not in text
    assert SECOND in text
    assert "ops/exp[*]" in text
    assert text.startswith("# Kept by the vendor.")


def test_update_changes_nothing_where_all_is_as_expected(tmp_path):
    file = tmp_path / "old.toml"
    file.write_text(FILE, encoding="utf-8")
    case = {"type": "case", "id": FIRST, "outcome": "fail", "expectation": "xfail"}
    (tmp_path / "r.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    assert main(["update", str(file), str(tmp_path / "r.jsonl"), "--issue", "x"]) == 0
    assert file.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(
    ("text", "said"),
    [("[[expct]]\n", "did you mean 'expect'"), ("[[expect]]\nid = 'x'\n", "'kind' is missing")],
    ids=["unknown-table", "half-an-entry"],
)
def test_check_refuses_what_a_run_would_refuse(tmp_path, capsys, text, said):
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    assert main(["check", str(file)]) == 4
    assert said in capsys.readouterr().err


def test_records_that_are_none_are_named_with_their_line(tmp_path, capsys):
    file = tmp_path / "r.jsonl"
    file.write_text('{"type": "case"\n{"type": "footer"}\n', encoding="utf-8")
    assert main(["make", str(tmp_path / "new.toml"), str(file), "--issue", "x"]) == 4
    assert "r.jsonl, line 1" in capsys.readouterr().err
