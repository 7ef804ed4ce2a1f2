"""pytest hooks: options, columns, the fixture ``torch``, records, failure text."""

import gc
import shlex
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from suites.harness import options as run_options
from suites.harness import record, selection, tell
from suites.harness.case_glob import CaseIdError
from suites.harness.case_item import items_of
from suites.harness.case_record import Finished, case_facts
from suites.harness.columns import Column
from suites.harness.expectations import Expectation, ExpectationError
from suites.harness.identity import Identity, identities
from suites.harness.notes import CURRENT_NOTES, CaseNotes
from suites.harness.outcome import NOT_RUN, Result, judge_expectation, result_of
from suites.harness.progress import Progress
from suites.harness.repro import attach_repro
from suites.harness.run import MAIN, Run, Told

RUN = pytest.StashKey[Run]()
CASES = pytest.StashKey[list[Identity]]()
ENTRY = pytest.StashKey[Expectation | None]()
NOTES = pytest.StashKey[CaseNotes]()
RESULT = pytest.StashKey[Result]()
ELAPSED = pytest.StashKey[float]()
MARKERS = (
    "clause(id): the documented promise that this test checks",
    "slow: left out of the quick tier",
    "subject_only: compares the subject with the reference, which is no column of its own here",
)
_COLUMN_OPTIONS = ("--device", "--dtype", "--mode", "--load", "--impl", "--only", "--expectations")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the options of the suites."""
    run_options.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Validates the options and begins the run."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    handed: dict[str, Any] = getattr(config, "workerinput", {})
    run = Run(
        options=run_options.read(config),
        id=handed.get("gradstone_run") or record.new_run_id(),
        worker=handed.get("workerid", MAIN),
        root=config.rootpath,
        is_distributed=bool(getattr(config.option, "numprocesses", None)) and not handed,
        whole_suites=selection.whole_suites(config),
    )
    config.stash[RUN] = run
    config.pluginmanager.register(Progress(run), "gradstone-progress")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Gives every worker the id of the run."""
    node.workerinput["gradstone_run"] = node.config.stash[RUN].id


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Answers the two questions that need no run."""
    if config.getoption("--list-clauses"):
        return _say(tell.list_clauses())
    if config.getoption("--explain"):
        try:
            return _say(tell.explain(config.getoption("--explain")))
        except CaseIdError as error:
            raise pytest.UsageError(f"--explain: {error}") from error
    return None


def _say(lines: Iterable[str]) -> int:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return int(pytest.ExitCode.OK)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Loads what was asked for by name at once, so that a wrong name is wrong usage, not a failing test."""
    run = session.config.stash[RUN]
    if any(session.config.getoption(name) for name in _COLUMN_OPTIONS):
        _ = run.columns
        try:
            _ = run.expectations
        except ExpectationError as error:
            raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:  # noqa: ARG001 - pytest's signature
    """Keeps the garbage collector from walking over torch and the cases again and again: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Makes a test over cases one item for each."""
    items = items_of(collector, name, obj)
    return None if items is None else list(items)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test that takes ``torch`` once for each column."""
    if "torch" in metafunc.fixturenames:
        columns = selection.columns_or_exit(metafunc.config.stash[RUN])
        if metafunc.definition.get_closest_marker("subject_only"):
            columns = [c for c in columns if not c.subject.is_reference]
        metafunc.parametrize("torch", columns, ids=[c.label for c in columns], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Gives every test its case ids and its expectation; leaves out what the options leave out."""
    run = config.stash[RUN]
    for item in items:
        item.stash[CASES] = identities(item, config.rootpath)
        item.stash[ENTRY] = selection.entry_for(run, item.stash[CASES])
    kept, dropped = selection.split(
        run, [(item, item.stash[CASES], item.stash[ENTRY]) for item in items]
    )
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = selection.in_order(kept, CASES)
    run.collected = sum(len(item.stash[CASES]) for item in kept)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Lends each test its notes, and leaves word of it before it runs."""
    cases = item.stash.get(CASES, [])
    if cases:
        run = item.config.stash[RUN]
        if run.options.records is not None:
            run.writer()
            run.about_to_run([asdict(case) | {"test": item.nodeid} for case in cases])
    item.stash[NOTES] = CaseNotes()
    token = CURRENT_NOTES.set(item.stash[NOTES])
    try:
        return (yield)
    finally:
        CURRENT_NOTES.reset(token)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stops a case that cannot run on its column, and says why."""
    cases = item.stash.get(CASES, [])
    if cases:
        stop = selection.why_not(item.config.stash[RUN], item, cases, item.stash[ENTRY])
        if stop is not None:
            item.stash[NOTES].facts["outcome"] = stop.outcome
            pytest.skip(stop.reason or "")


