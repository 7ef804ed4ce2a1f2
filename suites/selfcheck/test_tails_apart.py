"""Small values and slopes are judged beside large ones; where torch loses them, they are set apart by how far out."""

from dataclasses import replace

import numpy as np
import pytest

from suites.harness import torch_driver
from suites.harness.case import Case
from suites.harness.columns import Column
from suites.harness.subject import Subject
from suites.ops import set_apart
from suites.ops.checking import judged
from suites.ops.faults import Fault, planted
from suites.ops.rows import rows_of
from suites.ops.tails_apart import LOSING_DERIVATIVES

COLUMN = Column(Subject("cpu"), torch_driver)


def _row(op, check, label=None):
    rows = rows_of(COLUMN, "standard", check, (op,))
    return next(row for row in rows if row.apart == label and row.dtype == "float64")


@pytest.mark.parametrize("op", ["exp", "erfc", "nn.functional.silu", "reciprocal"])
@pytest.mark.parametrize("check", ["vjp-edges", "jvp-edges"])
def test_a_slope_that_is_off_where_it_is_small_is_found(op, check):
    bend = "reverse" if check.startswith("vjp") else "forward"

    def off_far_out(_module, change, x):
        return change * (1 + 1e-9 * (abs(x) > 10).to(x.dtype))

    fault = Fault(name="off far out", **{bend: off_far_out})
    row = _row(op, check)
    assert not judged(row, row.samples(0))
    off = replace(row.sides(), subject=row.subject_side(lambda f, m: planted(f, m, fault)))
    assert judged(row, row.samples(0), off)


@pytest.mark.parametrize(
    ("op", "check", "label", "is_elementwise"),
    [
        ("exp", "vjp", None, True),
        ("exp", "double", None, False),
        ("add", "value", None, True),
        ("add", "vjp", None, False),
        ("sigmoid", "value", None, True),
        ("sigmoid", "jvp", None, False),
        ("nn.functional.gelu", "value", None, True),
        ("nn.functional.gelu", "value", "left-tail", True),
        ("nn.functional.gelu", "value", "left-shoulder", False),
        ("nn.functional.gelu", "vjp-edges", None, False),
        ("nn.functional.gelu", "vjp-edges", "left-tail", True),
        ("special.i0e", "vjp-edges", "far-out", True),
        ("sinc", "vjp-edges", "near-zero", False),
    ],
)
def test_each_element_stands_for_itself_where_its_digits_can_be_had(
    op, check, label, is_elementwise
):
    row = _row(op, check, label)
    harness_check = row.checks[0]
    assert row.tolerance(harness_check).elementwise == is_elementwise


@pytest.mark.parametrize(
    ("op", "check", "numbers", "dtype", "label"),
    [
        ("special.ndtr", "value", [-5.7, 3.0], "float64", "left-tail"),
        ("special.ndtr", "value", [-5.5, 3.0], "float64", "left-shoulder"),
        ("special.ndtr", "value", [-1.4, -np.inf], "float64", None),
        ("special.ndtr", "vjp", [-9.0], "float64", None),
        ("nn.functional.gelu", "vjp", [-9.0], "float32", "left-tail"),
        ("nn.functional.gelu", "vjp", [-9.0], "bfloat16", None),
        ("nn.functional.softsign", "vjp-edges", [3e6], "float64", "far-out"),
        ("nn.functional.softsign", "vjp-edges", [3e5], "float64", None),
        ("special.i1e", "jvp-edges", [-3e6], "float64", "far-out"),
        ("sinh", "value-edges", [89.0] * 16, "float32", "half-an-exponential"),
        ("sinh", "value-edges", [89.0] * 15, "float32", None),
        ("sinh", "value-edges", [89.0] * 16, "float64", None),
        ("cosh", "vjp-edges", [-710.2] * 16, "float64", "half-an-exponential"),
        ("cosh", "vjp-edges", [711.0] * 16, "float64", None),
    ],
)
def test_tails_are_set_apart_by_how_far_out_they_are(op, check, numbers, dtype, label):
    case = Case(op=op, args=(np.array(numbers),), differentiable=(0,)).in_dtype(dtype)
    assert set_apart.label_of(op, check, case) == label


def test_what_is_judged_by_its_array_is_an_operator_that_is_checked():
    for op, label in LOSING_DERIVATIVES.items():
        assert _row(op, "vjp-edges", label).tolerance("vjp").elementwise == (label is not None)
