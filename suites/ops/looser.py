"""``python -m suites.ops.looser RECORDS...``: which exceptions to the bounds of operators no recorded case needed."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from suites.harness.tolerances import LOOSER, Looser

# The largest error of an operator, in a check and a dtype, in units of the bound that it has without an exception.
Needs = Mapping[tuple[str, str, str], float]


@dataclass(frozen=True, slots=True)
class Use:
    """What recorded cases say of one exception: the errors that it covers, and the largest that needed it."""

    entry: Looser
    covered: Needs
    needed: Needs

    def idle(self) -> dict[str, list[str]]:
        """The operators, checks and dtypes of the entry that ran, and that no case needed."""
        found = {}
        for place, (name, listed) in enumerate(
            (("ops", self.entry.ops), ("checks", self.entry.checks), ("dtypes", self.entry.dtypes))
        ):
            ran, needed = ({key[place] for key in needs} for needs in (self.covered, self.needed))
            found[name] = [word for word in listed if word in ran - needed]
        return found


def main(words: Sequence[str]) -> int:
    """The exit code: 0, or 1 where some exception, or a part of one, was needed by no case of these records."""
    parser = argparse.ArgumentParser(prog="python -m suites.ops.looser", description=__doc__)
    parser.add_argument("records", nargs="+", type=Path, help="files of records, or folders")
    files = list(_files(parser.parse_args(words).records))
    if not files:
        parser.error("there are no records; wanted files that end in .jsonl, or folders with such")
    needs = needs_in(_lines(files))
    used = [use_of(entry, needs) for entry in LOOSER]
    sys.stdout.writelines(line + "\n" for use in used for line in told(use))
    return int(any(word for use in used for words in use.idle().values() for word in words))


def _files(given: Iterable[Path]) -> Iterator[Path]:
    for path in given:
        yield from sorted(path.glob("**/*.jsonl")) if path.is_dir() else [path]


def _lines(files: Iterable[Path]) -> Iterator[str]:
    for path in files:
        with path.open(encoding="utf-8") as file:
            yield from file


def needs_in(lines: Iterable[str]) -> Needs:
    """The largest error without an exception that lines of records hold; half a last line says nothing."""
    needs: dict[tuple[str, str, str], float] = {}
    for line in lines:
        if '"loosened"' not in line or not line.endswith("}\n"):
            continue
        case = json.loads(line)
        for check, over in case.get("loosened", {}).items():
            key = case["op"], check, case["subject"]["dtype"]
            needs[key] = max(over, needs.get(key, 0.0))
    return needs


def use_of(entry: Looser, needs: Needs) -> Use:
    """How an exception was used: it is needed where the next narrower one that speaks of the case is too narrow."""
    covered = {key: over for key, over in needs.items() if entry.speaks_of(*key)}
    needed = {key: over for key, over in covered.items() if over > _without(entry, key)}
    return Use(entry, covered, needed)


def _without(entry: Looser, key: tuple[str, str, str]) -> float:
    """The factor that a case would have without an entry."""
    others = [e.factor for e in LOOSER if e is not entry and e.speaks_of(*key)]
    return max(others, default=1.0)


def told(use: Use) -> Iterator[str]:
    """An exception in a line: its factor, the largest error that needed it, and what of it nothing needed."""
    entry, largest = use.entry, max(use.needed.values(), default=0.0)
    name = f"{entry.ops[0]}{' ...' if len(entry.ops) > 1 else ''} ({', '.join(entry.dtypes)})"
    if not use.covered:
        yield f"{name}: no case of these records has it"
        return
    if not use.needed:
        most = max(use.covered.values())
        yield f"{name}: NOT NEEDED: the largest error is {most:.2g} of the bound without it"
        return
    yield f"{name}: factor {entry.factor:g}, needed up to {largest:.3g}"
    for kind, words in use.idle().items():
        if words:
            yield f"  {kind} that did not need it: {', '.join(words)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
