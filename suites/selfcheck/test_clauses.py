"""Every clause has its test and every test its clause; a malformed clause file is refused with its line."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from suites.harness.clauses import (
    ClauseFileError,
    UnknownClauseError,
    all_clauses,
    clause,
    load_clauses,
    release,
    why_excluded,
)
from suites.harness.columns import Column
from suites.harness.identity import Identity
from suites.harness.selection import why_not
from suites.harness.subject import Subject
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


def clause_of(tmp_path, since, holds_in=()):
    text = GOOD.replace('since = "<=1.13"', f'since = "{since}"\nholds_in = {list(holds_in)}')
    (tmp_path / "area.toml").write_text(text, encoding="utf-8")
    return load_clauses(tmp_path)["area.something-happens"]


@pytest.mark.parametrize(
    ("since", "holds_in", "version", "runs"),
    [
        pytest.param("<=1.13", ["1.13", "2.1.2", "2.13.0"], "2.13.0+cpu", True, id="always"),
        pytest.param("<=1.13", ["1.13", "2.1.2", "2.13.0"], "1.10", True, id="older than any seen"),
        pytest.param(">2.1.2, <=2.13", ["2.13.0"], "2.13.1", True, id="new, on the newest"),
        pytest.param(">2.1.2, <=2.13", ["2.13.0"], "2.15.0.dev2026", True, id="new, on a nightly"),
        pytest.param(">2.1.2, <=2.13", ["2.13.0"], "2.1.2", False, id="new, on the last without"),
        pytest.param(">2.1.2, <=2.13", ["2.13.0"], "1.13.1", False, id="new, on an old one"),
        pytest.param(">2.1.2, <=2.13", ["2.13.0"], "2.6.0", True, id="new, in between"),
        pytest.param("<=1.13", ["1.13", "2.1.2"], "2.13.0", False, id="gone"),
        pytest.param("<=1.13", ["1.13", "2.1.2"], "2.14.1", False, id="gone, on a later one"),
        pytest.param("<=1.13", ["1.13", "2.1.2"], "2.2.0", True, id="gone, in between"),
        pytest.param("", [], "2.13.0", True, id="nobody looked"),
    ],
)
def test_version_selects_clauses(tmp_path, since, holds_in, version, runs):
    why = why_excluded(clause_of(tmp_path, since, holds_in), version)
    assert (why is None) == runs
    assert runs or version in why


def test_version_without_numbers_is_refused():
    assert release("2.13.0a0+git") == (2, 13, 0)
    with pytest.raises(ValueError, match="wanted one like"):
        release("nightly")


class _Driver:
    """A driver of torch in some version, without modes."""

    def __init__(self, version):
        self.TORCH_VERSION = version


class _Spent:
    def spent(self):
        return False


@pytest.mark.parametrize(("version", "outcome"), [("2.1.2", "not-applicable"), ("2.13.0", None)])
def test_clause_of_another_version_is_not_applicable(version, outcome):
    new = next(c for c in all_clauses().values() if c.since == ">2.1.2, <=2.13")
    subject = Subject("cpu")
    case = Identity(
        subject.case_id(f"behaviours/{new.id}[x]"), "behaviours", subject, clause=new.id
    )
    column = Column(subject, _Driver(version))

    item = SimpleNamespace(callspec=SimpleNamespace(params={"torch": column}))
    stop = why_not(_Spent(), item, [case], None)
    assert (stop.outcome if stop else None) == outcome
    assert stop is None or "2.1.2" in stop.reason


def test_modes_name_clauses_that_exist():
    driver = pytest.importorskip("suites.harness.torch_driver")
    named = {
        clause_id
        for lacking in driver.HIDDEN_BY_MODE.values()
        for capability in lacking
        for clause_id in capability.clauses
    }
    assert named - set(all_clauses()) == set()
    assert set(driver.HIDDEN_BY_MODE) <= set(driver.MODES)


def test_mode_names_the_capability_it_has_not():
    driver = pytest.importorskip("suites.harness.torch_driver")
    assert "no nodes" in driver.why_hidden("func", "graph.grad-fn-is-node-or-none", "graph")
    assert driver.why_hidden("func", "accumulate.adds-to-existing-grad", "state") is None
    assert driver.why_hidden("eager", "graph.grad-fn-is-node-or-none", "graph") is None
