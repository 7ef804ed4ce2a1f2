"""The conformance statement: what was run, what was left out and why, and a checksum of the records."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.records import Case, Run
from reports.text import clean, count, markdown, one_line
from reports.verdict import judge_run, subject_name

LEFT_OUT = ("skip", "unsupported", "not-applicable", "reference-lacks")


@dataclass(frozen=True, slots=True)
class Reason:
    """Cases that share a status and a reason."""

    status: str
    reason: str
    issue: str | None
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a vendor publishes."""

    title: str
    verdict: str
    facts: list[tuple[str, str]]
    counts: list[tuple[str, int]]
    unexpected: list[Case]
    expected: list[Reason]
    left_out: list[Reason]
    checksum: str
    complete: bool


def build_statement(run: Run) -> Statement:
    """The statement of a run, with every skip and every expected failure and its reason."""
    return Statement(
        title=f"Conformance of {subject_name(run)}",
        verdict=judge_run(run).sentence,
        facts=_facts(run),
        counts=run.counts.most_common(),
        unexpected=run.unexpected,
        expected=_reasons(run, ("xfail",)),
        left_out=_reasons(run, LEFT_OUT),
        checksum=checksum([file.path for file in run.files]),
        complete=not run.incomplete and bool(run.executed()),
    )


def checksum(paths: list[Path]) -> str:
    """SHA-256 over the SHA-256 of each file: ``sha256sum *.jsonl | LC_ALL=C sort | sha256sum``."""
    lines = []
    for path in paths:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        lines.append(f"{digest}  {path.name}\n".encode("utf-8", "surrogateescape"))
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def _facts(run: Run) -> list[tuple[str, str]]:
    shown = {
        "suite_version": "suite version", "commit": "suite commit", "torch": "torch", "devices": "devices",
        "driver": "driver", "mode": "modes", "tier": "tiers", "numpy": "NumPy", "python": "Python", "os": "system",
        "cpu": "processor", "started": "started", "seed": "seed",
    }  # fmt: skip
    facts = []
    for name, label in shown.items():
        values = sorted(
            {_words(header.get(name)) for header in run.headers if header.get(name) is not None}
        )
        facts.append((label, one_line(", ".join(values[:8]), 400) or "not recorded"))
    return [*facts, ("record files", count(len(run.files), "file"))]


def _words(value: Any) -> str:
    return (
        ", ".join(one_line(item, 100) for item in value)
        if isinstance(value, list)
        else one_line(value, 200)
    )


def _reasons(run: Run, statuses: tuple[str, ...]) -> list[Reason]:
    groups: dict[tuple[str, str, str | None], list[Case]] = {}
    for case, record in run.details(run.of(statuses)):
        expected = record.get("expected_failure")
        expected = expected if isinstance(expected, dict) else {}
        reason = expected.get("reason") or record.get("reason") or "no reason recorded"
        issue = expected.get("issue") or record.get("issue")
        key = (case.status, clean(reason, 600), clean(issue, 300) if issue else None)
        groups.setdefault(key, []).append(case)
    found = [
        Reason(*key, cases=sorted(cases, key=lambda case: case.id)) for key, cases in groups.items()
    ]
    return sorted(found, key=lambda group: (group.status, -len(group.cases), group.reason))


def statement_markdown(statement: Statement) -> str:
    """The whole statement as Markdown, nothing left out."""
    lines = [f"# {markdown(statement.title)}", "", markdown(statement.verdict, 600), ""]
    if not statement.complete:
        lines += [
            "**The records are incomplete; this statement covers only what was recorded.**",
            "",
        ]
    lines += ["| fact | value |", "|---|---|"]
    lines += [f"| {label} | {markdown(value, 400)} |" for label, value in statement.facts]
    lines += [f"| checksum of the records | sha256:{statement.checksum} |", ""]
    lines += ["| outcome | cases |", "|---|---|"]
    lines += [f"| {status} | {amount:,} |" for status, amount in statement.counts]
    lines += ["", f"## Unexpected results ({len(statement.unexpected):,})", ""]
    lines += [f"- {markdown(case.id, 600)}: {case.status}" for case in statement.unexpected] or [
        "None."
    ]
    for title, groups in (
        ("Expected failures", statement.expected),
        ("Not executed", statement.left_out),
    ):
        lines += ["", f"## {title} ({sum(len(group.cases) for group in groups):,})", ""]
        lines += [line for group in groups for line in _group_lines(group)] or ["None."]
    return "\n".join(lines) + "\n"


def _group_lines(group: Reason) -> list[str]:
    issue = f" ({markdown(group.issue, 300)})" if group.issue else ""
    head = f"**{group.status}: {markdown(group.reason, 600)}**{issue}, {count(len(group.cases), 'case')}"
    return [head, "", *(f"- {markdown(case.id, 600)}" for case in group.cases), ""]
