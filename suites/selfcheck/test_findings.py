"""Each finding is shown by its script, stands in the page, and is what expectations refer to."""

import datetime
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from suites.expect.findings import FOLDER, findings_page, read_findings
from suites.harness.expectations import read_file

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = sorted((ROOT / FOLDER).glob("[!_]*.py"))
ENTRIES = read_file(ROOT / "suites" / "profiles" / "cpu.toml", datetime.date(2026, 1, 1))


def _exit_code(script):
    """What the script exits with; True counts as 1."""
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(script), run_name="__main__")
    return int(stopped.value.code or 0)


@pytest.mark.filterwarnings("ignore")  # that an operator is deprecated does not matter here
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_shows_its_fault(script, capsys):
    assert _exit_code(script) == 1, f"{script.name} found nothing wrong: is it mended?"
    assert capsys.readouterr().out.strip()


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_stands_alone(script, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.strip()


def test_page_is_what_the_scripts_and_the_profile_say():
    wanted = findings_page(read_findings(ROOT, ENTRIES))
    found = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert found == wanted, "docs/findings.md is old; run python -m suites.expect findings"


def test_every_expectation_of_an_operator_names_a_script_or_an_issue():
    scripts = {f"{FOLDER}/{script.name}" for script in SCRIPTS}
    loose = [e.place for e in ENTRIES if e.issue not in scripts and not _is_link(e.issue)]
    assert not loose


def _is_link(issue):
    return str(issue).startswith("https://")


def test_a_script_without_a_fault_would_be_seen(tmp_path):
    script = tmp_path / "fine.py"
    script.write_text('"""Nothing."""\n\nimport sys\n\nprint("fine")\nsys.exit(0)\n')
    assert _exit_code(script) == 0
