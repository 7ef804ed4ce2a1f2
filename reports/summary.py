"""The run in short: Markdown for a CI step page, text for a terminal, JSON for a script."""

import json
from collections.abc import Callable
from typing import Any

from reports.changes import KINDS, Changes, tell
from reports.records import Case, Run
from reports.status import STATUSES
from reports.text import clean, count, markdown, one_line, web_address
from reports.verdict import judge_run, signatures, subject_name

LIMIT_BYTES = 2_000_000
SHOWN = 30
LISTED = 500


def _counts(run: Run) -> dict[str, int]:
    return {name: run.counts[name] for name in STATUSES if run.counts[name]}


def text_summary(run: Run, url: str | None) -> str:
    """About ten lines for a terminal, then every unexpected case."""
    lines = [judge_run(run).sentence]
    lines.append(
        ", ".join(f"{amount:,} {status}" for status, amount in _counts(run).items()) or "no cases"
    )
    lines += [f"! {clean(str(problem), 300)}" for problem in run.problems[:SHOWN]]
    unexpected = run.unexpected
    lines += [f"{len(group.cases):>6}  {group.text[:100]}" for group in signatures(unexpected)[:5]]
    if url:
        lines.append(f"report: {one_line(url)}")
    lines += [f"{case.status.upper():<8} {one_line(case.id, 600)}" for case in unexpected]
    return "\n".join(lines) + "\n"


def markdown_summary(run: Run, url: str | None) -> str:
    """A summary for the step page of a CI system."""
    verdict = judge_run(run)
    sign = {"good": "✅", "bad": "❌", "incomplete": "⚠️", "empty": "❌"}[verdict.tone]
    lines = [f"## {sign} {markdown(subject_name(run))}", "", markdown(verdict.sentence, 600), ""]
    lines += ["| outcome | cases |", "|---|---:|"]
    lines += [
        f"| {STATUSES[status].label} | {amount:,} |" for status, amount in _counts(run).items()
    ]
    if run.problems:
        lines += ["", "### Broken or conflicting records", ""]
        lines += [f"- {markdown(str(problem), 400)}" for problem in run.problems[:SHOWN]]
    unexpected = run.unexpected
    if unexpected:
        lines += [
            "",
            "### Failures",
            "",
            "| cases | signature | where | subjects |",
            "|---:|---|---|---|",
        ]
        lines += [
            f"| {len(group.cases):,} | {markdown(group.text, 160)} | {markdown(group.entries)} "
            f"| {markdown(group.subjects)} |"
            for group in signatures(unexpected)[:SHOWN]
        ]
        lines += ["", f"<details><summary>{count(len(unexpected), 'case')}</summary>", ""]
        lines += [f"- {case.status}: {markdown(case.id, 400)}" for case in unexpected[:LISTED]]
        more = len(unexpected) - LISTED
        lines += [f"- and {more:,} more"] * (more > 0) + ["", "</details>"]
    if web_address(url):
        lines += ["", f"[The whole report](<{url}>)"]
    return "\n".join(lines) + "\n"


def json_summary(run: Run, url: str | None) -> str:
    """Counts, failures and where the report is, at most 2 MB."""
    verdict = judge_run(run)
    unexpected = run.unexpected
    summary: dict[str, Any] = {
        "schema": 1,
        "verdict": clean(verdict.sentence),
        "tone": verdict.tone,
        "complete": not run.incomplete,
        "executed": run.executed(),
        "counts": _counts(run),
        "runs": sorted({one_line(file.run, 100) for file in run.files if file.run}),
        "torch": sorted({file.torch for file in run.files if file.torch}),
        "problems": [clean(str(problem), 400) for problem in run.problems[:200]],
        "artifact_url": web_address(url),
        "failed_total": len(unexpected),
        "failed": [],
    }
    room = LIMIT_BYTES - len(json.dumps(summary, indent=1)) - 1000
    for case in unexpected:
        entry = _failed(case)
        room -= len(json.dumps(entry)) + 40
        if room < 0:
            break
        summary["failed"].append(entry)
    summary["failed_listed"] = len(summary["failed"])
    return json.dumps(summary) + "\n"


def _failed(case: Case) -> dict[str, Any]:
    return {
        "id": clean(case.id, 600),
        "status": case.status,
        "signature": case.signature,
        "blame": case.blame,
    }


FORMATS: dict[str, Callable[[Run, str | None], str]] = {
    "json": json_summary,
    "markdown": markdown_summary,
    "text": text_summary,
}


def changes_text(changes: Changes, *, as_markdown: bool) -> str:
    """The changes between two runs, each with its case."""
    lines = [f"## {markdown(tell(changes), 600)}" if as_markdown else tell(changes)]
    for kind, label in KINDS.items():
        found = changes.of(kind)
        if not found:
            continue
        lines += [
            "",
            f"### {label} ({len(found):,})" if as_markdown else f"{label} ({len(found):,}):",
        ]
        if as_markdown:
            lines.append("")
        for change in found:
            id_, what = one_line(change.id, 600), one_line(change.what, 400)
            lines.append(
                f"- {markdown(id_, 600)}: {markdown(what, 400)}"
                if as_markdown
                else f"  {id_}: {what}"
            )
    return "\n".join(lines) + "\n"
