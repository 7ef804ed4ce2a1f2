"""Every clause has its test and every test its clause; a malformed clause file is refused with its line."""

import ast
from pathlib import Path

import pytest

from suites.harness.clauses import (
    ClauseFileError,
    UnknownClauseError,
    all_clauses,
    clause,
    load_clauses,
)
from suites.harness.tell import clause_page
from suites.selfcheck.launcher import ROOT

# Areas whose tests are still to come, each with the issue that brings them. Take a line out when its tests are in.
NOT_YET_DUE: dict[str, str] = {}

SUITES = ("behaviours", "tutorials")
GOOD = """title = "An area"
[clause.something-happens]
statement = "Something happens."
kind = "value"
source = "somewhere"
since = "<=1.13"
stability = "documented"
devices = "any"
priority = 1
"""


def test_functions(suite):
    return [
        (path.relative_to(ROOT), node)
        for path in sorted((ROOT / "suites" / suite).glob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def cited_by(node):
    calls = [
        d
        for d in node.decorator_list
        if isinstance(d, ast.Call) and getattr(d.func, "id", "") == "clause"
    ]
    return [call.args[0].value for call in calls]


test_functions.__test__ = False
CITED = {c for suite in SUITES for _, node in test_functions(suite) for c in cited_by(node)}


def test_every_clause_is_cited_by_a_test():
    missing = [
        c.id for c in all_clauses().values() if c.id not in CITED and c.area not in NOT_YET_DUE
    ]
    assert missing == []


def test_no_area_is_excused_that_needs_no_excuse():
    done = [
        area
        for area in NOT_YET_DUE
        if all(c.id in CITED for c in all_clauses().values() if c.area == area)
    ]
    unknown = [area for area in NOT_YET_DUE if area not in {c.area for c in all_clauses().values()}]
    assert (done, unknown) == ([], [])


@pytest.mark.parametrize("suite", SUITES)
def test_every_test_cites_a_clause(suite):
    bare = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in test_functions(suite)
        if not cited_by(node)
    ]
    assert bare == []


@pytest.mark.parametrize("suite", SUITES)
def test_every_cited_clause_exists(suite):
    cited = {c for _, node in test_functions(suite) for c in cited_by(node)}
    assert cited <= set(all_clauses())


def test_the_page_of_clauses_is_up_to_date():
    assert (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8") == clause_page(), (
        "run python .ci/clauses.py"
    )


def test_no_test_is_defined_twice():
    for suite in SUITES:
        names = [(str(path), node.name) for path, node in test_functions(suite)]
        assert len(names) == len(set(names))


def test_a_clause_without_a_test_would_be_missed():
    assert set(all_clauses()) - {next(iter(CITED))} != set(all_clauses())


def test_citing_an_unknown_clause_names_the_nearest():
    with pytest.raises(
        UnknownClauseError, match=r"did you mean 'vjp\.passed-cotangent-is-not-modified'"
    ):
        clause("vjp.passed-cotangent-is-modified")


def area(tmp_path: Path, text: str) -> Path:
    (tmp_path / "area.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_file_is_read(tmp_path):
    (found,) = load_clauses(area(tmp_path, GOOD)).values()
    assert (found.id, found.title, found.line) == ("area.something-happens", "An area", 2)


BAD = {
    "unknown-key": (
        GOOD + 'sorce = "x"\n',
        "line 2, clause 'something-happens': unknown key 'sorce'; did you mean 'source'",
    ),
    "missing-key": (GOOD.replace('source = "somewhere"\n', ""), "missing source"),
    "unknown-kind": (GOOD.replace('"value"', '"valeu"'), "kind is 'valeu'.*did you mean 'value'"),
    "two-messages-for-one-type": (
        GOOD + 'exception = ["TypeError"]\nmessage = ["a", "b"]\n',
        "1 exception types for 2",
    ),
    "no-regex": (GOOD + 'exception = ["TypeError"]\nmessage = ["("]\n', "is no regex"),
    "no-title": (GOOD.partition("\n")[2], "wanted 'title'"),
    "not-toml": ("title = \n", "area.toml is not TOML.*line 1"),
    "no-file": (None, "no clause files"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_a_malformed_file_is_refused(tmp_path, text, said):
    folder = tmp_path if text is None else area(tmp_path, text)
    with pytest.raises(ClauseFileError, match=said):
        load_clauses(folder)
