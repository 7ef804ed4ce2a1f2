"""Inputs of an operator on which torch is known to be wrong: cases of their own, so that the others still count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suites.harness.case import Case


@dataclass(frozen=True, slots=True)
class Apart:
    """Which inputs of an operator form a case of their own, ``ops/<op>[<check>-<label>]``, with an expectation."""

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
    dim = _option(case, "dim", 1)
    axes = tuple(dim) if isinstance(dim, Sequence) else dim
    return bool(np.any(~np.any(wide, axis=axes)))


def _option(case: Case, name: str, place: int) -> Any:
    """An argument that may be given by name or by place."""
    given = case.args[place] if len(case.args) > place else None
    return case.kwargs.get(name, given)


_FAR = 5.0
_LARGE = 100.0
_TINY = 1e-12


def _rises(case: Case) -> bool:
    """Whether the running maximum begins far below the last one."""
    x, dim = case.args[0], case.args[1]
    if not x.ndim or not x.size:
        return False
    running = np.maximum.accumulate(x, axis=dim)
    return bool(np.max(np.max(x, axis=dim, keepdims=True) - running) > _FAR)


def _is_large(case: Case) -> bool:
    return any(np.max(np.abs(x), initial=0.0) > _LARGE for x in case.inputs())


def _is_far_left(case: Case) -> bool:
    return bool(np.min(case.args[0], initial=0.0) < -_LARGE)


def _has_infinity_norm(case: Case) -> bool:
    return np.inf in case.args or case.kwargs.get("p") == np.inf


def _touches_bounds(case: Case) -> bool:
    return bool(np.any((case.args[0] == 0) | (case.args[0] == 1)))


def _has_zero(case: Case) -> bool:
    return any(bool(np.any(x == 0)) for x in case.inputs())


def _leaves_self_out(case: Case) -> bool:
    return case.kwargs.get("include_self") is False


def _meets_poles(case: Case) -> bool:
    x = case.args[0]
    return bool(np.any((x <= 0) & (x == np.round(x))))


def _is_singular(case: Case) -> bool:
    x = case.args[0]
    return bool(x.size and np.any(np.abs(np.linalg.det(x)) < _TINY))


def _meets_origin(case: Case) -> bool:
    y, x = np.broadcast_arrays(*case.args[:2])
    return bool(np.any((x == 0) & (y == 0)))


def _ties(case: Case) -> bool:
    x, y = np.broadcast_arrays(*case.args[:2])
    return bool(np.any(x == y))


def _meets_equal_bounds(case: Case) -> bool:
    low, high = _option(case, "min", 1), _option(case, "max", 2)
    both = isinstance(low, np.ndarray) and isinstance(high, np.ndarray)
    return both and bool(np.any(np.equal(*np.broadcast_arrays(low, high))))


EVERY_VALUE = ("value", "value-edges", "inplace")
DERIVATIVES = ("vjp", "jvp", "vjp-edges", "jvp-edges")
FORWARD = ("jvp", "jvp-edges")
REVERSE = ("vjp", "vjp-edges")
POLYGAMMA = tuple(f"polygamma.polygamma_n_{n}" for n in range(5))
WITH_AMAX = tuple(
    f"{op}.{how}" for op in ("index_reduce", "scatter_reduce") for how in ("amax", "amin")
)

SET_APART: tuple[Apart, ...] = (
    Apart(
        (*POLYGAMMA, "special.polygamma.special_polygamma_n_0"),
        EVERY_VALUE,
        "trigamma",
        _is_trigamma,
    ),
    Apart(("native_layer_norm",), ("double",), "without-weight", _lacks_weight),
    Apart(("masked.logsumexp",), FORWARD, "masked-rows", _masks_whole_rows),
    Apart(("logcumsumexp",), FORWARD, "rising", _rises),
    Apart(("logcumsumexp",), REVERSE, "large", _is_large),
    Apart(("nn.functional.soft_margin_loss",), ("value-edges", *DERIVATIVES), "large", _is_large),
    Apart(("cdist", "nn.functional.pdist"), ("vjp-edges",), "infinity-norm", _has_infinity_norm),
    Apart(("nn.functional.binary_cross_entropy",), DERIVATIVES, "at-bounds", _touches_bounds),
    Apart(("polar",), REVERSE, "at-zero", _has_zero),
    Apart(WITH_AMAX, ("vjp-edges",), "without-self", _leaves_self_out),
    Apart(("digamma",), DERIVATIVES, "at-poles", _meets_poles),
    Apart(("linalg.det",), ("vjp-edges", "jvp-edges"), "singular", _is_singular),
    Apart(("special.log_ndtr",), DERIVATIVES, "far-left", _is_far_left),
    Apart(("atan2",), FORWARD, "origin", _meets_origin),
    Apart(("fmax",), FORWARD, "ties", _ties),
    Apart(("nn.functional.prelu",), FORWARD, "at-zero", _has_zero),
    Apart(("clamp",), FORWARD, "equal-bounds", _meets_equal_bounds),
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