@pytest.fixture
def torch(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The module under test: real torch with the device set, or the reference, which has its spelling."""
    column: Column = request.param
    with column.namespace(request.config.stash[RUN].options.seed) as module:
        yield module


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Runs the body of a behaviour test in its column's mode."""
    column = selection.column_of(pyfuncitem)
    if column is not None and hasattr(column.driver, "wrap"):
        pyfuncitem.obj = column.driver.wrap(pyfuncitem.obj, column.subject.mode)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns what pytest saw into an outcome, holds it against the expectations, and records it."""
    cases = item.stash.get(CASES, [])
    if cases:
        item.__dict__["repr_failure"] = _untold
    report = yield
    if not cases:
        return report
    run = item.config.stash[RUN]
    before = item.stash.get(RESULT, None)
    if before is None or report.when == "call" or (report.failed and not before.is_failing):
        error = call.excinfo.value if call.excinfo is not None else None
        item.stash[RESULT] = result_of(
            report, error, item.stash[NOTES], selection.driver_of(run, item)
        )
    if report.when == "call":
        item.stash[ELAPSED] = report.duration
    _judge_phase(run, item, report)
    return report


def _untold(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """A case's failure is told in our words: pytest's, for which it parses sources, nobody would read."""
    return str(excinfo.value)


def _judge_phase(run: Run, item: pytest.Item, report: pytest.TestReport) -> None:
    result, entry = item.stash[RESULT], item.stash[ENTRY]
    judged = judge_expectation(result, entry, item.stash[NOTES])
    done = Finished(
        item,
        item.stash[CASES],
        result,
        judged,
        entry,
        item.stash[NOTES],
        item.stash.get(ELAPSED, 0.0),
        rerun=_rerun(run, item),
    )
    if result.outcome in NOT_RUN or report.skipped:
        _show_stop(report, done)
    elif report.failed or (report.when == "call" and judged.expectation is not None):
        _rewrite(run, report, done)
    if report.when == "teardown":
        _record(run, report, done)


def _show_stop(report: pytest.TestReport, done: Finished) -> None:
    """A case that could not run is no failure, and no plain skip either."""
    if report.failed:
        path, line, _ = done.item.location
        report.outcome, report.longrepr = (
            "skipped",
            (path, line or 0, f"Skipped: {done.result.reason}"),
        )
    if report.skipped and done.result.outcome != "skip":
        report.__dict__["gradstone_stop"] = done.result.outcome


def _rewrite(run: Run, report: pytest.TestReport, done: Finished) -> None:
    """Tells a failure in our words, or marks it as the expected one it is."""
    if report.failed and not done.judged.is_failure:
        report.outcome = "skipped"
        report.wasxfail = done.entry.reason if done.entry is not None else ""
        return
    facts = case_facts(done, done.cases[0])
    attach_repro(run, facts, done)
    done.notes.facts["repro"] = facts["repro"]
    report.outcome = "failed"
    text = failure_text(facts, remark=done.judged.remark, error=done.result.error)
    done.notes.facts["text"] = text
    report.longrepr = text + repro_text(facts)


def _record(run: Run, report: pytest.TestReport, done: Finished) -> None:
    writer = run.writer()
    told = []
    for case in done.cases:
        facts = case_facts(done, case) | {"message": done.notes.facts.get("text")}
        if writer is not None:
            writer.case(facts)
        entry = done.entry.id if done.entry is not None else None
        told.append(
            Told(
                case.id,
                facts["outcome"],
                facts["expectation"],
                entry,
                facts["signature"],
                facts["reason"],
            )
        )
    report.__dict__["gradstone"] = [asdict(case) for case in told]


def _rerun(run: Run, item: pytest.Item) -> str:
    options = run.options
    pairs = [("--device", d) for d in options.devices if d != "cpu"]
    pairs += [("--dtype", d) for d in options.dtypes if d != "default"]
    pairs += [("--mode", m) for m in options.modes if m != "eager"]
    pairs += [("--load", m) for m in options.load] + (
        [("--impl", options.impl)] if options.impl else []
    )
    words = [word for pair in pairs for word in pair]
    return shlex.join(["pytest", item.nodeid, *words])


def failure_text(
    facts: dict[str, Any], *, remark: str | None = None, error: BaseException | None = None
) -> str:
    """What a failing case prints: the promise, the subject, the differences, who is right, and how to see it again."""
    subject = facts["subject"]
    lines = [
        *tell.promise_lines(facts),
        f"subject: {subject['device']}, {subject['dtype']}, {subject['mode']}",
    ]
    if remark is not None:
        lines.append(remark)
    if error is not None:
        lines.append(tell.error_text(error))
    lines += [
        f"  {found['where']}: wanted {found['expected']}, found {found['actual']}"
        f" (off by {found['error']:.3g}, allowed {found['bound']:.3g})"
        for found in facts["differences"]
    ]
    if facts["witness"]:
        lines.append(f"finite differences: {facts['witness']['says']}")
    path, line = facts["lines"]["test"]
    lines += [f"test: {path}:{line}", f"run again: {facts['rerun']}"]
    return "\n".join(lines)


def repro_text(facts: dict[str, Any]) -> str:
    """The script that shows a failure with torch alone, and whether it did so in a process of its own."""
    if not facts["repro"]:
        return ""
    proven = {True: "proven: it fails alone, too", False: "it passes alone", None: "not run alone"}
    head = f"\nrepro ({proven[facts['repro']['proven']]}):\n"
    return head + tell.indented(facts["repro"]["script"])


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Shows a case that could not run under its own name, not as a skip."""
    outcome = getattr(report, "gradstone_stop", None)
    return (outcome, outcome[0], outcome.upper()) if outcome is not None else None
