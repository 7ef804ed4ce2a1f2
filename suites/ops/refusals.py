"""The inputs that an operator must refuse, and whether it does."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace

import pytest

from suites.harness import selection
from suites.harness.identity import CaseKey
from suites.harness.judge import AGREE, DIFFER, Verdict, settle
from suites.harness.notes import current_notes
from suites.harness.plugin import RUN
from suites.ops import opinfo_source
from suites.ops.exempt import NOT_REFUSED
from suites.ops.opinfo_source import Refusal
from suites.ops.rows import Row, rows_of, stop_unless_supported


def rows_with_refusals(metafunc: pytest.Metafunc) -> Iterator[Row]:
    """One row for each operator that op_db has wrong inputs for; they come in the longer tiers."""
    run = metafunc.config.stash[RUN]
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
                yield replace(row, case_key=key)


def check_refusals(row: Row, seed: int) -> None:
    """Calls an operator with each wrong input.

    Raises:
        Disagreement: an input is accepted, or refused by another type or in other words than op_db has.
    """
    stop_unless_supported(row)
    with warnings.catch_warnings(), row.column.namespace(seed):
        warnings.simplefilter("ignore")
        for refusal in opinfo_source.refusals(row.entry, row.case_key.subject.device):
            if (row.entry, refusal.name) not in NOT_REFUSED:
                check_refusal(refusal)
    current_notes().facts["verdict"] = AGREE


def check_refusal(refusal: Refusal) -> None:
    """Makes one call that must raise.

    Raises:
        Disagreement: it is accepted, or raises another type or other words.
    """
    current_notes().count(None)
    wanted = f"{refusal.name}: wanted {refusal.error.__name__} matching {refusal.message!r}"
    try:
        if refusal.call() is NotImplemented:  # an operator's method refuses so, and Python raises
            return
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is looked at
        if isinstance(error, refusal.error) and re.search(refusal.message, str(error)):
            return
        told = f"{wanted}, found {type(error).__name__}: {error}"
        settle(Verdict(kind=DIFFER, blame="subject", failure="wrong-error", reason=told))
        return
    told = f"{wanted}, but nothing was raised"
    settle(Verdict(kind=DIFFER, blame="subject", failure="missing-error", reason=told))
