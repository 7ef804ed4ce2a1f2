"""The page of findings: each script that shows a fault of torch, with the expectations that stand for it."""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from suites.harness.expectations import Expectation

FOLDER = "suites/findings"

_HEAD = """\
# Findings

What torch 2.13 gets wrong on the CPU, as these suites found it. Each is a script that needs torch alone, prints what
it found and exits with 1 while the fault is there; `pytest suites/selfcheck/test_findings.py` proves them all. The
cases under a script are the ones that are expected to fail for it ([expectations](expectations.md)); a case that
passes again fails the run, so that the list stays true.

This page is written by `python -m suites.expect findings`.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the script that shows it, what it says, and the entries that expect it."""

    path: str
    title: str
    text: str
    script: str
    entries: tuple[Expectation, ...]

    @property
    def anchor(self) -> str:
        """The script's name, as the page's links spell it."""
        return Path(self.path).stem.replace("_", "-")


def read_findings(root: Path, entries: Iterable[Expectation]) -> list[Finding]:
    """The scripts below ``root``, by name, each with the entries whose ``issue`` names it."""
    known = list(entries)
    scripts = sorted((root / FOLDER).glob("[!_]*.py"))
    return [_finding(script, f"{FOLDER}/{script.name}", known) for script in scripts]


def _finding(script: Path, path: str, entries: Sequence[Expectation]) -> Finding:
    source = script.read_text(encoding="utf-8")
    title, _, rest = (ast.get_docstring(ast.parse(source)) or "").partition("\n")
    mine = tuple(entry for entry in entries if entry.issue == path)
    return Finding(path, title.rstrip("."), rest.strip(), _without_docstring(source), mine)


def _without_docstring(source: str) -> str:
    first = ast.parse(source).body[0]
    return "".join(source.splitlines(keepends=True)[first.end_lineno :]).strip("\n")


def findings_page(findings: Sequence[Finding]) -> str:
    """The page, in Markdown."""
    contents = "\n".join(f"- [{finding.title}](#{finding.anchor})" for finding in findings)
    return "\n".join([_HEAD, contents, "", *(_section(finding) for finding in findings)])


def _section(finding: Finding) -> str:
    told = f"{finding.text}\n\n" if finding.text else ""
    return (
        f'<a id="{finding.anchor}"></a>\n\n## {finding.title}\n\n{told}'
        f"[`{finding.path}`](../{finding.path})\n\n```python\n{finding.script}\n```\n\n{_cases(finding)}\n"
    )


def _cases(finding: Finding) -> str:
    if not finding.entries:
        return "Expected by no case yet."
    lines = [f"- `{entry.id}` ({entry.kind})" for entry in finding.entries]
    return "Cases expected to fail for it:\n\n" + "\n".join(lines)
