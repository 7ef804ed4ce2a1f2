"""``python -m suites.expect``: make, check and update files of expected failures."""

import argparse
import datetime
import sys
from pathlib import Path

import tomlkit

from suites.expect.edit import RecordFileError, make, read_cases, update
from suites.expect.findings import findings_page, read_findings
from suites.harness.expectations import ExpectationError, read_file

ROOT = Path(__file__).resolve().parent.parent.parent
PROFILE = ROOT / "suites" / "profiles" / "cpu.toml"
_WRONG_USAGE = 4
_LATER = "not looked into yet"


def main(words: list[str]) -> int:
    """The exit code of one command: 0, or 4 with a message where a file says what it cannot mean."""
    args = _parser().parse_args(words)
    try:
        print(args.run(args))
    except (RecordFileError, ExpectationError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return _WRONG_USAGE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m suites.expect", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("make", help="a new file from the failures in records")
    new.add_argument("file", type=Path)
    new.add_argument("records", type=Path, nargs="+")
    new.set_defaults(run=_make)
    old = commands.add_parser("update", help="take out what no longer fails, add what newly does")
    old.add_argument("file", type=Path)
    old.add_argument("records", type=Path, nargs="+")
    old.set_defaults(run=_update)
    check = commands.add_parser("check", help="say whether files can be read, and what is in them")
    check.add_argument("files", type=Path, nargs="+")
    check.set_defaults(run=_check)
    page = commands.add_parser(
        "findings", help="the page of torch's faults, from scripts and profile"
    )
    page.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "findings.md")
    page.set_defaults(run=_findings)
    for command in (new, old):
        command.add_argument(
            "--reason", default=_LATER, help="why they fail, for the entries that come"
        )
        command.add_argument(
            "--issue", required=True, help="where that is followed up, for the entries that come"
        )
    return parser


def _make(args: argparse.Namespace) -> str:
    if args.file.exists():
        raise ExpectationError(f"{args.file} exists already; 'update' rewrites it")
    document = make(read_cases(args.records), reason=args.reason, issue=args.issue)
    args.file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return f"{args.file}: {len(document.get('expect', []))} entries"


def _update(args: argparse.Namespace) -> str:
    read_file(args.file, _today())
    document = tomlkit.parse(args.file.read_text(encoding="utf-8"))
    came, gone = update(document, read_cases(args.records), reason=args.reason, issue=args.issue)
    args.file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return f"{args.file}: {came} entries came, {gone} went"


def _check(args: argparse.Namespace) -> str:
    return "\n".join(f"{file}: {len(read_file(file, _today()))} entries" for file in args.files)


def _findings(args: argparse.Namespace) -> str:
    found = read_findings(ROOT, read_file(PROFILE, _today()))
    args.output.write_text(findings_page(found), encoding="utf-8")
    return f"{args.output}: {len(found)} findings"


def _today() -> datetime.date:
    return datetime.datetime.now(tz=datetime.UTC).date()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
