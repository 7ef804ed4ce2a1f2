"""The inputs that an operator must refuse, and whether it does."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

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
from suites.ops.exempt import NOT_REFUSED, ONLY_TORCH_REFUSES
from suites.ops.opinfo_source import Laid, Refusal
from suites.ops.rows import Row, find_reference_operator, rows_of, stop_unless_supported


def cases_with_refusals(config: pytest.Config) -> Iterator[Given]:
    """One row for each operator that op_db has wrong inputs for; they come in the longer tiers."""
    run = config.stash[RUN]
    if run.options.tier == "quick":
        return
    names = [name for name, entry in opinfo_source.entries().items() if entry.has_refusals]
    for column in selection.columns_or_exit(run):
        if column.subject.is_reference:
            continue
        seen = set()
        for row in rows_of(column, run.options.tier, "value", names):
            if row.entry not in seen:
                seen.add(row.entry)
                key = CaseKey(
                    f"ops/{row.entry}[refusals]",
                    row.case_key.subject,
                    op=row.entry,
                    check="refusals",
                )
                yield row.known_as(key).given()


def check_refusals(row: Row, seed: int) -> None:
    """Calls an operator with each wrong input, on both sides.

    Raises:
        Disagreement: an input is accepted, or refused by another type than op_db has (or, by the subject, in other
            words), or is listed as an exception and is none.
    """
    stop_unless_supported(row)
    reference = find_reference_operator(row.entry, way="value")
    with row.asked(seed):
        for refusal in opinfo_source.refusals(row.entry, row.case_key.subject.device):
            key = (row.entry, refusal.name)
            hold(refusal, excused=key in NOT_REFUSED, side="subject")
            if reference is not None and key not in NOT_REFUSED:
                ours = replace(refusal, call=called(reference, refusal), message="")
                hold(ours, excused=key in ONLY_TORCH_REFUSES, side="reference")
    current_notes().facts["verdict"] = AGREE


def hold(refusal: Refusal, *, excused: bool, side: str) -> None:
    """Makes one call that must raise, or that must not if it is excused.

    Raises:
        Disagreement: it is accepted, or raises another type or other words; or the excuse is not needed.
    """
    if not excused:
        check_refusal(refusal, side)
        return
    told = _departure(refusal)
    if told is None:
        found = f"{refusal.name}: is listed as an exception in exempt.py, and is refused as it should be"
        settle(Verdict(kind=DIFFER, blame=side, failure="unneeded-exception", reason=found))


def check_refusal(refusal: Refusal, side: str = "subject") -> None:
    """Makes one call that must raise.

    Raises:
        Disagreement: it is accepted, or raises another type or other words.
    """
    current_notes().count(None)
    told = _departure(refusal)
    if told is not None:
        settle(Verdict(kind=DIFFER, blame=side, failure=told[0], reason=told[1]))


def _departure(refusal: Refusal) -> tuple[str, str] | None:
    """How what a call does differs from the refusal that is wanted; None where it does not."""
    wanted = f"{refusal.name}: wanted {refusal.error.__name__} matching {refusal.message!r}"
    try:
        if refusal.call() is NotImplemented:  # an operator's method refuses so, and Python raises
            return None
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked at
        if isinstance(error, refusal.error) and re.search(refusal.message, str(error)):
            return None
        return "wrong-error", f"{wanted}, found {type(error).__name__}: {error}"
    return "missing-error", f"{wanted}, but nothing was raised"


def called(reference: Operator, refusal: Refusal) -> Callable[[], Any]:
    """The same call of the reference, with tensors that lie in memory as the subject's do."""

    def call() -> Any:
        memories: dict[int, Any] = {}
        args = _tensors(refusal.args, memories)
        return reference(*args, **_tensors(dict(refusal.kwargs), memories))

    return call


def _tensors(value: Any, memories: dict[int, Any]) -> Any:
    if isinstance(value, Laid):
        dtype = getattr(reference_impl, value.dtype)
        whole = memories.setdefault(
            id(value.memory), reference_impl.tensor(value.memory, dtype=dtype)
        )
        with reference_impl.no_grad():
            made = reference_impl.as_strided(whole, value.size, value.stride, value.offset)
        return made.detach().requires_grad_() if value.requires_grad else made
    if isinstance(value, (tuple, list)):
        items = [_tensors(item, memories) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: _tensors(item, memories) for key, item in value.items()}
    return value
