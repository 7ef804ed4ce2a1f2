"""Second derivatives of elementwise operators are set apart where torch is wrong, and not beside it."""

import numpy as np
import pytest

from suites.harness.case import Case
from suites.ops import set_apart

_INF = float("inf")


def _label(op, *args, by, **kwargs):
    given = tuple(np.array(a) if isinstance(a, list) else a for a in args)
    case = Case(op=op, args=given, kwargs=kwargs, differentiable=by)
    return set_apart.label_of(op, "double-edges", case)


@pytest.mark.parametrize(
    ("args", "by", "label"),
    [
        (([2.0], [0.0]), (0, 1), "zero-exponent"),
        (([2.0], [0.0]), (0,), None),
        (([2.0], [0.0]), (1,), None),
        (([0.0], [0.0]), (0,), "zero-exponent"),
        (([0.0], 0.0), (0,), None),
        (([0.0], [2.0]), (0, 1), "zero-base"),
        (([0.0], [2.0]), (0,), None),
        (([0.0], [-1.0]), (0, 1), None),
        ((0.0, [2.0]), (0,), "zero-base"),
    ],
)
def test_powers_are_set_apart_where_a_limit_is_cut_out(args, by, label):
    assert _label("pow", *args, by=by) == label
    count = sum(isinstance(a, list) for a in args)
    turned = tuple(count - 1 - i for i in by)
    assert _label("__rpow__", *args[::-1], by=turned) == label


@pytest.mark.parametrize(
    ("op", "args", "by", "label"),
    [
        ("logaddexp", ([0.0], [710.0]), (0, 1), "far-apart"),
        ("logaddexp", ([0.0], [709.0]), (0, 1), None),
        ("logaddexp", ([0.0], [710.0]), (1,), None),
        ("logaddexp2", ([0.0], [1023.0]), (0, 1), None),
        ("logaddexp2", ([0.0], [-1025.0]), (0, 1), "far-apart"),
        ("digamma", ([_INF],), (0,), "at-infinity"),
        ("digamma", ([-1.0],), (0,), None),
        ("lgamma", ([-1.0],), (0,), "at-poles"),
        ("lgamma", ([0.0, -1.5, -_INF],), (0,), None),
        ("mvlgamma.mvlgamma_p_3", ([-0.5], 2), (0,), "at-poles"),
        ("mvlgamma.mvlgamma_p_3", ([0.0], 3), (0,), None),
        ("sinc", ([0.0],), (0,), "at-zero"),
        ("sinc", ([1e-3],), (0,), "near-zero"),
        ("sinc", ([1e-1],), (0,), None),
        ("special.log_ndtr", ([-30.0],), (0,), "far-left"),
        ("special.log_ndtr", ([-9.0, 60.0],), (0,), None),
        ("polar", ([0.0], [1.0]), (0, 1), "at-zero"),
        ("polar", ([1.0], [0.0]), (0, 1), None),
    ],
)
def test_functions_are_set_apart_where_torch_loses_their_second_derivative(op, args, by, label):
    assert _label(op, *args, by=by) == label


@pytest.mark.parametrize(("by", "label"), [((0, 1), "far-apart"), ((0,), None), ((1,), None)])
def test_a_masked_operand_counts_where_its_gradient_is_asked_for_as_well(by, label):
    mask = np.array([False])
    assert _label("masked.logaddexp", [1.0], [2.0], by=by, input_mask=mask) == label
