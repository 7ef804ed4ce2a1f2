"""The rules of the house that a machine can check and no other tool does: sizes, pointers, what may be named."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from suites.selfcheck.launcher import ROOT

LIMIT, WIDER_LIMIT = 400, 500
CONFTEST_LIMIT = 60
# What families of operators share, and the list of them; every other file of ops is a family.
SHARED = {
    "rule",
    "lang",
    "calling",
    "matrices",
    "reducing",
    "special_values",
    "windows",
    "families",
    "tangents",
}
NOTE = re.compile(r"^\s*# Note \[([^\]]+)\]", re.MULTILINE)
POINTER = re.compile(r"[Ss]ee\s+(?:#\s*)?Note \[([^\]]+)\]")
LINK = re.compile(r"\]\(([^)#\s]+)")
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*#\d)")


def tracked(*patterns):
    command = ["git", "ls-files", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


PYTHON = tracked("*.py")
PROSE = tracked("*.md")


def limit_of(path: Path) -> int:
    return WIDER_LIMIT if "ops" in path.parts or path.name.startswith("test_") else LIMIT


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(PYTHON) > 50
    assert len(PROSE) > 5


def test_no_file_is_longer_than_the_limit():
    lengths = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in PYTHON}
    assert {n: count for n, count in lengths.items() if count > limit_of(ROOT / n)} == {}


def test_the_root_conftest_stays_small():
    assert len((ROOT / "conftest.py").read_text(encoding="utf-8").splitlines()) <= CONFTEST_LIMIT


def test_every_file_says_in_its_first_line_what_it_holds():
    bare = [
        name_of(p) for p in PYTHON if not p.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert bare == []


def test_every_pointer_to_a_note_resolves():
    texts = {name_of(p): p.read_text(encoding="utf-8") for p in PYTHON}
    told = {note for text in texts.values() for note in NOTE.findall(text)}
    asked = {(name, note) for name, text in texts.items() for note in POINTER.findall(text)}
    assert {
        (name, note) for name, note in asked if note not in told and "selfcheck" not in name
    } == set()


def test_every_note_is_told_once():
    notes = [note for p in PYTHON for note in NOTE.findall(p.read_text(encoding="utf-8"))]
    assert len(notes) == len(set(notes))


def test_what_is_left_to_do_has_an_issue_number():
    own = Path(__file__)
    left = [name_of(p) for p in PYTHON if p != own and TODO.search(p.read_text(encoding="utf-8"))]
    assert left == []


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(path):
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_tox_environment_that_is_named_exists():
    sections = set(
        re.findall(
            r"^\[testenv:([^\]]+)\]", (ROOT / "tox.ini").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    named = re.compile(r"tox (?:run )?-e ([\w,-]+)")
    asked = {
        env
        for p in PROSE
        for found in named.findall(p.read_text(encoding="utf-8"))
        for env in found.split(",")
    }
    assert asked
    assert asked - sections == set()


def test_workflows_run_nothing_but_scripts_of_the_project():
    lines = [
        line.strip()
        for p in tracked(".github/workflows/*.yml")
        for line in p.read_text(encoding="utf-8").splitlines()
    ]
    commands = [
        line.partition("run:")[2].strip() for line in lines if line.lstrip("- ").startswith("run:")
    ]
    assert commands
    assert [
        c for c in commands if not re.match(r'"?(\[ ! -x \.ci/browser \] \|\| )?\.ci/', c)
    ] == []


def test_every_option_of_the_suites_is_described_for_contributors():
    text = (ROOT / "suites" / "harness" / "options.py").read_text(encoding="utf-8")
    options = set(re.findall(r'"(--[a-z-]+)"', text))
    described = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    assert {option for option in options if f"`{option}" not in described} == set()


def test_every_family_of_operators_is_kept_apart_by_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
    (apart,) = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    files = {p.stem for p in (ROOT / "reference_impl" / "ops").glob("*.py")} - {"__init__"}
    assert files - {module.rpartition(".")[2] for module in apart} == SHARED
