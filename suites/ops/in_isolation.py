"""Calls that must be refused and may take the process down instead: each in a process of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from suites.harness import selection
from suites.harness.case_item import Given
from suites.harness.columns import Column
from suites.harness.identity import CaseKey
from suites.harness.isolation import output_alone
from suites.harness.notes import Disagreement
from suites.harness.plugin import RUN
from suites.harness.subject import Subject


@dataclass(frozen=True, slots=True)
class Wrong:
    """A call with arguments that are out of range, and what it must raise; ``device`` is a name in it."""

    op: str
    label: str
    call: str
    errors: tuple[str, ...] = ("RuntimeError", "IndexError", "ValueError")


_PIVOTS = "torch.empty(0, dtype=torch.int32, device=device)"
_NONE = "torch.empty(0, device=device)"
# What indexes memory: positions, offsets, pivots, targets, and statistics of another size.
WRONG: tuple[Wrong, ...] = (
    Wrong(
        "lu_unpack",
        "too-few-pivots",
        f"torch.lu_unpack(torch.ones(3, 5, device=device), {_PIVOTS})",
    ),
    Wrong(
        "_segment_reduce.offsets",
        "offsets-beyond",
        "torch.segment_reduce(torch.ones(2, device=device), 'sum', "
        "offsets=torch.tensor([0, 50000000], device=device), axis=0)",
    ),
    Wrong(
        "native_batch_norm",
        "empty-statistics",
        f"torch.native_batch_norm(torch.ones(2, 3, 4, device=device), None, None, {_NONE}, {_NONE}, True, 0.1, 1e-5)",
    ),
    Wrong(
        "nn.functional.ctc_loss",
        "target-beyond",
        "torch.nn.functional.ctc_loss(torch.zeros(5, 1, 3, device=device)[:4], "
        "torch.tensor([[1, 3]], device=device), torch.tensor([4]), torch.tensor([2]))",
    ),
    Wrong(
        "take_along_dim",
        "index-beyond",
        "torch.take_along_dim(torch.ones(3, device=device), torch.tensor([5], device=device), 0)",
    ),
    Wrong(
        "nn.functional.nll_loss",
        "target-beyond",
        "torch.nn.functional.nll_loss(torch.ones(2, 3, device=device), torch.tensor([1, 900000], device=device))",
    ),
    Wrong(
        "nn.functional.max_unpool1d",
        "index-beyond",
        "torch.nn.functional.max_unpool1d(torch.ones(1, 1, 2, device=device), "
        "torch.tensor([[[0, 900000]]], device=device), 2)",
    ),
    Wrong(
        "linalg.lu_solve",
        "pivot-beyond",
        "torch.linalg.lu_solve(torch.eye(3, device=device), "
        "torch.tensor([1, 2, 900000], dtype=torch.int32, device=device), torch.ones(3, 1, device=device))",
    ),
)


@dataclass(frozen=True, slots=True)
class Isolated:
    """One of them on one column."""

    case_key: CaseKey
    column: Column
    wrong: Wrong

    @property
    def label(self) -> str:
        return f"{self.case_key.subject.label}-{self.wrong.op}-{self.wrong.label}"


def isolated(config: pytest.Config) -> Iterator[Given]:
    """Each call on each column; they come in the tier full, since each starts a process of its own."""
    run = config.stash[RUN]
    if run.options.tier != "full":
        return
    for column in selection.columns_or_exit(run):
        if column.subject.is_reference:
            continue
        subject = Subject(column.subject.device, "float32", column.subject.mode)
        for wrong in WRONG:
            name = f"ops/{wrong.op}[refusals-{wrong.label}]"
            key = CaseKey(name, subject, op=wrong.op, check="refusals")
            case = Isolated(key, column, wrong)
            yield Given(case.label, key, (case,))


def check_isolated(case: Isolated, *, load: tuple[str, ...] = ()) -> None:
    """Makes the call in a process of its own.

    Args:
        case: the call, and where.
        load: modules that register the device, as ``--load`` names them.

    Raises:
        Disagreement: it takes the process down (crash), is accepted, or raises something else.
    """
    wrong, device = case.wrong, case.case_key.subject.device
    called = f"{wrong.call} on {device}"
    printed = output_alone(_CHILD, wrong.call, device, *load, told=called)
    raised = json.loads(printed.splitlines()[-1])
    if raised is None:
        raise Disagreement(
            f"{called} was accepted; wanted {' or '.join(wrong.errors)}", kind="missing-error"
        )
    if raised not in wrong.errors:
        raise Disagreement(
            f"{called} raised {raised}; wanted {' or '.join(wrong.errors)}", kind="wrong-error"
        )


_CHILD = """
import importlib, json, sys
import torch
call, device, *modules = sys.argv[1:]
for module in modules:
    importlib.import_module(module)
try:
    eval(call)
except Exception as error:
    print(json.dumps(type(error).__name__))
else:
    print(json.dumps(None))
"""
