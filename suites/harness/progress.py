"""The run seen from its main process: counting, crashed workers, the exit code, the closing lines."""

import json
from collections import Counter
from typing import Any

import pytest

from suites.harness.run import Run, Told

_MISUSES = (
    "UnknownClauseError",
    "ClauseFileError",
    "UsageError",
    "ExpectationError",
    "CaseIdError",
)
_SHOWN = 5


class Progress:
    """A pytest plugin that holds the run of its process."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notices misuse of the harness among the errors of collection."""
        if report.failed and any(name in str(report.longrepr) for name in _MISUSES):
            self._run.is_misused = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts what this process or a worker has finished."""
        if self._run.is_main and self._run.is_distributed:
            self._run.writer()
        self._run.told(Told(**case) for case in getattr(report, "gradstone", ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Records the case that took a worker down. See Note [What a crash leaves]."""
        worker = getattr(getattr(report, "node", None), "gateway", None)
        cases = self._left_by(getattr(worker, "id", "")) if self._run.options.records else []
        facts = {"outcome": "crash", "expectation": None, "signature": f"crash: {crashitem}"}
        for case in cases:
            writer = self._run.writer()
            if writer is not None:
                writer.case({**case, **facts, "message": str(report.longrepr), "elapsed_s": 0.0})
        ids = [case["id"] for case in cases] or [f"{crashitem}::unknown::default::eager"]
        self._run.told(Told(i, "crash", None, None, facts["signature"]) for i in ids)

    def _left_by(self, worker: str) -> list[dict[str, Any]]:
        path = self._run.running_file(worker)
        if not path.is_file():
            return []
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Sets the exit code and writes the last records."""
        run = self._run
        if run.is_main and not session.config.getoption("--collect-only", default=False):
            session.exitstatus = self._exit_status(int(exitstatus))
        run.finish(int(session.exitstatus))

    def _exit_status(self, status: int) -> int:
        run = self._run
        if run.is_misused:
            return int(pytest.ExitCode.USAGE_ERROR)
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return status
        run.unmatched = run.find_unmatched()
        if run.unmatched:
            return int(pytest.ExitCode.TESTS_FAILED)
        if run.idle_columns():
            return int(pytest.ExitCode.NO_TESTS_COLLECTED)
        return status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The closing lines: one a subject, the most frequent failures, what matched nothing, where the records are."""
        run, write = self._run, terminalreporter.write_line
        if not run.outcomes and not run.unmatched:
            return
        terminalreporter.section("gradstone")
        for subject, counts in sorted(run.by_subject.items()):
            write(f"{subject}: {_counts_text(counts)}")
        for text, count in run.signatures.most_common(_SHOWN):
            write(f"  {count} x {text}")
        for entry in run.unmatched:
            write(f"matched nothing: '{entry.id}' in {entry.place}{run.nearest_case(entry.id)}")
        for idle in run.idle_columns():
            write(
                f"nothing ran on {idle}: {run.reasons.get(idle, 'no case came that far')}; that is no success"
            )
        if run.options.records is not None:
            write(f"records: {run.options.records}/{run.id}-*.jsonl")


def _counts_text(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
