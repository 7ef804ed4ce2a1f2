"""Inputs of an operator on which torch is known to be wrong: cases of their own, so that the others still count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from suites.harness.case import Case


@dataclass(frozen=True, slots=True)
class Apart:
    """Which samples of an operator form a case of their own, ``ops/<op>[<check>-<label>]``, with an expectation."""

    ops: tuple[str, ...]
    checks: tuple[str, ...]
    label: str
    holds: Callable[[Case], bool]


def _is_trigamma(case: Case) -> bool:
    return 1 in case.args[1:]


def _lacks_weight(case: Case) -> bool:
    return case.args[2] is None and case.args[3] is not None


def _masks_whole_rows(case: Case) -> bool:
    mask = case.kwargs.get("mask")
    if mask is None:
        return False
    wide = np.broadcast_to(mask, case.args[0].shape)
    dim = case.kwargs.get("dim", case.args[1] if len(case.args) > 1 else None)
    axes = tuple(dim) if isinstance(dim, Sequence) else dim
    return bool(np.any(~np.any(wide, axis=axes)))


POLYGAMMA = tuple(f"polygamma.polygamma_n_{n}" for n in range(5))

SET_APART: tuple[Apart, ...] = (
    Apart(
        (*POLYGAMMA, "special.polygamma.special_polygamma_n_0"),
        ("value", "inplace"),
        "trigamma",
        _is_trigamma,
    ),
    Apart(("native_layer_norm",), ("double",), "without-weight", _lacks_weight),
    Apart(("masked.logsumexp",), ("jvp",), "masked-rows", _masks_whole_rows),
)


def labels(op: str, check: str) -> list[str]:
    """The labels of what is set apart from an operator's check."""
    return [apart.label for apart in SET_APART if op in apart.ops and check in apart.checks]


def label_of(op: str, check: str, case: Case) -> str | None:
    """The label under which a sample is set apart; None for one that is not."""
    for apart in SET_APART:
        if op in apart.ops and check in apart.checks and apart.holds(case):
            return apart.label
    return None
