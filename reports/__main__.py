"""``python -m reports``: build a page, compare two runs, summarise one, state what it proves, watch it grow."""

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from reports.broken import NoRecordsError
from reports.changes import Changes, compare_runs
from reports.load import load_run
from reports.records import Run
from reports.render import render
from reports.serve import LiveReport, ReportServer
from reports.statement import build_statement, statement_markdown
from reports.summary import FORMATS, changes_text
from reports.text import clean
from reports.verdict import judge_run

OK, WRONG_USAGE, NOTHING_RAN = 0, 4, 5


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Leave with the code that pytest has for wrong usage."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of one command."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that lacks a character shows its number rather than stopping everything.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(options.command(options))
    except NoRecordsError as error:
        sys.stderr.write(f"python -m reports: error: {clean(str(error))}\n")
        return WRONG_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m reports", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser(
        "build", help="one self-contained HTML page from any number of record files"
    )
    _records(build, build_command)
    build.add_argument(
        "-o", "--output", type=Path, default=Path("report.html"), help="the page (report.html)"
    )
    build.add_argument(
        "--against", type=Path, metavar="OLD", help="an older run: adds the page of changes"
    )

    diff = commands.add_parser(
        "diff",
        help="what changed between two runs; exit code 1: newly failing, 3: worse, 0: neither",
    )
    diff.add_argument("old", type=Path)
    diff.add_argument("new", type=Path)
    diff.add_argument("--format", choices=("text", "markdown"), default="text")
    diff.add_argument(
        "-o", "--output", type=Path, help="also write the page of the new run with its changes"
    )
    diff.set_defaults(command=diff_command)

    summary = commands.add_parser(
        "summary", help="the run in short, for a CI step page or a script"
    )
    _records(summary, summary_command)
    summary.add_argument("--format", choices=sorted(FORMATS), default="text")
    summary.add_argument("--artifact-url", help="where the page can be read")

    statement = commands.add_parser("statement", help="the conformance statement, in Markdown")
    _records(statement, statement_command)
    statement.add_argument("-o", "--output", type=Path, help="a file instead of the terminal")

    serve = commands.add_parser(
        "serve", help="a live view of a run that goes on, for this machine alone"
    )
    serve.add_argument("paths", nargs="+", type=Path, metavar="DIR")
    serve.add_argument("--port", type=int, default=0, help="any free one if it is not given")
    serve.set_defaults(command=serve_command)
    return parser


def _records(parser: argparse.ArgumentParser, command: object) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="DIR", help="folders with *.jsonl, or such files"
    )
    parser.add_argument(
        "--run", metavar="ID", help="only the files of this run; 'latest' for the one started last"
    )
    parser.set_defaults(command=command)


def _code(run: Run) -> int:
    return OK if run.executed() else NOTHING_RAN


def build_command(options: argparse.Namespace) -> int:
    """Write the page; say the verdict and where the page is."""
    run = load_run(options.paths, run=options.run)
    changes = compare_runs(load_run([options.against]), run) if options.against else None
    _write_page(run, changes, options.output)
    sys.stdout.write(f"{clean(judge_run(run).sentence)}\n{options.output.resolve()}\n")
    return _code(run)


def _write_page(run: Run, changes: Changes | None, output: Path) -> None:
    # Beside the page first, so that a reader never sees half of one.
    page = render(run, changes=changes)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(f".{output.name}.part")
    unfinished.write_bytes(page)
    unfinished.replace(output)


def diff_command(options: argparse.Namespace) -> int:
    """Print the changes; the exit code tells the worst kind."""
    new = load_run([options.new])
    changes = compare_runs(load_run([options.old]), new)
    sys.stdout.write(changes_text(changes, as_markdown=options.format == "markdown"))
    if options.output:
        _write_page(new, changes, options.output)
        sys.stdout.write(f"{options.output.resolve()}\n")
    return changes.exit_code


def summary_command(options: argparse.Namespace) -> int:
    """Print the summary."""
    run = load_run(options.paths, run=options.run)
    sys.stdout.write(FORMATS[options.format](run, options.artifact_url))
    return _code(run)


def statement_command(options: argparse.Namespace) -> int:
    """Print or write the statement."""
    run = load_run(options.paths, run=options.run)
    text = statement_markdown(build_statement(run))
    if options.output:
        options.output.write_text(text, "utf-8")
        sys.stdout.write(f"{options.output.resolve()}\n")
    else:
        sys.stdout.write(text)
    return _code(run)


def serve_command(options: argparse.Namespace) -> int:
    """Serve the page until interrupted."""
    load_run(options.paths)
    with ReportServer(LiveReport(options.paths), options.port) as server:
        sys.stdout.write(f"{server.address} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
    return OK


if __name__ == "__main__":
    sys.exit(main())
