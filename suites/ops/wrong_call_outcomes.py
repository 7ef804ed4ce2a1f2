"""Whether both sides take a wrong call, or refuse it by the same Python type."""

import warnings
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest

import reference_impl
from suites.harness import selection
from suites.harness.case_item import Given
from suites.harness.identity import CaseKey
from suites.harness.implementation import Operator
from suites.harness.judge import AGREE, DIFFER, Verdict, settle
from suites.harness.notes import current_notes
from suites.harness.plugin import RUN
from suites.ops import opinfo_source
from suites.ops.own_wrong_calls import made, own_wrong_calls
from suites.ops.rows import Row, find_reference_operator, rows_of, stop_unless_supported
from suites.ops.wrong_call_departures import DEPARTURES, NOT_CALLED
from suites.ops.wrong_calls import WrongCall, wrong_calls

ACCEPTED = "accepted"
MOST_NUMBERS = 3_000
# Types that one `except` catches, or that say the same of an argument of the wrong kind: functions that torch has in
# Python notice it when they first use the argument, others when they read it.
ALIKE = {
    "AttributeError": "TypeError",
    "NotImplementedError": "RuntimeError",
    "_LinAlgError": "LinAlgError",
}
# Which dtypes a kernel has is nobody's promise: the reference may compute what it has not.
_NO_KERNEL = ("not implemented for", "not supported for", "not support")


def cases_with_wrong_calls(config: pytest.Config) -> Iterator[Given]:
    """One row for each public operator; they come in the longer tiers."""
    run = config.stash[RUN]
    names = [name for name in opinfo_source.entries() if is_called(name)]
    for column in () if run.options.tier == "quick" else selection.columns_or_exit(run):
        seen: set[str] = set()
        if not column.subject.is_reference:
            for row in rows_of(column, run.options.tier, "value", names):
                if row.entry not in seen and find_reference_operator(row.entry, way="value"):
                    seen.add(row.entry)
                    key = CaseKey(
                        f"ops/{row.entry}[wrong-calls]",
                        row.case_key.subject,
                        op=row.entry,
                        check="wrong-calls",
                    )
                    yield row.known_as(key).given()


def check_wrong_calls(row: Row, seed: int) -> None:
    """Calls an operator wrongly in every way, on both sides.

    Raises:
        Disagreement: the sides differ where no departure is listed, or do not where one is.
    """
    stop_unless_supported(row)
    found, unneeded = [], set(_departures(row.entry))
    with row.asked(seed) as torch:
        for call, theirs, ours in outcomes(row.entry, row.dtype, seed, torch):
            current_notes().count(None)
            if theirs == ours:
                continue
            listed = {p for p in _departures(row.entry) if fnmatchcase(call.name, p)}
            unneeded -= listed
            if not listed:
                found.append(f"{call.name}: torch {theirs}, the reference {ours}")
    found += [
        f"{pattern}: is listed as a departure, and none departs" for pattern in sorted(unneeded)
    ]
    _settle(found)


def outcomes(entry: str, dtype: str, seed: int, torch: Any) -> Iterator[tuple[WrongCall, str, str]]:
    """Each wrong call of an operator's first small sample, and what each side makes of it."""
    reference, subject = (
        find_reference_operator(entry, way="value"),
        opinfo_source.operator(entry, "value"),
    )
    if reference is None:
        return
    samples = opinfo_source.samples(entry, dtype, seed, most=12)
    small = [s for s in samples if sum(x.size for x in s.case.arrays()) < MOST_NUMBERS]
    for call in (wrong for sample in small[:1] for wrong in wrong_calls(sample)):
        theirs, words = _outcome(subject, call, torch)
        ours, _ = _outcome(reference, call, reference_impl)
        no_kernel = theirs == "RuntimeError" and any(w in words for w in _NO_KERNEL)
        if not (no_kernel and ours == ACCEPTED):
            yield call, theirs, ours


def is_called(entry: str) -> bool:
    """Whether what an operator refuses is documented at all."""
    return not any(fnmatchcase(entry, pattern) for pattern in NOT_CALLED)


def _departures(entry: str) -> tuple[str, ...]:
    return tuple(p for ops in DEPARTURES.values() for p in ops.get(entry, "").split())


def _outcome(op: Operator, call: WrongCall, module: Any) -> tuple[str, str]:
    with module.no_grad():
        return outcome(
            lambda: op(*_tensors(call.args, module), **_tensors(dict(call.kwargs), module))
        )


def outcome(call: Callable[[], Any]) -> tuple[str, str]:
    """The type of what a call raises, and its words."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked at
        name = type(error).__name__
        return ALIKE.get(name, name), str(error)
    return ACCEPTED, ""


def check_own_calls(about: str, torch: Any) -> None:
    """Makes each written-out call on both sides.

    Raises:
        Disagreement: the subject takes one, or the sides refuse it by different types.
    """
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in own_wrong_calls()[about]:
            current_notes().count(None)
            theirs, _ = outcome(made(call, torch))
            ours, _ = outcome(made(call, reference_impl))
            if theirs == ACCEPTED or theirs != ours:
                found.append(f"{call}: torch {theirs}, the reference {ours}")
    _settle(found)


def _settle(found: list[str]) -> None:
    """Makes what was found the verdict of the running test."""
    if found:
        told = f"{len(found)} wrong calls are answered differently: {'; '.join(found)}"
        settle(Verdict(kind=DIFFER, failure="wrong-error", reason=told))
    current_notes().facts["verdict"] = AGREE


def _tensors(value: Any, module: Any) -> Any:
    if isinstance(value, np.ndarray):
        return module.tensor(value.copy(), dtype=getattr(module, value.dtype.name))
    if isinstance(value, (tuple, list)):
        return type(value)(_tensors(item, module) for item in value)
    if isinstance(value, dict):
        return {key: _tensors(item, module) for key, item in value.items()}
    return value
