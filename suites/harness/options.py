"""The options of a run: declared for pytest, then validated once into one frozen value."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from suites.harness.naming import did_you_mean
from suites.harness.subject import COUNTED, DEFAULT_DTYPE, EAGER
from suites.harness.tolerances import EPS

TIERS = ("quick", "standard", "full")
MODES = ("eager", "aot_eager", "func", "deterministic", "single-threaded")
DTYPES = (DEFAULT_DTYPE, *EPS, *COUNTED)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asked for."""

    devices: tuple[str, ...]
    dtypes: tuple[str, ...]
    modes: tuple[str, ...]
    tier: str
    budget_s: float | None
    seed: int
    load: tuple[str, ...]
    impl: str | None
    expectations: tuple[Path, ...]
    records: Path | None
    replay: bool
    shard: tuple[int, int] | None
    only: str | None


def declare(parser: pytest.Parser) -> None:
    """Adds the options of the suites to pytest's."""
    group = parser.getgroup("gradstone", "what is under test, and how much of it")
    add = group.addoption
    add(
        "--device",
        action="append",
        default=None,
        metavar="NAME",
        help="device under test; may be repeated (cpu)",
    )
    add(
        "--dtype",
        action="append",
        default=None,
        metavar="NAME",
        help="dtype under test; may be repeated",
    )
    add(
        "--mode",
        action="append",
        default=None,
        metavar="NAME",
        help="eager, aot_eager, func, deterministic or single-threaded; may be repeated (eager)",
    )
    add(
        "--tier",
        default="standard",
        metavar="TIER",
        help="quick (a minute), standard (ten) or full",
    )
    add(
        "--budget",
        default=None,
        metavar="TIME",
        help="stop drawing new cases after this time: 90s, 10m, 1h",
    )
    add("--seed", default="0", metavar="N", help="seed of everything that is drawn (0)")
    add(
        "--load",
        action="append",
        default=[],
        metavar="MODULE",
        help="import this first: it registers a device",
    )
    add(
        "--impl",
        default=None,
        metavar="MODULE:DRIVER",
        help="a driver for another library, as the subject",
    )
    add(
        "--expectations",
        action="append",
        default=[],
        metavar="FILE",
        help="expected failures of this subject",
    )
    add("--records", default=None, metavar="DIR", help="write the records of this run into DIR")
    add("--replay", action="store_true", help="run only the stored examples of the expectations")
    add("--shard", default=None, metavar="I/N", help="run part I of N, counted from 1")
    add(
        "--explain",
        default=None,
        metavar="ID",
        help="say what a clause, a case id or an expectation id means",
    )
    add("--list-clauses", action="store_true", help="print every clause and stop")
    add(
        "--only",
        default=None,
        metavar="COLUMN",
        help="reference: our own column alone; subject: all but it",
    )


def read(config: pytest.Config) -> Options:
    """The options of this run.

    Raises:
        pytest.UsageError: one of them says something that cannot be; the message has the nearest that can.
    """
    get = config.getoption
    dtypes = tuple(get("--dtype") or (DEFAULT_DTYPE,))
    modes = tuple(get("--mode") or (EAGER,))
    for dtype in dtypes:
        one_of("--dtype", dtype, DTYPES)
    for mode in modes:
        one_of("--mode", mode, MODES)
    return Options(
        devices=tuple(get("--device") or ("cpu",)),
        dtypes=dtypes,
        modes=modes,
        tier=one_of("--tier", get("--tier"), TIERS),
        budget_s=_seconds(get("--budget")),
        seed=_integer("--seed", get("--seed")),
        load=tuple(get("--load")),
        impl=get("--impl"),
        expectations=tuple(_file("--expectations", name) for name in get("--expectations")),
        records=Path(get("--records")) if get("--records") else None,
        replay=get("--replay"),
        shard=_shard(get("--shard")),
        only=one_of("--only", get("--only"), ("reference", "subject")) if get("--only") else None,
    )


def one_of(option: str, value: str, allowed: tuple[str, ...] | list[str]) -> str:
    """``value``, which must be one of ``allowed``."""
    if value not in allowed:
        hint = did_you_mean(value, allowed)
        raise pytest.UsageError(f"{option} is '{value}', wanted one of {', '.join(allowed)}{hint}")
    return value


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None or float(match[1]) == 0:
        raise pytest.UsageError(f"--budget is '{text}', wanted a time like 90s, 10m or 1h")
    return float(match[1]) * _UNITS[match[2]]


def _integer(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise pytest.UsageError(f"{option} is '{text}', wanted a whole number") from None


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise pytest.UsageError(f"--shard is '{text}', wanted I/N with I from 1 to N, such as 2/3")
    return int(match[1]), int(match[2])


def _file(option: str, name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        near = did_you_mean(path.name, [entry.name for entry in path.parent.glob("*")])
        raise pytest.UsageError(f"{option}: no file '{name}'{near}")
    return path
